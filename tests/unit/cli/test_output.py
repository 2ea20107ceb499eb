"""Text that is wrapped stays whole. While a run is shown, stdout is ours: what others write goes to stderr."""

import os
import subprocess
import sys

import pytest
from rich.console import Console
from rich.text import Text

from proctor.cli.output import indented, reserved

SCRIPT = """
import os, subprocess, sys
from rich.console import Console
from rich.text import Text

from proctor.cli.output import indented, reserved
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


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three four five six", ["  one two three four", "    five six"]),
        ("a `proctor sessions list --all` b", ["  a", "    `proctor sessions list --all`", "    b"]),
        ("see /a/very/long/path/to/some/file now", ["  see", "    /a/very/long/path/to/some/file", "    now"]),
        ("one\n\ntwo", ["  one", "", "    two"]),
        ("    def f():", ["      def f():"]),
    ],
)
def test_indented_text_keeps_words_and_commands_whole(text: str, lines: list[str]) -> None:
    console = Console(width=24, color_system=None)
    with console.capture() as capture:
        indented(console, Text(text), by=2, hanging=2)
    assert capture.get().splitlines() == lines
