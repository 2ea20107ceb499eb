"""A group of commands that imports a command only when it is invoked, and ends every error in one line."""

import os
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import IO, Any

import click

from proctor.cli.program import pastable
from proctor.errors import Halted, ProctorError, UsageError

FAILED, USAGE, CANCELLED = 1, 2, 130
"""Exit codes."""


class Refusal(click.ClickException):
    """An error as the command line shows it: one line on stderr."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc] # click reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it."""
        click.echo(f"proctor: {self.message}", file=file, err=file is None)


class LazyGroup(click.Group):
    """Knows its commands by name and summary; each lives in a module of that name, in a function of that name."""

    def __init__(self, *, home: str, summaries: Mapping[str, str], **attributes: Any) -> None:  # click's own
        super().__init__(**attributes)
        self._home = home
        self._summaries = summaries

    def list_commands(self, ctx: click.Context) -> list[str]:  # click's signature
        """Give the names in the order in which a newcomer needs them."""
        return [*self._summaries]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # click's signature
        """Import a command."""
        if cmd_name not in self._summaries:
            return None
        command = getattr(import_module(f"{self._home}.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # click's signature
        """Write the commands' summaries without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([*self._summaries.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; whatever it raises becomes a refusal."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Refusal("cancelled", CANCELLED) from None
        except ProctorError as error:
            code = USAGE if isinstance(error, UsageError) else FAILED
            raise Refusal(_told(error, str(error)), code) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except BaseException as error:
            if (halted := _halted(error)) is not None:
                raise Refusal(_told(error, str(halted)), FAILED) from error
            if not isinstance(error, Exception):
                raise
            text = " ".join(str(error).split())
            said = f"{type(error).__name__}: {text}".removesuffix(": ")
            hint = "This is a fault in Proctor or in a plugin; set PROCTOR_DEBUG=1 to see where it happened."
            raise Refusal(_told(error, f"{said}. {hint}"), FAILED) from error


def _halted(error: BaseException) -> Halted | None:
    """Tell whether something cancelled all tasks or stopped the event loop; asyncio says no more than this."""
    if type(error).__name__ != "CancelledError" and "Event loop stopped" not in str(error):
        return None
    from proctor.watchdog import suspect

    return Halted(who=suspect() or "none")


def _told(error: BaseException, message: str) -> str:
    message = pastable(message)
    if os.environ.get("PROCTOR_DEBUG"):
        return f"{message}\n{''.join(traceback.format_exception(error)).rstrip()}"
    return message
