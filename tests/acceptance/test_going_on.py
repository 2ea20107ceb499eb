"""A run that another terminal, or nobody, has in hand: gone on with, watched and explained."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from projects import SLOW_AGENT, Project, end, processes_of, script


class Slow:
    """A run whose agent takes its time until it is told not to."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.session = ""
        self.flag = project.home / "slow"
        self.flag.touch()
        agent = script(project.home, SLOW_AGENT)
        project.configure(f'[agents.slow]\nargv = ["{agent}"]\n[agents.slow.environment]\nSLOW = "{self.flag}"\n')

    def started(self) -> "subprocess.Popen[str]":
        """Start it, and wait until the agent is asked."""
        process = self.project.start("run", "shop", "--only", "shop.prices", "--agent", "slow", "--json")
        self.session = str(json.loads(read_until(process, "session_created"))["session"])
        read_until(process, "generate_tests")
        return process


def read_until(process: "subprocess.Popen[str]", word: str) -> str:
    """Give the first line that has the word."""
    assert process.stdout is not None
    line = next((line for line in iter(process.stdout.readline, "") if word in line), "")
    assert line, f"{word} was never said"
    return line


@pytest.fixture
def slow(project: Project) -> Slow:
    return Slow(project)


def test_what_a_killed_run_left_is_gone_on_with_by_its_id(project: Project, slow: Slow) -> None:
    end(slow.started())
    session = slow.session
    newest = json.loads(project.proctor("sessions", "list", "--limit", "1", "--json").out)
    assert newest["session"] == session
    refused = project.proctor("sessions", "watch", session[:8])
    assert refused.code == 1
    assert f"Nobody runs the session {session[:8]}. `proctor sessions continue {session[:8]}`" in refused.err
    explained = project.proctor("sessions", "explain", session).out
    assert f"`proctor sessions continue {session[:8]}` goes on with it" in " ".join(explained.split())
    slow.flag.unlink()
    finished = project.proctor("sessions", "continue", session[:8])
    assert finished.code == 0, finished.err + finished.out
    assert finished.out.startswith(f"Continuing shop with the agent slow, session {session[:8]}\n")
    assert "generate_tests: abandoned" in finished.out
    assert "Landed on the branch test-context-testing-session-for-shop" in finished.out
    assert not processes_of(project.home)
    again = project.proctor("sessions", "continue", session)
    assert again.code == 0
    assert f"The session {session[:8]} of shop has ended." in again.out
    assert "Landed on the branch" in again.out


def test_one_who_watches_sees_the_past_and_leaves_the_run_alone(project: Project, slow: Slow) -> None:
    run = slow.started()
    session = slow.session
    for command in ("watch", "continue"):
        watcher = project.start("sessions", command, session, "--json")
        read_until(watcher, "session_created")
        read_until(watcher, "generate_tests")
        watcher.send_signal(signal.SIGINT)
        watcher.communicate(timeout=120)
        assert watcher.returncode == 130
        assert run.poll() is None
    last = project.start("sessions", "watch", session)
    read_until(last, "initialize: done")
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=120)
    out, _ = last.communicate(timeout=120)
    assert (run.returncode, last.returncode) == (130, 130)
    assert "Cancelled. No branch was made." in out
    assert not processes_of(project.home)


def test_ctrl_c_twice_ends_at_once_and_leaves_no_process(project: Project, slow: Slow) -> None:
    end(slow.started())
    session = slow.session
    again = project.start("sessions", "continue", session, "--json")
    read_until(again, '"interaction_abandoned"')
    read_until(again, "generate_tests")
    again.send_signal(signal.SIGINT)
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=120)
    assert again.returncode == 130
    until = time.monotonic() + 20
    while processes_of(project.home) and time.monotonic() < until:
        time.sleep(0.05)
    assert not processes_of(project.home)


def test_ctrl_c_cancels_what_was_gone_on_with_and_leaves_nothing(project: Project, slow: Slow) -> None:
    end(slow.started())
    session = slow.session
    again = project.start("sessions", "continue", session, "--json")
    read_until(again, '"interaction_abandoned"')
    read_until(again, "generate_tests")
    again.send_signal(signal.SIGINT)
    _, err = again.communicate(timeout=120)
    assert again.returncode == 130, err
    assert not processes_of(project.home)
    assert not project.git("branch", "--list", "test-*")
    assert not [path for path in Path(project.home, "cache", "work").iterdir() if path.is_dir()]
