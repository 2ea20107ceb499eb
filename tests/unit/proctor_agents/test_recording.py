"""What the builtin agent records, from real runs of a module in processes of their own."""

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from proctor import AgentResult, Component, Finding, Task
from proctor_agents.builtin import BuiltinAgent, BuiltinOptions

TARGET = "tests/test_till.py"
AGENT = BuiltinAgent(BuiltinOptions())


async def ask(
    folder: Path, source: str, findings: tuple[Finding, ...] = (), environment: Mapping[str, str] | None = None
) -> AgentResult:
    (folder / "till.py").write_text(textwrap.dedent(source), encoding="utf-8")
    component = Component("till", "till.py")
    environment = {"PATH": "/usr/bin:/bin", **(environment or {})}
    task = Task("write tests", folder, component, TARGET, (TARGET,), findings, environment=environment)
    return await AGENT.run(task, lambda _: None)


async def written(folder: Path, source: str) -> str:
    await ask(folder, source)
    path = folder / TARGET
    return path.read_text(encoding="utf-8") if path.exists() else ""


async def test_the_file_says_which_tests_nobody_wrote_down(tmp_path: Path) -> None:
    source = '''\
        def double(x):
            """Double it.

            >>> double(2)
            4
            """
            return 2 * x


        def words(text: str):
            return text.split()


        def half(x: int):
            if x % 2:
                raise ValueError(x)
            return x / 4
        '''
    result = await ask(tmp_path, source)
    assert result.message == "4 tests written, 3 of them recorded from what the code does today"
    head, _, tests = (tmp_path / TARGET).read_text().partition("\n\n")
    assert head.endswith('they expect what its documentation shows and, where marked, what it does today."""')
    assert tests == textwrap.dedent("""\
        import pytest

        from till import double, half, words


        def test_double():
            assert double(2) == 4


        # The tests below record what the code does today. Nobody wrote these expectations down:
        # where one fails after a change, it may be the change that is right.


        def test_words():  # recorded
            assert words('abc') == ['abc']


        def test_half_3_raises_value_error():  # recorded
            with pytest.raises(ValueError):
                half(3)


        def test_half_0():  # recorded
            assert half(0) == pytest.approx(0.0)
        """)


async def test_the_same_source_gives_the_same_file(tmp_path: Path) -> None:
    source = "def words(text):\n    return set(text.split())\n\n\ndef at(d, key):\n    return d.get(key, [])\n"
    first = await written(tmp_path, source)
    (tmp_path / TARGET).unlink()
    assert first.count("# recorded") >= 2
    assert await written(tmp_path, source) == first


@pytest.mark.parametrize(
    "body",
    [
        "import time\ndef f(x: int):\n    return int(time.time() // 1000)",
        "from datetime import date\ndef f(x: int):\n    return date.today().year",
        "from random import random as chance\ndef f(x: int):\n    return chance() < 2",
        "import os\ndef f(x: int):\n    return os.getcwd()",
        "def f(x: int):\n    return list({'a', 'b', 'c', 'd'})",
        "def f(x: int):\n    return id(x)",
        "def f(x: int):\n    return repr(object())",
        "COUNT = []\ndef f(x: int):\n    COUNT.append(1)\n    return len(COUNT)",
        "def f(x: int):\n    return __file__",
        "import sys\ndef f(x: int):\n    return sys.prefix",
        "def f(x: int):\n    return undefined",
        "def f(x: int):\n    raise NotImplementedError",
        "def f(x: int):\n    while True: pass",
        "import queue\ndef f(x: int):\n    return queue.Queue().get()",
        "def f(x: int):\n    raise SystemExit",
        "import warnings\ndef f(x: int):\n    warnings.warn('old')\n    return 1",
        "import time\ndef f(x: int):\n    return time.localtime().tm_gmtoff",
    ],
    ids=lambda body: body.rpartition("    ")[2],
)
async def test_what_hangs_on_anything_but_its_arguments_is_not_recorded(tmp_path: Path, body: str) -> None:
    assert await written(tmp_path, body + "\n") == ""


@pytest.mark.parametrize(
    "body",
    [
        "def f(x: int):\n    open({0!r}, 'w')\n    return 1",
        "import pathlib\nwrite = pathlib.Path({0!r}).touch\ndef f(x: int):\n    write()\n    return 1",
        "import os\nact = os.mkdir\ndef f(x: int):\n    act({0!r})\n    return 1",
        "import os\nact = os.system\ndef f(x: int):\n    act('touch ' + {0!r})\n    return 1",
        "import io\nact = io.FileIO\ndef f(x: int):\n    try: act({0!r}, 'w')\n    except: pass\n    return 1",
        "def remove_all(x: int):\n    import pathlib; pathlib.Path({0!r}).touch()\n    return 1",
    ],
)
async def test_nothing_is_touched(tmp_path: Path, body: str) -> None:
    assert await written(tmp_path, body.format(str(tmp_path / "canary")) + "\n") == ""
    assert not (tmp_path / "canary").exists()


async def test_nothing_of_the_code_runs_in_this_process(tmp_path: Path) -> None:
    text = await written(tmp_path, "import sys\nsys.canary = 1\n\n\ndef ready(x: int):\n    return True\n")
    assert "assert ready(3) is True" in text
    assert not hasattr(sys, "canary")


async def test_methods_are_called_on_fresh_instances_and_changes_are_looked_at(tmp_path: Path) -> None:
    source = """\
        class Till:
            def __init__(self, total: int = 0):
                self.total = total

            def __len__(self):
                return self.total

            def add(self, amount: int):
                self.total += amount

            @property
            def doubled(self):
                return 2 * self.total
        """
    text = await written(tmp_path, source)
    assert "assert Till(3).total == 3" in text
    assert "assert len(Till(3)) == 3" in text
    assert "assert Till(3).doubled == 6" in text
    assert "    till = Till(3)\n    till.add(3)\n    assert till.total == 6" in text


async def test_arguments_are_taken_from_the_projects_own_tests(tmp_path: Path) -> None:
    (tmp_path / "test_old.py").write_text(
        "import pytest\nimport till\n\n@pytest.mark.parametrize('code, value', [('EUR', 1), ('GBP', 2)])\n"
        "def test_rate(code, value):\n    assert till.rate(code) == value\n"
    )
    text = await written(tmp_path, "def rate(code):\n    return {'EUR': 1, 'GBP': 2}[code]\n")
    assert "assert rate('EUR') == 1" in text


async def test_what_an_example_shows_is_left_to_the_example(tmp_path: Path) -> None:
    source = '''\
        class Till:
            """A till.

            >>> till = Till(3)
            >>> till.count()
            4
            """

            def __init__(self, total):
                self.total = total

            def count(self):
                return self.total
        '''
    text = await written(tmp_path, source)
    assert "assert till.count() == 4" in text
    assert "Till(3).count() == 3" not in text


async def test_what_a_constructor_was_given_at_a_guess_is_not_recorded(tmp_path: Path) -> None:
    text = await written(
        tmp_path,
        """\
        class Box:
            def __init__(self, thing):
                self.thing = thing

            def is_open(self):
                return True
        """,
    )
    assert ".is_open() is True" in text
    assert ".thing ==" not in text


async def test_a_constructor_of_another_module_says_what_it_takes(tmp_path: Path) -> None:
    (tmp_path / "box.py").write_text("class Box:\n    def __init__(self, name: str):\n        self.name = name\n")
    text = await written(tmp_path, "from box import Box\n\n\nclass Till(Box):\n    pass\n")
    assert "assert Till('abc').name == 'abc'" in text


async def test_a_module_that_cannot_be_imported_has_nothing_to_record(tmp_path: Path) -> None:
    result = await ask(tmp_path, "import no_such_module\n\n\ndef f(x: int):\n    return x\n")
    assert result.status == "warning"
    assert result.message == "no docstring of it has an example, and nothing it does could be recorded"


@pytest.mark.parametrize(("guard", "runs"), [("", True), ('if __name__ == "__main__":\n    ', False)])
async def test_a_program_is_imported_only_if_that_does_not_run_it(tmp_path: Path, guard: str, runs: bool) -> None:
    package, target = tmp_path / "shop", "tests/test_shop___main__.py"
    package.mkdir()
    (package / "__init__.py").touch()
    leaves = f"{guard}pathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    source = f"import pathlib\n\n\ndef f(x: int):\n    return x\n\n\n{leaves}"
    (package / "__main__.py").write_text(source, encoding="utf-8")
    component = Component("shop.__main__", "shop/__main__.py")
    environment = {"PATH": "/usr/bin:/bin", "PROCTOR_PYTHON": sys.executable}
    task = Task("write tests", tmp_path, component, target, (target,), environment=environment)
    result = await AGENT.run(task, lambda _: None)
    assert not (tmp_path / "ran").exists()
    if runs:
        assert result.message == 'importing it runs the program: it acts outside of `if __name__ == "__main__":`'
    else:
        assert "from shop.__main__ import f" in (tmp_path / target).read_text()


async def test_it_runs_in_the_interpreter_that_the_tests_run_in(tmp_path: Path) -> None:
    result = await ask(tmp_path, "def f(x: int):\n    return x\n", environment={"PROCTOR_PYTHON": "/no/such/python"})
    assert result.status == "warning"


async def test_what_kills_its_process_costs_only_itself(tmp_path: Path) -> None:
    source = "import os\nact = os._exit\n\n\ndef a(x: int):\n    import faulthandler; faulthandler._sigsegv()\n\n\n"
    text = await written(tmp_path, source + "def b(x: int):\n    return x + 1\n")
    assert "assert b(3) == 4" in text


@pytest.mark.parametrize("check", ["run_tests", "check_stability", "check_coverage"])
async def test_a_recorded_test_that_a_check_finds_bad_goes(tmp_path: Path, check: str) -> None:
    source = "def a(x: int):\n    return x + 1\n\n\ndef b(x: int):\n    return x + 2\n"
    await ask(tmp_path, source)
    result = await ask(tmp_path, source, (Finding(f"{TARGET}::test_a", check, "it is not green"),))
    text = (tmp_path / TARGET).read_text()
    assert (result.status, result.suspected_bugs) == ("ok", ())
    assert "def test_a(" not in text
    assert "# The tests below record" in text
    assert "def test_b(" in text


async def test_it_is_not_written_again_when_it_is_there(tmp_path: Path) -> None:
    await ask(tmp_path, "def a(x: int):\n    return x + 1\n")
    (tmp_path / TARGET).rename(tmp_path / "tests/test_till_before.py")
    result = await ask(tmp_path, "def a(x: int):\n    return x + 1\n")
    assert (result.status, result.message) == ("warning", "all of its tests are there already")
