"""The promises of docs/reliability.md: a short turn of each harness, and each one sees a bug that is planted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 600.0
"""On a machine that is very busy; each takes seconds of its own."""


def torture(harness: str, *options: str) -> tuple[int, str]:
    """Run a harness; give its exit code and what it said."""
    argv = [sys.executable, "-m", f"tests.torture.{harness}", "--seed", "1", *options]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("harness", "count", "parts"),
    [
        ("kill_run", 1, 1),
        ("commit_points", 1, 1),
        ("power_cut", 10, 0),
        ("zombie", 4, 0),
        ("zombie_run", 1, 1),
        ("upgrade", 1, 1),
        ("held_database", 2, 1),
        ("sleeping", 1, 1),
    ],
)
def test_a_short_turn_breaks_no_promise(harness: str, count: int, parts: int) -> None:
    code, said = torture(harness, "--count", str(count), "--parts", str(parts))
    assert code == 0, said


@pytest.mark.parametrize(
    ("harness", "count", "parts", "bug", "words"),
    [
        ("kill_run", 20, 3, "forgets_folders", "is left (in the cache|among temporary files)"),
        ("commit_points", 0, 1, "publishes_blindly", "there are 2 branches"),
        ("power_cut", 5, 0, "speaks_early", "what was acknowledged is not there"),
        ("zombie", 30, 0, "ignores_the_fence", "was taken for that of|was not refused|died of"),
        ("held_database", 20, 2, "waits_for_nobody", "held by another process"),
        ("sleeping", 20, 1, "trusts_leases", "was given up"),
    ],
)
def test_a_planted_bug_is_found(harness: str, count: int, parts: int, bug: str, words: str) -> None:
    code, said = torture(harness, "--count", str(count), "--parts", str(parts), "--plant", bug)
    assert code == 1, said
    assert re.search(words, said)
