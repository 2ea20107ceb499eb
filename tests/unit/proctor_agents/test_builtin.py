"""The builtin agent at work in a folder."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from proctor import Activity, Agent, AgentResult, Component, Finding, Task
from proctor_agents.builtin import BuiltinAgent, BuiltinOptions

TARGET = "tests/new/test_shop.py"
GOOD = '''\
def double(x):
    """Double it.

    >>> double(2)
    4
    """
    return 2 * x
'''
WRONG = '''

def half(x):
    """Halve it.

    >>> half(9)
    4
    """
    return x / 2
'''
Do = Callable[..., AgentResult]


@pytest.fixture
def agent() -> Agent:
    return BuiltinAgent(BuiltinOptions(recorded=False))


def task(workspace: Path, source: str = GOOD, findings: Iterable[Finding] = ()) -> Task:
    (workspace / "shop.py").write_text(source, encoding="utf-8")
    return Task("write tests", workspace, Component("shop", "shop.py"), TARGET, (TARGET,), tuple(findings))


def failed(test: str, message: str = "assert 4.5 == 4", check: str = "run_tests") -> Finding:
    return Finding(f"{TARGET}::{test}", check, message)


def ignore(_activity: Activity) -> None:
    pass


def files(workspace: Path) -> list[str]:
    return sorted(path.relative_to(workspace).as_posix() for path in workspace.rglob("*") if path.is_file())


def test_it_records_unless_it_is_told_not_to() -> None:
    assert BuiltinOptions().recorded


def test_it_says_that_asking_twice_is_pointless() -> None:
    assert BuiltinAgent.deterministic


async def test_the_examples_become_a_test_file_and_nothing_else_changes(agent: Agent, tmp_path: Path) -> None:
    told: list[Activity] = []
    result = await agent.run(task(tmp_path), told.append)
    assert (result.status, result.message) == ("ok", "1 test written")
    assert files(tmp_path) == ["shop.py", TARGET]
    assert "assert double(2) == 4" in (tmp_path / TARGET).read_text()
    assert [each.text for each in told] == ["1 test from the examples in shop.py"]


async def test_the_same_source_gives_the_same_file(agent: Agent, tmp_path: Path) -> None:
    await agent.run(task(tmp_path), ignore)
    first = (tmp_path / TARGET).read_bytes()
    await agent.run(task(tmp_path), ignore)
    assert (tmp_path / TARGET).read_bytes() == first


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("def double(x):\n    return 2 * x\n", "no docstring of it has an example"),
        (
            '"""\n>>> 1 + 1  # doctest: +SKIP\n2\n"""\n',
            "no example of it can become a test (line 2: its author skips it)",
        ),
        ("def double(:\n", "the module cannot be read"),
    ],
)
async def test_where_there_is_nothing_to_write_it_says_why(agent: Agent, tmp_path: Path, source: str, why: str) -> None:
    result = await agent.run(task(tmp_path, source), ignore)
    assert result.status == "warning"
    assert why in result.message
    assert files(tmp_path) == ["shop.py"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("async def f(x):\n    return x\n", "and all it offers are coroutines, which are never tried out"),
        ("class A:\n    def __init__(self): ...\n    async def f(self, x): ...\n", "all it offers are coroutines"),
        ("async def f(x): ...\n\n\ndef send(x): ...\n", "and nothing it does could be recorded"),
        ("", "and nothing it does could be recorded"),
    ],
)
async def test_of_a_module_with_coroutines_alone_it_says_so(tmp_path: Path, source: str, why: str) -> None:
    result = await BuiltinAgent(BuiltinOptions()).run(task(tmp_path, source), ignore)
    assert result.status == "warning"
    assert why in result.message


async def test_without_recording_it_never_runs_the_source(agent: Agent, tmp_path: Path) -> None:
    source = f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n{GOOD}"
    assert (await agent.run(task(tmp_path, source), ignore)).status == "ok"
    assert not (tmp_path / "ran").exists()


async def test_an_example_that_fails_twice_is_taken_out_and_reported(agent: Agent, tmp_path: Path) -> None:
    await agent.run(task(tmp_path, GOOD + WRONG), ignore)
    first = await agent.run(task(tmp_path, GOOD + WRONG, [failed("test_half")]), ignore)
    assert (first.status, first.suspected_bugs) == ("ok", ())
    assert "def test_half" in (tmp_path / TARGET).read_text()
    second = await agent.run(task(tmp_path, GOOD + WRONG, [failed("test_half", "assert '4.5' == '4'")]), ignore)
    assert second.status == "ok"
    assert second.message.startswith("1 suspected bug, 1 removed")
    [bug] = second.suspected_bugs
    assert (bug["test"], bug["example"], bug["expected"]) == ("test_half", "half(9)", "4\n")
    assert bug["message"] == "assert '4.5' == '4'"
    text = (tmp_path / TARGET).read_text()
    assert "test_half" not in text
    assert "def test_double" in text


async def test_a_file_without_a_test_left_is_deleted(agent: Agent, tmp_path: Path) -> None:
    await agent.run(task(tmp_path, WRONG), ignore)
    await agent.run(task(tmp_path, WRONG, [failed("test_half")]), ignore)
    result = await agent.run(task(tmp_path, WRONG, [failed("test_half")]), ignore)
    assert (result.status, len(result.suspected_bugs)) == ("ok", 1)
    assert files(tmp_path) == ["shop.py"]


@pytest.mark.parametrize(
    "finding",
    [failed("test_double", check="check_stability"), failed("", check="check_coverage"), failed("test_of_somebody")],
    ids=lambda finding: finding.check,
)
async def test_what_it_cannot_repair_stays_as_it_is(agent: Agent, tmp_path: Path, finding: Finding) -> None:
    await agent.run(task(tmp_path), ignore)
    before = (tmp_path / TARGET).read_bytes()
    result = await agent.run(task(tmp_path, findings=[finding]), ignore)
    assert (result.status, result.suspected_bugs) == ("warning", ())
    assert (tmp_path / TARGET).read_bytes() == before


@pytest.mark.parametrize("text", [None, b"def broken(:\n", b"\xff\xfe"])
async def test_a_file_that_it_cannot_read_is_not_touched(agent: Agent, tmp_path: Path, text: bytes | None) -> None:
    target = tmp_path / TARGET
    if text is not None:
        target.parent.mkdir(parents=True)
        target.write_bytes(text)
    result = await agent.run(task(tmp_path, findings=[failed("test_double")]), ignore)
    assert result.status == "warning"
    assert "cannot be repaired" in result.message
    assert (target.read_bytes() if target.exists() else None) == text


async def test_what_an_earlier_run_has_brought_is_not_written_again(agent: Agent, tmp_path: Path) -> None:
    await agent.run(task(tmp_path), ignore)
    (tmp_path / TARGET).rename(tmp_path / "tests/new/test_shop_before.py")
    result = await agent.run(task(tmp_path), ignore)
    assert (result.status, result.message) == ("warning", "all of its examples are tests already")
    assert not (tmp_path / TARGET).exists()
    grown = GOOD.replace("def double", "def triple").replace("double(2)", "triple(2)").replace("    4", "    6")
    result = await agent.run(task(tmp_path, GOOD + "\n\n" + grown), ignore)
    assert result.message == "1 test written"
    assert "double" not in (tmp_path / TARGET).read_text()
