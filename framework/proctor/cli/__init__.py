"""The command line: its commands are imported when they are invoked."""

import faulthandler
import sys

from proctor import __version__


def main() -> object:
    """Run the command that the process was called with. Whoever only asks for the version does not wait for click."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"proctor {__version__}\n")
        return 0
    if sys.stderr is not None:
        faulthandler.enable()  # a plugin's native code that crashes is named by its file and line
    from proctor.cli import program
    from proctor.cli.group import proctor

    program.remember(called := program.called())
    try:
        return proctor(prog_name=called, complete_var="_PROCTOR_COMPLETE")
    except SystemExit as over:
        if "proctor.leaving" in sys.modules:  # plugins were at work
            from proctor.leaving import leave

            leave(over.code if isinstance(over.code, int) else 0)
        raise
