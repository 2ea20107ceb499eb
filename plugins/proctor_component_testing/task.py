"""The words in which an agent is asked."""

from collections.abc import Iterator

from proctor import Component, Finding
from proctor_component_testing.state import Memory
from proctor_python.component import Component as Facts

RULES = """\
Rules
- Write pytest tests in {target}. Nothing else may change{fixtures}; other changes are thrown away.
- Every test asserts something that would fail if the code were wrong. One behaviour a test, a name that says which.
- Tests pass alone, in any order, with any PYTHONHASHSEED, without network, clock or files outside tmp_path.
- Do not change the code under test. If a test fails because the code looks wrong, leave the test out and report it:
  append a JSON line {{"test": "...", "message": "..."}} to the file that $PROCTOR_SUSPECTED_BUGS names, or say so.
- Do not weaken a test until it passes, do not skip it, and do not mark it xfail."""


def writing_task(component: Component, memory: Memory) -> str:
    """Ask for the component's tests."""
    parts = [
        f"Write the tests of the Python module {component.name} ({component.path}).",
        _rules(memory),
        *_described(memory.facts),
    ]
    if memory.import_error:
        parts.append(f"Importing the module failed:\n{memory.import_error}")
    if memory.previous:
        parts.append(f"An earlier attempt failed:\n{memory.previous}")
    return "\n\n".join(parts) + "\n"


def fixing_task(component: Component, memory: Memory) -> str:
    """Ask for what was found to be put right."""
    found = memory.found()
    parts = [
        f"The tests of {component.name} in {memory.target} were run.",
        "Put right what was found. Tests that are not named are good: leave them as they are.",
        "\n\n".join(_finding(number, finding) for number, finding in enumerate(found, 1)),
        _rules(memory),
    ]
    if memory.discarded:
        parts.append("These changes were thrown away, because they are not allowed: " + ", ".join(memory.discarded))
    return "\n\n".join(parts) + "\n"


def _rules(memory: Memory) -> str:
    return RULES.format(target=memory.target, fixtures=f" (data files for them may lie in {memory.may_write[1]})")


def _described(facts: Facts | None) -> Iterator[str]:
    if facts is None:
        return
    if facts.names:
        lines = (f"- {name.kind} {name.name}{name.signature}: {name.doc}".rstrip(": ") for name in facts.names[:100])
        yield "Public names\n" + "\n".join(lines)
    if facts.open_lines:
        yield f"Lines that no test executes yet: {facts.open_lines}"
    if facts.tests:
        yield "Existing tests that mention it: " + ", ".join(mention.path for mention in facts.tests)
    if facts.neighbour:
        yield f"Follow the style of {facts.neighbour}"
    if facts.specification:
        yield f"Its specification ({facts.specification.path}):\n{facts.specification.text}"


def _finding(number: int, finding: Finding) -> str:
    detail = f"\n{finding.detail}" if finding.detail and finding.detail != finding.message else ""
    whole = f"\nIn full: {finding.found}" if finding.found not in f"{finding.message}{detail}" else ""
    return f"{number}. {finding.test or 'the file as a whole'} ({finding.check}): {finding.message}{detail}{whole}"
