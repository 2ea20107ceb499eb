"""A short attack, with the same cases each time; the long one is the command itself."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(__file__).with_name("graphql_cases.py")


def test_a_real_server_answers_whatever_it_is_sent() -> None:
    pytest.importorskip("schemathesis")
    command = [sys.executable, "-W", "error", str(COMMAND), "--cases", "150", "--seed", "1", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failures" in done.stdout
