"""The commands by name and summary. Asking for help imports none of them."""

import click

from proctor import __version__
from proctor.cli.lazy import LazyGroup

SUMMARIES = {
    "demo": "Try it on a small sample package in a temporary folder.",
    "run": "Write the tests of a package or module and land them on a branch.",
    "sessions": "Look at what was run, and take a hand in what runs.",
    "serve": "Serve the GraphQL API, and drive sessions through it.",
    "token": "Say who may call a shared server.",
    "doctor": "Look whether everything is in order here, and say what to do.",
    "replay": "Make the decisions of recorded histories once more.",
    "plugins": "Look at plugins, check them, and begin one of your own.",
    "workflows": "Look at workflows, and walk them in thought.",
    "schema": "Print or check the schema of the GraphQL API.",
}


@click.group(
    cls=LazyGroup,
    home="proctor.cli.commands",
    summaries=SUMMARIES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="proctor", message="%(prog)s %(version)s")
def proctor() -> None:
    """Supervise coding agents while they write a package's tests, and land only what was proven."""
