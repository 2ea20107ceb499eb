"""Run the user's code in the target interpreter, in a process group of its own that always ends.

Every program of this folder is started as `{proctor_python} {inputs}/NAME.py {inputs}/arguments.json` in the work
tree. It writes one JSON object to the path in `PROCTOR_REPORT` and exits with 0 when it could do its work.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Deque, Dict, List, Mapping, Optional, Sequence

INPUTS = str(Path(__file__).resolve().parent)
OUTPUT_LIMIT = 32_768
_COVERAGE = "PROCTOR_COVERAGE_PACKAGE"
_REMOVED = (
    "PYTEST_ADDOPTS",
    "PYTEST_PLUGINS",
    "PYTHONSTARTUP",
    "COVERAGE_PROCESS_START",
    "COVERAGE_CORE",
    "PROCTOR_REPORT",
)
_DIE_WITH_PARENT = 1


@dataclass(frozen=True)
class Target:
    """The interpreter that runs the user's code, and where the code is imported from (relative to the work tree)."""

    executable: str
    version: str
    import_root: str = "."


@dataclass(frozen=True)
class Finished:
    """How a process ended: `exit_code` is None when its time was up; `output` is the end of stdout and stderr."""

    exit_code: Optional[int]
    output: str


def arguments() -> Dict[str, Any]:
    """Read this program's arguments; go on in the target interpreter if its syntax is newer than ours."""
    values: Dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    target = values.get("target")
    if target:
        values["target"] = Target(**target)
        _become(values["target"])
    return values


def report(data: object) -> None:
    """Write the report of this program (a dataclass or plain JSON data)."""
    plain = asdict(data) if hasattr(data, "__dataclass_fields__") else data  # type: ignore[call-overload]  # a dataclass, see left
    Path(os.environ["PROCTOR_REPORT"]).write_text(json.dumps(plain), encoding="utf-8")


def scratch() -> "tempfile.TemporaryDirectory[str]":
    """Make a folder for the time of a call, beside the report: whoever started us clears that place if we die."""
    return tempfile.TemporaryDirectory(prefix="proctor-", dir=Path(os.environ["PROCTOR_REPORT"]).parent)


def coverage_package() -> Optional[str]:
    """Return the folder of our own interpreter's coverage package, if it has one."""
    if _COVERAGE in os.environ:
        return os.environ[_COVERAGE] or None
    spec = importlib.util.find_spec("coverage")
    return str(Path(spec.origin).parent) if spec and spec.origin else None


def environment(import_root: str, **more: str) -> Dict[str, str]:
    """Return the environment of the user's code: the import root first, then this folder."""
    kept = {name: value for name, value in os.environ.items() if name not in _REMOVED and name != _COVERAGE}
    path = [str(Path(import_root).absolute()), INPUTS]
    return {**kept, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1", **more}


def run(argv: Sequence[str], seconds: float, env: Mapping[str, str]) -> Finished:
    """Run a process until it ends or its time is up; nothing of its process group is left behind."""
    process = subprocess.Popen(
        argv,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509  a single call into a library loaded before
    )
    tail: Deque[bytes] = deque(maxlen=16)
    reader = threading.Thread(target=_read, args=(process, tail), daemon=True)
    reader.start()
    before = signal.signal(signal.SIGTERM, lambda number, _: _stopped(process, number))
    try:
        exit_code: Optional[int] = process.wait(max(seconds, 0.1))
    except subprocess.TimeoutExpired:
        exit_code = None
    finally:
        _kill(process)
        signal.signal(signal.SIGTERM, before)
    reader.join(1.0)  # a process that left the group may still hold the pipe
    return Finished(exit_code, clean(b"".join(list(tail))[-OUTPUT_LIMIT:].decode("utf-8", "replace")))


def clean(text: str) -> str:
    """Return text that every store accepts: no NUL, no lone surrogate."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\\x00")


def end(text: str, limit: int) -> str:
    """Return the last `limit` characters, marked if something was left out."""
    return text if len(text) <= limit else "… " + text[2 - limit :]


def _become(target: Target) -> None:
    newer = tuple(int(part) for part in target.version.split(".")[:2]) > sys.version_info[:2]
    if newer and os.access(target.executable, os.X_OK):
        os.environ[_COVERAGE] = coverage_package() or ""
        os.execv(target.executable, [target.executable, *sys.argv])  # noqa: S606  no shell is wanted


def _read(process: "subprocess.Popen[bytes]", tail: Deque[bytes]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(ValueError, OSError):
        while True:
            block = os.read(process.stdout.fileno(), 8_192)
            if not block:
                break
            tail.append(block)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _stopped(process: "subprocess.Popen[bytes]", number: int) -> None:
    _kill(process)
    raise SystemExit(128 + number)


def _prctl() -> Optional[Any]:
    """Load the C library before a fork, when it must not be searched for any more."""
    return ctypes.CDLL(None).prctl if sys.platform == "linux" else None


_PRCTL = _prctl()


def _die_with_parent() -> None:
    if _PRCTL is not None:
        _PRCTL(_DIE_WITH_PARENT, signal.SIGKILL)


def names(values: Sequence[str]) -> List[str]:
    """Return the values once each, in their order."""
    return list(dict.fromkeys(values))
