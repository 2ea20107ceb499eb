"""The suffix of a report's file names its format; a mistake is told before any work is done."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from proctor.cli.reports.files import format_of, reports


@click.command()
@reports
def working(reports: tuple[Path, ...]) -> None:
    click.echo(" ".join(file.name for file in reports))


@pytest.mark.parametrize(("name", "wanted"), [("a.md", "markdown"), ("a.b.XML", "junit"), ("a.json", "json")])
def test_the_suffix_names_the_format(name: str, wanted: str) -> None:
    assert format_of(Path(name)) == wanted


def test_several_may_be_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(working, ["--report", str(tmp_path / "a.md"), "--report", str(tmp_path / "b.xml")])
    assert (done.exit_code, done.stdout) == (0, "a.md b.xml\n")


@pytest.mark.parametrize(
    ("file", "said"),
    [("report.txt", "ends with none of .md, .xml, .json"), ("missing/report.md", "there is no folder")],
)
def test_what_could_not_be_written_at_the_end_is_refused_at_the_beginning(tmp_path: Path, file: str, said: str) -> None:
    done = CliRunner().invoke(working, ["--report", str(tmp_path / file)])
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
