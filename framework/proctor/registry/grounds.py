"""What strangers' steps stand on: where that cannot be used, neither can they."""

from collections.abc import Mapping

from proctor.contracts import Step, Wrapper
from proctor.domain.json import EMPTY
from proctor.domain.workflow import PinnedStep, PinnedWrapper

Placed = Step | Wrapper | PinnedStep | PinnedWrapper


def fallen(steps: Mapping[str, Placed | None]) -> Mapping[str, str]:
    """Find the steps that stand on one that is broken (None), or on one that stands on such: name -> on which."""
    lost = {name: "" for name, step in steps.items() if step is None}
    while falling := {
        name: min(ground)
        for name, step in steps.items()
        if step is not None and name not in lost and (ground := _ground(name, step) & lost.keys())
    }:
        lost |= falling
    return {name: ground for name, ground in lost.items() if ground}


def _ground(full_name: str, step: Placed) -> set[str]:
    """Name the steps without which a stranger's step cannot be placed, or its table leads nowhere."""
    workflow = full_name.partition(".")[0]
    places = {getattr(step, place, None) for place in ("after", "before", "replaces", "wraps")} - {None}
    targets = set(getattr(step, "transitions", EMPTY).values()) if places else set()
    return {f"{workflow}.{place}" for place in places | targets}
