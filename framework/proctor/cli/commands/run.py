"""`proctor run`: write the tests of a package or module and land them on a branch."""

from pathlib import Path

import click

from proctor.cli import options
from proctor.cli.reports import files as report_files


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
@click.option(
    "--carry",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A file that git does not have and tests need: laid over every work folder, never committed. Repeatable.",
)
@click.option("--new", is_flag=True, help="Begin again, even if the same was begun before and is unfinished.")
@click.option("--dry-run", is_flag=True, help="Only survey, and say what would be tested and how often an agent asked.")
@click.option("--require-tests", is_flag=True, help="A component for which nothing can be proven is a failure.")
@options.strict
@options.keep
@report_files.reports
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
    carry: tuple[Path, ...],
    new: bool,
    dry_run: bool,
    require_tests: bool,
    strict: bool,
    keep: bool,
    reports: tuple[Path, ...],
    as_json: bool,
    database: str | None,
) -> None:
    """Write the tests of the package or module at PATH and land them on a branch.

    PATH lies in a git repository. The checkout is left alone: tests are written against the last commit and arrive
    as one commit on a new branch. After a crash the same command goes on; after Ctrl-C, `proctor sessions retry`.

    Exit codes: 0 landed, 1 failed or held up by a missing plugin (with --strict or --require-tests also: landed in
    part), 2 usage, 130 cancelled.
    """
    from proctor.app import Order
    from proctor.cli.runs.running import Manner, carry_out
    from proctor.config import load

    settings = load(agent=agent, jobs=jobs, python=python, database=database, keep=keep or None)
    order = Order(
        path, only, exclude, branch, workflow=workflow, new=new, require_tests=require_tests, carry=tuple(carry)
    )
    if dry_run:
        from proctor.cli.runs.rehearsal import rehearse

        context.exit(rehearse(settings, order, as_json=as_json))
    context.exit(carry_out(settings, order, Manner(as_json, strict, database, reports)))
