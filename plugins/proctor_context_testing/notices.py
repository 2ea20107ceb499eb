"""What the user should know of a package before it is tested: what is missing, and what does not work today."""

from collections.abc import Iterator, Sequence

from proctor_python.survey import Suite, Survey

NAMED = 3


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
        yield f"pytest cannot collect {_few([*suite.uncollected])}"
    if suite.unreached:
        yield f"{_number(suite.unreached, 'existing test was', 'existing tests were')} not reached in the time there is"
    elif not suite.ended and suite.message:
        yield f"the existing tests did not come to an end: {suite.message.splitlines()[0].rstrip(': ')}"


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
