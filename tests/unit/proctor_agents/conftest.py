"""Run a draft's tests in this process, against a module that exists only here."""

import sys
import types
from collections.abc import Callable

import pytest

Outcomes = dict[str, BaseException | None]
Run = Callable[[str, str], Outcomes]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(source: str, text: str) -> Outcomes:
        module = types.ModuleType("shop")
        monkeypatch.setitem(sys.modules, "shop", module)
        exec(source, module.__dict__)  # noqa: S102 - the source is a test's own
        namespace: dict[str, object] = {"__name__": "test_shop"}
        exec(compile(text, "test_shop.py", "exec"), namespace)  # noqa: S102 - what is under test
        return {name: _outcome(test, capsys) for name, test in namespace.items() if name.startswith("test_")}

    return run


def _outcome(test: object, capsys: pytest.CaptureFixture[str]) -> BaseException | None:
    assert isinstance(test, types.FunctionType)
    capsys.readouterr()
    arguments = {"capsys": capsys} if "capsys" in test.__code__.co_varnames else {}
    try:
        test(**arguments)
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - any failure is an outcome
        return error
    return None
