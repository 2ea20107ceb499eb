"""While a run is shown, stdout is ours: what anybody else writes there goes to stderr."""

import os
import subprocess
import sys

import pytest

from proctor.cli.output import reserved

SCRIPT = """
import os, subprocess, sys
from proctor.cli.output import reserved
print("before")
with reserved() as ours:
    ours.write("ours\\n")
    print("print")
    os.write(1, b"descriptor\\n")
    subprocess.run(["echo", "program"], check=True)
    sys.stdout.flush()
print("after")
"""


def test_a_plugins_prints_go_to_stderr_by_whatever_way_they_come() -> None:
    done = subprocess.run([sys.executable, "-u", "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout == "before\nours\nafter\n"
    assert sorted(done.stderr.splitlines()) == ["descriptor", "print", "program"]


def test_who_collects_stdout_in_place_of_a_file_gets_what_is_ours(capsys: pytest.CaptureFixture[str]) -> None:
    with reserved() as ours:
        ours.write("ours\n")
        print("print")
    assert capsys.readouterr() == ("ours\n", "print\n")
    assert os.fstat(1)


def test_stdout_is_given_back_if_the_run_fails() -> None:
    before = sys.stdout
    with pytest.raises(ValueError, match="out of paper"), reserved():
        raise ValueError("out of paper")
    assert sys.stdout is before
