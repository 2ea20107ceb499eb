"""Keeps steps from acting: they decide, and executors act.

A process that a step starts by itself has no limits, no guard and no log, and nobody would end it; another folder or
other limits would hold for everybody. So the interpreter's
audit events refuse it where it begins, to the step and to all tasks and threads that carry its context.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REFUSED = frozenset(
    {
        "os.chdir",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.kill",
        "os.killpg",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "pty.spawn",
        "resource.prlimit",
        "resource.setrlimit",
        "signal.pthread_kill",
        "subprocess.Popen",
    }
)
"""Audit events, as the interpreter's documentation lists them, by which something is started, replaced or ended, or the
whole process is changed."""

SIGNALS = frozenset({"os.kill", "os.killpg"})
ASKS = 0
"""The signal that is none: it only asks whether a process is there."""

_restrained: ContextVar[bool] = ContextVar("restrained", default=False)


class MayNotAct(PermissionError):
    """A step tried to start or to signal a process, or to change its own."""


@contextmanager
def restrained() -> Iterator[None]:
    """Refuse what is REFUSED to what is called while the block lasts: it meets MayNotAct."""
    token = _restrained.set(True)
    try:
        yield
    finally:
        _restrained.reset(token)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in REFUSED and _restrained.get() and not (event in SIGNALS and arguments[1] == ASKS):
        raise MayNotAct(f"{event} is refused: a step decides and does not act. What has to run goes into its command.")


sys.addaudithook(_refuse)
