"""The promises of docs/reliability.md: a short turn of each harness, and each one sees a bug that is planted."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 300.0


def torture(harness: str, *options: str) -> tuple[int, str]:
    """Run a harness; give its exit code and what it said."""
    argv = [sys.executable, "-m", f"tests.torture.{harness}", "--seed", "1", *options]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("harness", "count"),
    [("kill_run", "2"), ("commit_points", "3"), ("power_cut", "40"), ("zombie", "10"), ("zombie_run", "1")],
)
def test_a_short_turn_breaks_no_promise(harness: str, count: str) -> None:
    code, said = torture(harness, "--count", count)
    assert code == 0, said


@pytest.mark.parametrize(
    ("harness", "count", "bug", "words"),
    [
        ("kill_run", "20", "forgets_folders", "is left in the cache"),
        ("commit_points", "0", "publishes_blindly", "there are 2 branches"),
        ("power_cut", "10", "speaks_early", "what was acknowledged is not there"),
        ("zombie", "30", "ignores_the_fence", "was taken for that of"),
    ],
)
def test_a_planted_bug_is_found(harness: str, count: str, bug: str, words: str) -> None:
    code, said = torture(harness, "--count", count, "--plant", bug)
    assert code == 1, said
    assert words in said
