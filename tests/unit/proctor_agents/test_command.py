"""The command agent with real little programs."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import ValidationError

from proctor import Activity, AgentResult, Component, Finding, ProcessLimits, Task, Usage
from proctor_agents.command import CommandAgent, CommandOptions

TARGET = "tests/test_shop.py"
FINDING = Finding(f"{TARGET}::test_a", "run_tests", "it is wrong", "in detail")
BUG = {"test": "test_a", "message": "gross(1) is 2"}


@dataclass
class Ran:
    """What a run of the agent gave."""

    result: AgentResult
    told: list[Activity] = field(default_factory=list)

    @property
    def output(self) -> str:
        return "".join(each.text for each in self.told)


Run = Callable[..., Awaitable[Ran]]


def task(workspace: Path, environment: Mapping[str, str], seconds: float = 20) -> Task:
    return Task(
        "Write täsks.\n", workspace, Component("shop", "shop.py"), TARGET, (TARGET,), (FINDING,), "it crashed",
        limits=ProcessLimits(seconds), environment={"PATH": os.environ["PATH"], **environment},
    )  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a shell script (or an argv) as the agent."""

    async def run(script: str | list[str], seconds: float = 20, seen: Mapping[str, str] = {}, **more: object) -> Ran:
        argv = ["sh", "-c", script] if isinstance(script, str) else script
        agent, told = CommandAgent(CommandOptions(argv=argv, **more)), []
        return Ran(await agent.run(task(tmp_path, seen, seconds), told.append), told)

    return run


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-c", f"import json, os, sys\n{code}"]


class TestTask:
    async def test_it_is_on_standard_input_and_in_a_file(self, run: Run) -> None:
        ran = await run('cat; cat "$PROCTOR_TASK"; cat "$1"'.replace("$1", "{task}"))
        assert ran.result == AgentResult("ok", "Write täsks.\n" * 2 + "Write täsks.")

    async def test_it_is_there_as_values(self, run: Run) -> None:
        ran = await run('cat "$PROCTOR_TASK_JSON"')
        assert json.loads(ran.result.message) == {
            "text": "Write täsks.\n",
            "component": {"name": "shop", "path": "shop.py"},
            "target": TARGET,
            "may_write": [TARGET],
            "findings": [FINDING.to_json()],
            "previous": "it crashed",
        }

    async def test_placeholders_are_filled_and_never_split(self, run: Run) -> None:
        ran = await run([*python("print(sys.argv[1:])"), "--write", "{target}", "a b; $(c)"])
        assert ran.result.message == str(["--write", TARGET, "a b; $(c)"])

    async def test_it_works_in_the_workspace_and_knows_its_places(self, run: Run, tmp_path: Path) -> None:
        ran = await run('mkdir tests; echo "# $PROCTOR_COMPONENT" > "$PROCTOR_TARGET"')
        assert ran.result.status == "ok"
        assert (tmp_path / TARGET).read_text() == "# shop.py\n"

    async def test_the_task_lies_outside_the_workspace_and_is_gone_afterwards(self, run: Run, tmp_path: Path) -> None:
        place = Path((await run('printf %s "$PROCTOR_TASK"')).result.message)
        assert not place.is_relative_to(tmp_path)
        assert not place.parent.exists()


class TestEnvironment:
    async def test_our_own_secrets_are_not_seen(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OUR_SECRET", "hush")
        assert "hush" not in (await run("env")).output

    async def test_what_the_user_allows_or_sets_is_seen_and_the_setting_wins(self, run: Run) -> None:
        ran = await run('echo "$A $B"', seen={"A": "allowed", "B": "allowed"}, environment={"B": "set"})
        assert ran.result.message == "allowed set"

    async def test_the_places_of_the_task_cannot_be_turned_elsewhere(self, run: Run) -> None:
        ran = await run('echo "$PROCTOR_TARGET"', environment={"PROCTOR_TARGET": "/etc/passwd"})
        assert ran.result.message == TARGET


class TestEnd:
    async def test_another_exit_code_is_an_error_with_what_was_said_last(self, run: Run) -> None:
        ran = await run("echo thinking; echo 'no credit left' >&2; exit 3")
        assert (ran.result.status, ran.result.message) == ("error", "sh ended with exit code 3: no credit left")

    async def test_a_program_that_is_not_there_is_a_fault_that_names_it(self, run: Run) -> None:
        ran = await run(["no-such-agent"])
        assert ran.result.status == "fault"
        assert "no-such-agent" in ran.result.message

    @pytest.mark.parametrize("whose", [{"seconds": 0.2}, {"limit": 0.2}])
    async def test_the_shorter_time_limit_ends_it(self, tmp_path: Path, whose: Mapping[str, float]) -> None:
        options = CommandOptions(argv=["sh", "-c", "echo begun; sleep 60"], seconds=whose.get("seconds", 40))
        given = task(tmp_path, {}, whose.get("limit", 40))
        async with asyncio.timeout(20):
            result = await CommandAgent(options).run(given, lambda _: None)
        assert result.status == "error"
        assert "sh was stopped after" in result.message

    async def test_it_need_not_read_its_task(self, run: Run) -> None:
        assert (await run("exec <&-; echo done")).result == AgentResult("ok", "done")

    async def test_cancelling_ends_it_and_leaves_nothing(self, tmp_path: Path) -> None:
        begun, told = asyncio.Event(), []

        def hear(activity: Activity) -> None:
            told.append(activity.text)
            begun.set()

        options = CommandOptions(argv=["sh", "-c", 'echo "$$ $PROCTOR_TASK"; exec sleep 60'])
        running = asyncio.create_task(CommandAgent(options).run(task(tmp_path, {}), hear))
        await asyncio.wait_for(begun.wait(), 20)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        pid, place = "".join(told).split()
        assert not Path(place).parent.exists()
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


async def test_output_is_told_while_it_runs_with_its_stream(run: Run) -> None:
    ran = await run("echo out; echo err >&2")
    assert {(each.kind, each.text, each.data["stream"]) for each in ran.told} == {
        ("output", "out\n", "stdout"),
        ("output", "err\n", "stderr"),
    }


class TestSuspectedBugs:
    async def test_each_line_is_one(self, run: Run) -> None:
        line = json.dumps(BUG)
        ran = await run(f"""printf '%s\\n' '{line}' '{line}' >> "$PROCTOR_SUSPECTED_BUGS" """)
        assert ran.result == AgentResult("ok", "", suspected_bugs=(BUG, BUG))

    async def test_the_example_stays_with_it(self, run: Run) -> None:
        bug = {**BUG, "example": "gross(1, -1)", "expected": "0", "line": 7}
        ran = await run(f"""echo '{json.dumps({**bug, "other": 1})}' >> "$PROCTOR_SUSPECTED_BUGS" """)
        assert ran.result.suspected_bugs == (bug,)

    async def test_they_count_also_when_the_program_fails(self, run: Run) -> None:
        ran = await run(f"""echo '{json.dumps(BUG)}' >> "$PROCTOR_SUSPECTED_BUGS"; exit 1""")
        assert (ran.result.status, ran.result.suspected_bugs) == ("error", (BUG,))

    @pytest.mark.parametrize(
        "line",
        [b"{", b"[1]", b"12", b'"text"', b"null", b'{"test": "a"}', b"", b"\xff\xfe", b"[" * 200_000],
        ids=["cut", "list", "number", "text", "null", "half", "empty", "bytes", "deep"],
    )
    async def test_a_broken_line_costs_only_itself(self, run: Run, tmp_path: Path, line: bytes) -> None:
        bug = json.dumps({**BUG, "message": "a\u2028b"}, ensure_ascii=False).encode()
        (tmp_path / "said").write_bytes(b"\n".join([line, bug]))
        ran = await run('cat said > "$PROCTOR_SUSPECTED_BUGS"')
        assert ran.result == AgentResult("ok", "", suspected_bugs=({**BUG, "message": "a\u2028b"},))

    async def test_a_file_that_was_removed_tells_of_none(self, run: Run) -> None:
        assert (await run('rm "$PROCTOR_SUSPECTED_BUGS"')).result == AgentResult("ok", "")

    async def test_no_more_is_read_than_anybody_wants_to_know(self, run: Run) -> None:
        code = f"open(os.environ['PROCTOR_SUSPECTED_BUGS'], 'w').write((json.dumps({BUG!r}) + '\\n') * 5000)"
        assert len((await run(python(code))).result.suspected_bugs) == 100

    async def test_a_long_story_is_cut(self, run: Run) -> None:
        code = "open(os.environ['PROCTOR_SUSPECTED_BUGS'], 'w').write(json.dumps({'test': 't', 'message': 'm' * 9000}))"
        [bug] = (await run(python(code))).result.suspected_bugs
        assert len(bug["message"]) == 4000


def notices(ran: Ran) -> list[str]:
    return [each.text for each in ran.told if each.kind == "activity"]


class TestUsage:
    @pytest.mark.parametrize(
        ("said", "usage"),
        [
            ('{"input_tokens": 1200, "output_tokens": 34, "cost_usd": 0.056}', Usage(1200, 34, 0.056)),
            ('{\n  "output_tokens": 34\n}\n', Usage(0, 34, 0.0)),
            ('{"cost_usd": 1}', Usage(0, 0, 1.0)),
            ("", None),
            (" \n", None),
        ],
    )
    async def test_what_it_writes_is_counted(self, run: Run, tmp_path: Path, said: str, usage: Usage | None) -> None:
        (tmp_path / "said").write_text(said)
        ran = await run('cat said > "$PROCTOR_USAGE"')
        assert (ran.result, notices(ran)) == (AgentResult("ok", "", usage=usage), [])

    @pytest.mark.parametrize("script", ["exit 3", "kill -9 $$"])
    async def test_it_counts_also_when_the_program_fails(self, run: Run, script: str) -> None:
        ran = await run(f"""echo '{{"input_tokens": 7}}' > "$PROCTOR_USAGE"; {script}""")
        assert (ran.result.status, ran.result.usage) == ("error", Usage(7))

    async def test_it_counts_also_when_the_time_is_over(self, run: Run) -> None:
        ran = await run("""echo '{"input_tokens": 7}' > "$PROCTOR_USAGE"; exec sleep 60""", seconds=3)
        assert (ran.result.status, ran.result.usage) == ("error", Usage(7))

    @pytest.mark.parametrize(
        "said",
        [
            b"{", b"12", b"null", b"[]", b"\xff", b"[" * 200_000, b'{"tokens": 1}', b'{"input_tokens": -1}',
            b'{"input_tokens": 1.5}', b'{"input_tokens": "many"}', b'{"output_tokens": 1e30}', b'{"cost_usd": NaN}',
            b'{"cost_usd": 1e300}', b'{"cost_usd": null}',
            b'{"input_tokens": 1}\n{"input_tokens": 2}', b'{"cost_usd": 1' + b" " * 2**20 + b"}",
        ],
        ids=lambda said: said[:24].decode(errors="replace"),
    )  # fmt: skip
    async def test_what_is_no_usage_is_told_and_costs_nothing_else(self, run: Run, tmp_path: Path, said: bytes) -> None:
        (tmp_path / "said").write_bytes(said)
        ran = await run('cat said > "$PROCTOR_USAGE"; echo done')
        assert ran.result == AgentResult("ok", "done")
        [notice] = notices(ran)
        assert notice.startswith("What sh wrote to $PROCTOR_USAGE is not counted: ")
        assert len(notice) < 400

    @pytest.mark.parametrize("script", ['rm "$PROCTOR_USAGE"', 'rm "$PROCTOR_USAGE"; mkfifo "$PROCTOR_USAGE"'])
    async def test_a_file_that_is_none_any_more_tells_nothing(self, run: Run, script: str) -> None:
        ran = await run(script)
        assert (ran.result, notices(ran)) == (AgentResult("ok", ""), [])


CLAUDE = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "result": "Written.",
    "total_cost_usd": 0.25,
    "usage": {"input_tokens": 4, "cache_read_input_tokens": 50, "output_tokens": 3},
    "modelUsage": {
        "large": {"inputTokens": 10, "outputTokens": 3, "cacheReadInputTokens": 100, "cacheCreationInputTokens": 20},
        "small": {"inputTokens": 5, "outputTokens": 2, "costUSD": 0.01},
    },
}
TURN = {"type": "turn.completed", "usage": {"input_tokens": 90, "cached_input_tokens": 60, "output_tokens": 8}}


class TestUsageInOutput:
    """Programs print it in their own way, which a setting names."""

    @pytest.mark.parametrize(
        ("form", "lines", "usage"),
        [
            ("claude-code", [CLAUDE], Usage(135, 5, 0.25)),
            ("claude-code", [{"type": "system"}, {**CLAUDE, "total_cost_usd": 0.1}, CLAUDE], Usage(135, 5, 0.25)),
            ("claude-code", [{**CLAUDE, "total_cost_usd": 0, "modelUsage": {}}], Usage()),
            ("codex", [{"type": "thread.started"}, TURN, {"type": "item.completed"}], Usage(90, 8)),
            ("codex", [{**TURN, "usage": {"input_tokens": 40, "output_tokens": 2}}, TURN], Usage(90, 8)),
        ],
    )
    async def test_the_last_it_tells_is_counted(
        self, run: Run, tmp_path: Path, form: str, lines: list[object], usage: Usage
    ) -> None:
        (tmp_path / "said").write_text("".join(f"{json.dumps(line)}\n" for line in lines) + "Bye.\n")
        ran = await run("cat said", usage=form)
        assert (ran.result.usage, notices(ran)) == (usage, [])

    @pytest.mark.parametrize("form", ["claude-code", "codex"])
    @pytest.mark.parametrize("said", ["", "done", "{}", json.dumps({**CLAUDE, **TURN, "usage": {"input_tokens": -1}})])
    async def test_output_that_tells_nothing_is_told(self, run: Run, tmp_path: Path, form: str, said: str) -> None:
        (tmp_path / "said").write_text(said)
        ran = await run("cat said", usage=form)
        assert (ran.result.status, ran.result.usage) == ("ok", None)
        assert notices(ran) == [f"What sh consumed is not counted: it did not tell as {form} does"]

    async def test_what_it_writes_counts_more(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "said").write_text(json.dumps(TURN))
        ran = await run("""cat said; echo '{"cost_usd": 2}' > "$PROCTOR_USAGE" """, usage="codex")
        assert ran.result.usage == Usage(0, 0, 2.0)

    async def test_a_long_story_before_it_does_no_harm(self, run: Run) -> None:
        ran = await run(python(f"print('x' * 3_000_000)\nprint(json.dumps({TURN!r}))"), usage="codex")
        assert ran.result.usage == Usage(90, 8)

    async def test_what_was_not_started_consumed_nothing(self, run: Run) -> None:
        ran = await run(["no-such-agent"], usage="codex")
        assert (ran.result.usage, notices(ran)) == (None, [])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"argv": ["a"], "usage": "guess"},
        {"argv": []},
        {"argv": ["a"], "seconds": 0},
        {"argv": ["a"], "shell": True},
    ],
)
def test_settings_that_make_no_sense_are_refused(options: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        CommandOptions.model_validate(options)
