"""Keep code that is tried out from touching anything, and notice when its outcome hangs on more than its arguments.

Two hooks of the interpreter: the audit hook sees files, processes and sockets; the profiler sees calls of the clock, of
random numbers and of the operating system. Either stops the call, and what was stopped counts as refused even if the
code under test caught the exception.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import os
import signal
import sys
import warnings
from types import FrameType
from typing import Any, Iterator, List, Optional, Sequence, Set, Tuple

CALL_SECONDS, WAIT_SECONDS = 0.5, 2.0
"""Of CPU, so that a busy machine makes no difference; and by the clock, for what only waits."""

_EVENTS = (
    *("os.", "shutil.", "tempfile.", "subprocess.", "socket.", "urllib.", "http.", "ftplib.", "smtplib.", "imaplib."),
    *("poplib.", "telnetlib.", "sqlite3.", "webbrowser.", "ctypes.", "signal.", "fcntl.", "mmap.", "pty.", "resource."),
    *("syslog.", "glob.", "pathlib.", "time.", "builtins.input", "builtins.breakpoint", "_thread.", "winreg."),
    *("cpython.", "sys.addaudithook", "sys.set", "gc."),
)
_CLOCK = {"now", "today", "utcnow", "fromtimestamp", "timestamp", "astimezone"}
_MODULES = {"time", "posix", "nt", "_socket", "_posixsubprocess", "_random", "_signal"}
_HARMLESS = {"fspath", "allocate_lock", "strptime", "_path_splitroot", "_path_normpath"}


class Refused(BaseException):
    """What a call tried to do and must not; not an Exception, so that few programs catch it."""


class Guard:
    """Runs calls one by one; `refusal` says why the last one does not count, `lines` which steps it took in a file."""

    def __init__(self, file: str, roots: Sequence[str]) -> None:
        """Watch the lines of `file`; what lies below the roots may be read."""
        self._file, self._roots = file, tuple(f"{root}{os.sep}" for root in roots)
        self._on = False
        self.refusal = ""
        self.steps: Set[Tuple[int, int]] = set()
        sys.addaudithook(self._audit)
        signal.signal(signal.SIGPROF, self._too_slow)
        signal.signal(signal.SIGALRM, self._too_slow)

    @contextlib.contextmanager
    def watching(self) -> Iterator[io.StringIO]:
        """Watch the calls of a block, and give what it prints."""
        printed, self.refusal, self.steps = io.StringIO(), "", set()
        kept, sys.stdin = sys.stdin, io.StringIO()
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(printed))
            stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("error")
            signal.setitimer(signal.ITIMER_PROF, CALL_SECONDS)
            signal.setitimer(signal.ITIMER_REAL, WAIT_SECONDS)
            self._on = True
            sys.setprofile(self._profile)
            sys.settrace(self._trace)
            try:
                yield printed
            finally:
                sys.settrace(None)
                self._on = False
                sys.setprofile(None)
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.setitimer(signal.ITIMER_REAL, 0)
                sys.stdin = kept

    def _refuse(self, what: str) -> None:
        self.refusal = self.refusal or what
        raise Refused(what)

    def _too_slow(self, _number: int, _frame: Optional[FrameType]) -> None:
        if self._on:
            self._refuse("too slow")

    def _audit(self, event: str, arguments: Tuple[Any, ...]) -> None:
        if not self._on or not (event == "open" or event.startswith(_EVENTS)):
            return
        frame = sys._getframe(1)  # noqa: SLF001  who is about to do it
        if event in ("sys.settrace", "sys.setprofile") and frame.f_code.co_filename == __file__:
            return
        if event == "open" and self._may_read(*arguments[:3]):
            return
        if not _importing(frame):
            self._refuse(event)

    def _may_read(self, path: object, mode: object, flags: object) -> bool:
        if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
            return False
        return isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(self._roots)

    def _profile(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or not self._on or frame.f_code.co_filename == __file__:
            return
        name, owner = getattr(called, "__name__", ""), getattr(called, "__self__", None)
        module = getattr(called, "__module__", None) or type(owner).__module__
        outside = module in _MODULES or "_random" in [base.__module__ for base in type(owner).__mro__]
        clock = name in _CLOCK and (owner is dt.datetime or isinstance(owner, dt.date) or _is_date(owner))
        if (clock or (outside and name not in _HARMLESS)) and not _importing(frame):
            self._refuse(f"{module}.{name}")

    def _trace(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename != self._file:
            return None
        last: List[int] = [-frame.f_code.co_firstlineno]

        def step(frame: FrameType, event: str, _argument: Any) -> Any:
            if event == "line":
                self.steps.add((last[0], frame.f_lineno))
                last[0] = frame.f_lineno
            return step

        return step


def _is_date(owner: object) -> bool:
    return isinstance(owner, type) and issubclass(owner, dt.date)


def _importing(frame: Optional[FrameType]) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
