"""What the user should know of a package before it is tested: what is missing, and what does not work today."""

import re
from collections.abc import Iterator, Sequence

from proctor_python.survey import Suite, Survey

NAMED = 3
CAUSE = re.compile(r"^E +((?:\w+\.)*\w+: .+?)(?: \(/[^()]*\))?$", re.MULTILINE)
CHARACTERS = 120
"""Of a cause."""


def notices(survey: Survey) -> list[str]:
    """Give it in short sentences, without full stops."""
    broken = [component.name for component in survey.components if component.import_error]
    told = [*survey.notices]
    if broken:
        told.append(f"{_number(len(broken), 'module does', 'modules do')} not import: {_few(broken)}")
    return [*told, *_of_suite(survey.suite)]


def _of_suite(suite: Suite) -> Iterator[str]:
    failing = sum(outcome in ("failed", "error") for outcome in suite.outcomes.values())
    if failing:
        yield f"{failing} of {_number(len(suite.outcomes), 'existing test fails', 'existing tests fail')}"
    if suite.uncollected:
        files = [f"{file}{_cause(message)}" for file, message in suite.uncollected.items()]
        yield f"pytest cannot collect {_few(files)}"
    if suite.unreached:
        yield f"{_number(suite.unreached, 'existing test was', 'existing tests were')} not reached in the time there is"
    elif not suite.ended and suite.message:
        yield f"the existing tests did not come to an end: {suite.message.splitlines()[0].rstrip(': ')}"


def _cause(message: str) -> str:
    """Give the error that pytest marks as the cause, in brackets; without where a module lies on this machine."""
    marked = CAUSE.findall(message)
    return f" ({marked[-1].rstrip()[:CHARACTERS]})" if marked else ""


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
