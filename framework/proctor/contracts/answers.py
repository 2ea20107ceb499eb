"""Tells whether what a plugin answered is what its contract asks for, before anything is done with it.

Types are only a promise, and what is not JSON could not be stored: either would end in somebody else's code.
"""

import json
import math
import re
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import NoneType
from typing import TypeAlias

import orjson
from pydantic import ValidationError

from proctor.contracts.agent import AgentResult
from proctor.domain.interaction import ChildSpec, Command, Outcome, Result, Usage, Workspace
from proctor.domain.json import EMPTY

PRODUCT_BYTES = 64 * 1024
LEVELS = 200
"""So deep may what is given as JSON be nested. It is stored some levels deeper, and orjson writes 254."""
TOO_DEEP = f"it is nested deeper than {LEVELS} levels"
TEXT = 4000
"""Characters that are kept of what was raised."""
OURS = str(Path(__file__).parent.parent)
STDLIB = sysconfig.get_path("stdlib")
"""Folders whose lines say nothing about where a plugin went wrong."""
_LOADERS = re.compile(r"<frozen importlib|.*[\\/](stevedore|pydantic|pydantic_core)[\\/]")
_MOST = 2**63 - 1
_STATUS = re.compile("[a-z_]{1,100}")
_KIND = re.compile(r"\S{1,100}")
_OF_AGENTS = ("ok", "warning", "error", "fault")

_Types: TypeAlias = type | tuple[type, ...]
"""One of these is expected. What is nearly always given goes first: to ask whether it is a Mapping is dear."""

_FIELDS: Mapping[type, Mapping[str, _Types]] = {
    Command: {
        "kind": str,
        "arguments": (dict, Mapping),
        "workspace": (Workspace, NoneType),
        "children": (tuple, list),
        "metadata": (dict, Mapping),
        "step": str,
        "at": (float, int),
    },
    Workspace: {"repository": str, "base": str, "overlay": (dict, Mapping)},
    ChildSpec: {
        "key": str,
        "workflow": str,
        "subject": (dict, Mapping),
        "attempt": int,
        "priority": int,
        "state": Mapping,
    },
    Outcome: {
        "result": Result,
        "state": (dict, Mapping),
        "product": (dict, Mapping, NoneType),
        "outcome": (str, NoneType),
        "session_status": (str, NoneType),
    },
    Result: {
        "status": str,
        "data": (dict, Mapping),
        "exit_code": (int, NoneType),
        "error_message": (str, NoneType),
        "stdout": str,
        "stderr": str,
        "files": (dict, Mapping),
        "usage": (Usage, NoneType),
        "duration_s": (float, int),
    },
    Usage: {"input_tokens": int, "output_tokens": int, "cost_usd": (float, int)},
    AgentResult: {
        "status": str,
        "message": str,
        "conversation_id": (str, NoneType),
        "suspected_bugs": (tuple, list),
        "usage": (Usage, NoneType),
    },
}


def flaw(answer: Command | Outcome | Result | AgentResult) -> str | None:
    """Say what is wrong with an answer; None if it can be worked with and stored."""
    return next(_flaws(answer), None)


def size(value: object) -> int:
    """Give the length of a value as JSON, in bytes. Raises TypeError, ValueError or RecursionError if it is none."""
    try:
        encoded = orjson.dumps(value, _plain)
    except TypeError as error:
        if "ecursion" in str(error):
            raise RecursionError(TOO_DEEP) from None
        # text and numbers that orjson refuses are mended when stored
        encoded = json.dumps(value, default=_plain).encode()
    if encoded.count(b"{") + encoded.count(b"[") > LEVELS and _levels(value) > LEVELS:
        raise RecursionError(TOO_DEEP)
    return len(encoded)


def raised(error: BaseException) -> str:
    """Say what a plugin raised, and at which line of its own."""
    text = " ".join(f"raised {type(error).__name__}: {told(error)}"[:TEXT].split()).removesuffix(":")
    line = line_of(traceback.extract_tb(error.__traceback__))
    return text.removesuffix(".") + line if line else text


def line_of(frames: Iterable[traceback.FrameSummary]) -> str:
    """Say which line of a plugin's own is the innermost; nothing if there is none."""
    others = [each for each in frames if not (each.filename.startswith(OURS) or _LOADERS.match(each.filename))]
    theirs = [frame for frame in others if "-packages" in frame.filename or not frame.filename.startswith(STDLIB)]
    return f", at {Path(theirs[-1].filename).name}:{theirs[-1].lineno}" if theirs else ""


def told(error: BaseException) -> str:
    """Give the text of what a plugin raised, whatever the plugin does when it is asked for it."""
    try:
        if isinstance(error, ValidationError):  # its text is a page, with links
            return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'it'}: {each['msg']}" for each in error.errors())
        return str.__str__(str(error))  # it may be of a class of its own, which is the plugin's code again
    except BaseException as worse:  # noqa: BLE001 # it is the plugin's code too
        return f"its text cannot be had: {type(worse).__name__}"


def _flaws(value: object) -> Iterator[str]:
    """Name what is wrong, types first: what comes later relies on them."""
    kind = next(each for each in _FIELDS if isinstance(value, each))
    for name, expected in _FIELDS[kind].items():
        if not isinstance(field := getattr(value, name), expected):
            yield f"{kind.__name__}.{name} is of type {type(field).__name__}"
    yield from _CHECKS[kind](value)


def _of_command(command: Command) -> Iterator[str]:
    if not _KIND.fullmatch(command.kind):
        yield f"Command.kind is {command.kind[:100]!r}, where the name of an executor is expected"
    yield from _numbers(command, "at")
    yield from _json(command, "arguments", "metadata")
    if command.workspace is not None:
        yield from _flaws(command.workspace)
    for child in command.children:
        if isinstance(child, ChildSpec):
            yield from _flaws(child)
        else:
            yield f"Command.children has one of type {type(child).__name__}"


def _of_workspace(workspace: Workspace) -> Iterator[str]:
    yield from _texts(workspace, "overlay")


def _of_child(child: ChildSpec) -> Iterator[str]:
    yield from _numbers(child, "attempt")
    if abs(child.priority) > _MOST:
        yield f"ChildSpec.priority is {child.priority}"
    yield from _json(child, "subject", "state")


def _of_outcome(outcome: Outcome) -> Iterator[str]:
    yield from _flaws(outcome.result)
    if outcome.session_status not in (None, "failed"):
        yield f"Outcome.session_status is {outcome.session_status!r}"
    yield from _json(outcome, "state", "product")
    if outcome.product is not None and size(outcome.product) > PRODUCT_BYTES:
        yield f"its product is larger than {PRODUCT_BYTES // 1024} KiB"


def _of_result(result: Result) -> Iterator[str]:
    if not _STATUS.fullmatch(result.status):
        yield f"Result.status is {result.status[:100]!r}, where up to 100 small letters and _ are expected"
    yield from _numbers(result, "duration_s")
    if abs(result.exit_code or 0) > _MOST:
        yield f"Result.exit_code is {result.exit_code}"
    yield from _json(result, "data")
    yield from _texts(result, "files")
    if result.usage is not None:
        yield from _flaws(result.usage)


def _of_usage(usage: Usage) -> Iterator[str]:
    yield from _numbers(usage, "input_tokens", "output_tokens", "cost_usd")


def _of_agent(result: AgentResult) -> Iterator[str]:
    if result.status not in _OF_AGENTS:
        yield f"AgentResult.status is {result.status!r}, which is none of {', '.join(_OF_AGENTS)}"
    yield from _json(result, "suspected_bugs")
    if result.usage is not None:
        yield from _flaws(result.usage)


_CHECKS: Mapping[type, Callable[..., Iterator[str]]] = {
    Command: _of_command,
    Workspace: _of_workspace,
    ChildSpec: _of_child,
    Outcome: _of_outcome,
    Result: _of_result,
    Usage: _of_usage,
    AgentResult: _of_agent,
}


def _numbers(value: object, *names: str) -> Iterator[str]:
    for name in names:
        number: float = getattr(value, name)
        if not (math.isfinite(number) and 0 <= number <= _MOST):
            yield f"{type(value).__name__}.{name} is {number}"


def _json(value: object, *names: str) -> Iterator[str]:
    for name in names:
        if (given := getattr(value, name)) is EMPTY:
            continue
        try:
            size(given)
        except (TypeError, ValueError, RecursionError) as error:
            yield f"{type(value).__name__}.{name} is not JSON: {error}"


def _texts(value: object, name: str) -> Iterator[str]:
    pairs: Mapping[object, object] = getattr(value, name)
    if not all(isinstance(text, str) for pair in pairs.items() for text in pair):
        yield f"{type(value).__name__}.{name} does not map text to text"


def _levels(value: object) -> int:
    """Count the levels of a value."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return 1 + max(map(_levels, inner), default=0)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")
