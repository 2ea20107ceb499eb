"""`proctor schema`: the contract of the GraphQL API."""

from pathlib import Path

import click

from proctor.cli.lazy import FAILED
from proctor.cli.program import command

CONTRACT = Path("schema.graphql")


@click.group()
def schema() -> None:
    """Print the schema of the GraphQL API, or compare it with the one that was agreed."""


@schema.command("print")
@click.option("--markdown", is_flag=True, help="Print the reference: a page for people.")
def print_(markdown: bool) -> None:
    """Print the schema, sorted by name."""
    from proctor.api.schema import printed

    text = printed()
    if markdown:
        from graphql import build_schema

        from proctor.api.reference import reference

        text = reference(build_schema(text))
    click.echo(text, nl=False)


@schema.command()
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=CONTRACT,
    show_default=True,
    help="The schema that was agreed.",
)
@click.pass_context
def check(context: click.Context, against: Path) -> None:
    """Compare the schema with the one that was agreed; exit with 1 if it differs."""
    from graphql import GraphQLError

    from proctor.api.contract import differences
    from proctor.api.schema import printed

    try:
        found = differences(against.read_text(encoding="utf-8"), printed())
    except (GraphQLError, TypeError, ValueError) as error:
        raise click.BadParameter(f"{against} is no GraphQL schema: {error}", param_hint="--against") from error
    for difference in found:
        click.echo(f"{difference.weight:9}  {difference.text}")
    if found:
        update = f"{command('schema print')} > {against}"
        click.echo(f"proctor: the schema is not as {against} says; if that is meant, run `{update}`", err=True)
        context.exit(FAILED)
    click.echo(f"The schema is as {against} says.")
