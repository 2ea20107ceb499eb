"""`proctor plugins`: look at the plugins that are installed, check them, and begin one of one's own."""

import click

from proctor.cli.plugins.check import check
from proctor.cli.plugins.list import list_
from proctor.cli.plugins.new import new
from proctor.cli.plugins.show import show


@click.group()
def plugins() -> None:
    """Look at the plugins that are installed, check them, and begin one of your own."""


for command in (list_, show, check, new):
    plugins.add_command(command)
