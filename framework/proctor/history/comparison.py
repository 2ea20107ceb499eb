"""Compares what was recorded with what comes now, with what differs for no reason of a decision's put aside."""

import re
import sys
from dataclasses import dataclass, field
from typing import Any

from proctor.domain.orchestrator import InvalidInteraction, InvalidState, NextStep, SessionComplete
from proctor.history.differences import Difference, differences
from proctor.history.discretion import Discretion
from proctor.history.values import to_json

MOST = 5
"""Differences of one decision that are told."""

_RAISED = re.compile(r"^(step \S+ of \S+)[^:\n]*(: \w+ raised [^\n]*)\n.*", re.DOTALL)


@dataclass
class Comparison:
    """Compares values as a document holds them; `texts` gathers files of commands that only differ by their digest."""

    python: str | None = None
    """Where the interpreter stood that wrote the document: a step may name the one that runs it."""
    texts: list[str] = field(default_factory=list)

    def differences(self, recorded: object, now: object, about: str) -> list[Difference]:
        """Give the first differences that count."""
        found = list(differences(self._told(recorded), self._here(self._told(now))))
        for each in found:
            if each.only_digest and (text := f"{about}: {each.place}") not in self.texts:
                self.texts.append(text)
        return [each for each in found if not each.only_digest][:MOST]

    def _told(self, value: object) -> Any:
        """Give a value as a document would hold it."""
        return _without_places(Discretion().applied(to_json(_plain(value))))

    def _here(self, value: Any) -> Any:
        """Put the recording interpreter in the place of ours."""
        if self.python is None:
            return value
        if isinstance(value, str):
            return re.sub(rf"{re.escape(sys.executable)}(?![\w.-])", lambda _: str(self.python), value)
        if isinstance(value, dict):
            return {key: self._here(item) for key, item in value.items()}
        return [self._here(item) for item in value] if isinstance(value, list) else value


def _plain(value: object) -> object:
    match value:
        case NextStep(step):
            return {"next": step}
        case SessionComplete():
            return {"next": "complete"}
        case InvalidInteraction(step):
            return {"next": f"there is no step {step}"}
        case InvalidState(step, status):
            return {"next": f"{step} does not know the status {status}"}
        case _:
            return value


def _without_places(value: Any) -> Any:
    """Put aside where in its code, and in which version of it, a plugin raised: that is told with its fault."""
    if isinstance(value, dict) and isinstance(message := value.get("error_message"), str):
        return {**value, "error_message": _RAISED.sub(r"\1\2", message)}
    return value
