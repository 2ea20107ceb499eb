"""`proctor run`: write the tests of a package or module and land them on a branch."""

from pathlib import Path

import click

from proctor.cli import options


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@options.agent
@options.jobs
@click.option("--workflow", metavar="NAME", help="What to do instead of testing: a workflow of another plugin.")
@click.option("--only", multiple=True, metavar="GLOB", help="Only these modules, by dotted name or path. Repeatable.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Not these modules. Repeatable.")
@click.option("--branch", metavar="NAME", help="Branch to make; it must not exist yet.")
@click.option(
    "--python", metavar="EXE", help="Interpreter that runs the tests. It needs pytest and the package's needs."
)
@click.option("--new", is_flag=True, help="Begin again, even if the same was begun before and is unfinished.")
@click.option("--strict", is_flag=True, help="Exit with 1 unless every component was proven.")
@options.as_json
@options.database
@click.pass_context
def run(
    context: click.Context,
    path: Path,
    agent: str | None,
    jobs: int | None,
    workflow: str | None,
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    branch: str | None,
    python: str | None,
    new: bool,
    strict: bool,
    as_json: bool,
    database: str | None,
) -> None:
    """Write the tests of the package or module at PATH and land them on a branch.

    PATH lies in a git repository. The checkout is left alone: tests are written against the last commit and arrive
    as one commit on a new branch. The same command continues what was interrupted.

    Exit codes: 0 landed, 1 failed or held up by a missing plugin (with --strict also: landed in part), 2 usage,
    130 cancelled.
    """
    from proctor.app import Order
    from proctor.cli.running import carry_out
    from proctor.config import load

    settings = load(agent=agent, jobs=jobs, python=python, database=database)
    order = Order(path, only, exclude, branch, workflow=workflow, new=new)
    context.exit(carry_out(settings, order, as_json=as_json, strict=strict, database=database))
