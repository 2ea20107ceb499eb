import subprocess
import sys
from importlib.metadata import version

import click
import pytest
from click.testing import CliRunner

from proctor.cli.group import SUMMARIES
from proctor.cli.group import proctor as group
from proctor.cli.lazy import LazyGroup
from proctor.errors import NoCommit, TreeOwned

HEAVY = {"pydantic", "rich", "sqlite3", "stevedore", "asyncio", "orjson", "sqlalchemy", "proctor.app"}


def proctor(*arguments, **more):
    return CliRunner().invoke(group, arguments, **more)


def imported(*arguments):
    """Run the command line in a process of its own, and give what it printed and the modules that it imported."""
    program = (
        f"import sys\nsys.argv = {['proctor', *arguments]!r}\nfrom proctor.cli import main\n"
        "try: main()\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout, set(done.stderr.split())


def test_the_version_is_told_without_importing_anything_heavy_not_even_click():
    out, modules = imported("--version")
    assert out == f"proctor {version('proctor')}\n"
    assert not modules & {*HEAVY, "click"}


@pytest.mark.parametrize("arguments", [(), *((command,) for command in SUMMARIES)])
def test_help_imports_nothing_heavy(arguments):
    out, modules = imported(*arguments, "--help")
    assert " ".join(["Usage: proctor", *arguments]) in out
    assert not modules & HEAVY


def test_help_lists_the_commands_with_their_summaries():
    done = proctor("--help")
    assert done.exit_code == 0
    for name, summary in SUMMARIES.items():
        assert name in done.stdout
        assert summary in done.stdout


@pytest.mark.parametrize("arguments", [["nonsense"], ["run"], ["run", ".", "--jobs", "0"], ["sessions", "nonsense"]])
def test_wrong_usage_exits_with_2(arguments):
    done = proctor(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""


def test_a_folder_outside_a_repository_is_refused_in_one_line(tmp_path):
    database = f"sqlite:///{tmp_path / 'proctor.db'}"
    done = proctor("run", str(tmp_path), "--database", database)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"proctor: {tmp_path} is not inside a git repository.")
    assert done.stderr.count("\n") == 1


def test_an_unknown_session_is_refused_in_one_line(tmp_path):
    done = proctor("sessions", "show", "abcdef12", "--database", f"sqlite:///{tmp_path / 'proctor.db'}")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("proctor: There is no session abcdef12.")


def test_no_sessions_yet_is_said(tmp_path):
    done = proctor("sessions", "list", "--database", f"sqlite:///{tmp_path / 'proctor.db'}")
    assert done.exit_code == 0
    assert done.stdout.startswith("No session yet.")


def test_plugins_are_listed_with_their_distribution():
    done = proctor("plugins", "list", "--json")
    assert done.exit_code == 0
    assert '"name":"builtin","distribution":"proctor"' in done.stdout


def raising(error):
    @click.pass_context
    def callback(_context):
        raise error

    failing = LazyGroup(home="nowhere", summaries={"go": ""}, name="proctor")
    failing.get_command = lambda _context, _name: click.Command("go", callback=callback)
    return CliRunner().invoke(failing, ["go"])


def test_a_wrong_order_exits_with_2_and_a_failure_with_1(monkeypatch):
    monkeypatch.delenv("PROCTOR_DEBUG", raising=False)
    assert raising(NoCommit(repository="/x")).exit_code == 2
    done = raising(TreeOwned(session_id="1", owner="process 7"))
    assert done.exit_code == 1
    assert done.stderr == f"proctor: {TreeOwned(session_id='1', owner='process 7')}\n"


def test_what_nobody_expected_is_one_line_and_a_hint(monkeypatch):
    monkeypatch.delenv("PROCTOR_DEBUG", raising=False)
    done = raising(ZeroDivisionError("division\nby zero"))
    assert done.exit_code == 1
    assert done.stderr.startswith("proctor: ZeroDivisionError: division by zero. ")
    assert "PROCTOR_DEBUG=1" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_traceback_is_shown_when_asked_for(monkeypatch):
    monkeypatch.setenv("PROCTOR_DEBUG", "1")
    assert "Traceback (most recent call last)" in raising(ZeroDivisionError()).stderr


def test_an_interrupt_exits_with_130():
    assert raising(KeyboardInterrupt()).exit_code == 130
