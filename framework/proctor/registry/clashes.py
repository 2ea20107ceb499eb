"""Why a workflow cannot be pinned: an error tells the first reason, and to find the next one its steps are left out."""

from collections.abc import Callable, Collection, Iterator, Mapping

from proctor.errors import ProctorError
from proctor.registry.grounds import Placed


def clashes(
    pin: Callable[[Collection[str]], object], steps: Callable[[], Mapping[str, Placed]]
) -> Iterator[ProctorError]:
    """Give each error that `pin` raises while ever more steps, by full name, are kept out of it."""
    without: set[str] = set()
    while True:
        try:
            pin(without)
        except ProctorError as error:
            yield error
            found = _named(error, steps()) - without
            if not found:
                return
            without |= found
        else:
            return


def _named(error: ProctorError, steps: Mapping[str, Placed]) -> set[str]:
    """Give the full names of the steps that an error names, and of those that stand in the place of one."""
    workflow = error.facts.get("workflow")
    names = [error.facts.get("step"), *str(error.facts.get("steps", "")).split(", ")]
    named = {f"{workflow}.{name}" for name in names} | {str(error.facts.get("name"))}
    return named | {name for name, step in steps.items() if _replaced(name, step) in named}


def _replaced(full_name: str, step: Placed) -> str:
    return f"{full_name.partition('.')[0]}.{getattr(step, 'replaces', None)}"
