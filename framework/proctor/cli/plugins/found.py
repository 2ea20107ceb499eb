"""What `proctor plugins` looks at, and what it says of a name that is not there."""

from collections.abc import Sequence

import click

from proctor.cli.program import command
from proctor.installed import LEFT_OUT, Installed, Plugin


def found(installed: Installed) -> Sequence[Plugin]:
    """List what is installed, without loading it: what can be used, and what certainly cannot."""
    return (*installed.plugins(), *installed.nameless())


def chosen(installed: Installed, name: str) -> Sequence[Plugin]:
    """Choose plugins by name or distribution. Raises click.BadParameter."""
    if plugins := _meant(found(installed), name):
        return plugins
    if left_out := _meant(installed.left_out(), name):
        owners = " and ".join(dict.fromkeys(each.distribution for each in left_out))
        raise click.BadParameter(f"{name!r} of {owners} {LEFT_OUT}. Name its distribution there.", param_hint="NAME")
    way = command("plugins list")
    raise click.BadParameter(f"there is no plugin or distribution {name!r}. `{way}` shows them.", param_hint="NAME")


def _meant(plugins: Sequence[Plugin], name: str) -> Sequence[Plugin]:
    from proctor.cli.plugins.facts import called

    return [each for each in plugins if each.distribution == name] or called(plugins, name)
