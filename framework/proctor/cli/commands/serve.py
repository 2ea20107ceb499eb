"""`proctor serve`: the GraphQL API as a server."""

import gc

import click

from proctor.cli import options


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free one.")
@click.option("--shared", is_flag=True, help="Serve others: tokens of `proctor token create`, or JWT, are needed.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="What is logged, as JSON lines on stderr.",
)
@options.agent
@options.jobs
@options.database
def serve(
    host: str, port: int, shared: bool, log_level: str, agent: str | None, jobs: int | None, database: str | None
) -> None:
    """Serve the GraphQL API at /graphql until SIGTERM or Ctrl-C, and drive the open sessions meanwhile.

    Without --shared the server is for this machine's user alone: it listens on loopback only and knows one token,
    which is part of the link that is printed. The token is kept in a file that only you can read, or is taken from
    PROCTOR_TOKEN.
    """
    gc.disable()  # hardly anything of what is loaded is garbage, and it stays
    from proctor.api.logs import log_to_stderr
    from proctor.api.serving import serve as run
    from proctor.api.settings import load
    from proctor.app.garbage import freeze_loaded

    freeze_loaded()
    gc.enable()

    settings = load(agent=agent, jobs=jobs, database=database)
    log_to_stderr(log_level)
    run(settings, host, port, shared=shared, say=click.echo)
