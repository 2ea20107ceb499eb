"""The tutorial, typed as it is written."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import Project
from workshop import Workshop

PAGE = Path(__file__).parents[2] / "docs" / "tutorial-first-step.md"
FENCE = re.compile(r"```(\w*)\n(.*?)```\n", re.DOTALL)


def blocks() -> Iterator[tuple[str, str, str]]:
    """Give each block of the page: what it is, its text, and the file that the words just before it name."""
    page = PAGE.read_text("utf-8")
    for found in FENCE.finditer(page):
        named = re.search(r"(This is [^`]*)?`([\w./-]+\.py)`:\n\n$", page[: found.start()])
        what = "typed" if found[1] == "sh" else "printed" if not named else "read" if named[1] else "written"
        yield what, found[2], named[2] if named else ""


def masked(line: str) -> str:
    """Leave out what differs each time: times, percentages, ids, and how wide a column is."""
    return re.sub(r"[0-9a-f]{8,}|\d+([.:]\d+)*", "#", " ".join(line.split()))


def assert_told(shown: str, told: str) -> None:
    """See that the lines of the page were printed, in their order."""
    printed = iter([masked(line) for line in told.splitlines()])
    for line in filter(str.strip, shown.splitlines()):
        assert any(masked(line) == each for each in printed), f"{line!r} was not printed:\n{told}"


@pytest.fixture
def workshop(project: Project, tmp_path: Path) -> Workshop:
    folder = tmp_path / "tutorial"
    folder.mkdir()
    project.home.joinpath(".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n")
    return Workshop.make(project, folder)


def test_the_tutorial_does_what_it_says(workshop: Workshop) -> None:
    told = ""
    for what, text, name in blocks():
        match what:
            case "typed":
                told = "".join(workshop.must(*shlex.split(line)) for line in text.splitlines())
            case "printed":
                assert_told(text, told)
            case "read":
                assert workshop.folder.joinpath(name).read_text("utf-8") == text
            case "written":
                workshop.folder.joinpath(name).write_text(text, encoding="utf-8")
