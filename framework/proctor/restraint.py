"""Keeps plugins from ending the process that asks them, and steps from acting: they decide, and executors act.

A process that a step starts by itself has no limits, no guard and no log, and nobody would end it; another folder or
other limits would hold for everybody. So the interpreter's audit events refuse it where it begins, to the step and to
all tasks and threads that carry its context. For two ends of the process there is no such event; they are refused in
`os`. A child that an agent or an executor has forked may end as it likes.
"""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NoReturn

ENDS = ("_exit", "abort")
"""What ends the process in `os` without an audit event, and without a word to whoever could still say who did it."""
REPLACES = "os.exec"

ACTS = frozenset(
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

_stays: ContextVar[int | None] = ContextVar("stays", default=None)
"""The process that has to stay: a child has another number, and the same context."""
_restrained: ContextVar[bool] = ContextVar("restrained", default=False)


class MayNotAct(PermissionError):
    """A plugin tried to end the process that asks it; or a step to start or signal one, or to change its own."""


@contextmanager
def staying() -> Iterator[None]:
    """Refuse to end the process to what is called while the block lasts: it meets MayNotAct."""
    token = _stays.set(os.getpid())
    try:
        yield
    finally:
        _stays.reset(token)


@contextmanager
def restrained() -> Iterator[None]:
    """Refuse ACTS to what is called while the block lasts: it meets MayNotAct."""
    token = _restrained.set(True)
    try:
        yield
    finally:
        _restrained.reset(token)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in ACTS and _restrained.get() and not (event in SIGNALS and arguments[1] == ASKS):
        raise MayNotAct(f"{event} is refused: a step decides and does not act. What has to run goes into its command.")
    if event == REPLACES:
        _stay(event)


def _stay(what: str) -> None:
    if _stays.get() == os.getpid():
        raise MayNotAct(f"{what} is refused: it would end Proctor. What cannot go on raises an error.")


def _unless_staying(end: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
    """Make one of ENDS that refuses whoever has to stay."""

    @functools.wraps(end)
    def refusing(*arguments: int, **named: int) -> NoReturn:
        _stay(f"os.{end.__name__}")
        end(*arguments, **named)

    return refusing


sys.addaudithook(_refuse)
for _name in ENDS:
    setattr(os, _name, _unless_staying(getattr(os, _name)))
