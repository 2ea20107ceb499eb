"""`proctor demo`: a run on a small sample package, in a temporary folder."""

import subprocess
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

import click

from proctor.cli import options
from proctor.errors import GitFailed, GitMissing

SUFFIX = ".txt"
"""What the sample's files bear behind their names, so that no tool takes them for code of ours."""


@click.command()
@options.agent
@options.jobs
@options.as_json
@click.pass_context
def demo(context: click.Context, agent: str | None, jobs: int | None, as_json: bool) -> None:
    """Try Proctor on a small sample package.

    The package, its repository and the database are made in a new temporary folder, which is kept; nothing else is
    touched. The sample has a wrong example, one that depends on order, and a module without any.
    """
    from proctor.app import Order
    from proctor.cli.runs.running import Manner, carry_out
    from proctor.config import load

    folder = Path(tempfile.mkdtemp(prefix="proctor-demo-")).resolve()
    repository = make_sample(folder / "larder")
    database = f"sqlite:///{folder / 'proctor.db'}"
    settings = load(
        agent=agent or "builtin", jobs=jobs, python=sys.executable, database=database, cache=folder / "cache"
    )
    click.echo(f"The sample package is in {repository}", err=as_json)
    code = carry_out(settings, Order(repository / "larder"), Manner(as_json, database=database))
    click.echo(f"\nEverything is kept in {folder}; delete the folder when you are done.", err=as_json)
    context.exit(code)


def make_sample(repository: Path) -> Path:
    """Make the sample package as a git repository with one commit. Raises GitMissing or GitFailed."""
    with as_file(files("proctor.cli") / "sample") as sample:
        for source in sorted(sample.rglob(f"*{SUFFIX}")):
            target = repository / source.relative_to(sample).with_suffix("")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    _git(repository, "init", "--quiet", "--template=")
    _git(repository, "config", "user.name", "Proctor demo")
    _git(repository, "config", "user.email", "demo@example.invalid")
    _git(repository, "config", "commit.gpgSign", "false")
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "--message=A larder")
    return repository


def _git(repository: Path, *arguments: str) -> None:
    command = ["git", "-C", str(repository), "-c", "core.hooksPath=/dev/null", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise GitMissing from None
    if done.returncode:
        raise GitFailed(what=arguments[0], exit_code=done.returncode, message=done.stderr.strip())
