"""A process that is started for a command: what it may use and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """What a process may use before it and its whole group are killed."""

    seconds: float = 300.0
    """Time on the clock."""
    memory_bytes: int | None = 4 * 1024**3
    """Address space of each process, enforced on Linux; None: no limit."""
    output_bytes: int = 1024 * 1024
    """Of stdout and of stderr each, this many bytes are kept, half from the beginning and half from the end."""


@dataclass(frozen=True, slots=True)
class ProcessExit:
    """How a process ended."""

    exit_code: int | None
    """None if it could not be started; negative: killed by that signal."""
    stdout: str = ""
    """What was kept of it, decoded as UTF-8; bytes that are none were replaced."""
    stderr: str = ""
    """As stdout."""
    duration_s: float = 0.0
    """Seconds from its start to its end."""
    timed_out: bool = False
    """It was killed because its time was over."""
    error: str | None = None
    """Why it could not be started."""


OnOutput = Callable[[str, str], None]
"""Called with the stream's name (stdout, stderr) and a decoded piece of it."""
