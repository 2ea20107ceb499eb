"""What to do with a written test that fails: compare as doctest would, then give it up and say what looks wrong."""

import ast
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from proctor.contracts.agent import Finding
from proctor_agents.doctests import Example
from proctor_agents.scope import quietly
from proctor_agents.testfile import TestFile, is_recorded
from proctor_agents.translation import expected_exception, indent, quote
from proctor_agents.writing import Draft, WrittenTest
from proctor_python.findings import PROVES_NOTHING

MOST = 4_000
"""Characters of each text in a suspected bug; of a longer one the beginning and the end are told, `…` between them."""
NOTHING = "nothing, as None shows"
_PLACE = re.compile(r"\.py(?::|\", line )(\d+)")
# What a test meets when its surroundings lack something; neither code nor documentation is to blame.
_SURROUNDINGS = re.compile(
    r"(\w+\.)*(ImportError|ModuleNotFoundError|FileNotFoundError|PermissionError|"
    r"Connection\w*Error|TimeoutError|URLError|gaierror)\b"
)


@dataclass(frozen=True, slots=True)
class SuspectedBug:
    """An example that the code does not bear out: one of the two is wrong."""

    test: str
    subject: str
    line: int
    example: str
    expected: str
    """What the documentation shows, of an exception the type and the message."""
    message: str
    """What was found, as an example would show it."""


@dataclass(frozen=True, slots=True)
class Repair:
    """The test file after a repair, whether it differs, and what was given up."""

    text: str
    changed: bool = False
    suspected_bugs: tuple[SuspectedBug, ...] = ()
    removed: tuple[str, ...] = ()
    """Tests that are gone altogether, also those that only lack something in their surroundings."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """A failing test: the forms its passages stand in, and which of them failed, if that is known."""

    test: WrittenTest
    forms: tuple[bool, ...]
    at: int | None
    finding: Finding


def repair(text: str, findings: Iterable[Finding], draft: Draft) -> Repair:
    """Answer the findings of `run_tests` about tests of a draft; those of other checks are left as they are.

    A recorded test that any check finds something wrong with is removed: nobody promised what it expects.

    A failing comparison by value is first written the way doctest compares. If it fails like that too, the examples
    from there on are taken out and the disagreement is a suspected bug. Tests that are not as the draft wrote them
    stay as they are. Raises SyntaxError if the text is not Python.
    """
    with quietly():
        return _repair(text, findings, {test.name: test for test in draft.tests})


def _repair(text: str, findings: Iterable[Finding], tests: dict[str, WrittenTest]) -> Repair:
    changes: dict[str, str | None] = {}
    bugs: list[SuspectedBug] = []
    file = TestFile.read(text)
    places = {node.name: node.lineno for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    for finding in findings:
        name = finding.test.rpartition("::")[2].partition("[")[0]
        code = next((code for block, code in file.blocks if block == name), None)
        if code is not None and is_recorded(code):
            changes[name] = None  # it records something that does not stay as it was
            continue
        if finding.check != "run_tests" or name not in tests or name in changes or code is None:
            continue
        forms = _forms(tests[name], code)
        if forms is not None:
            failure = _Failure(tests[name], forms, _failing(tests[name], forms, places[name], finding.detail), finding)
            changes[name] = _answer(failure, bugs)
    if not changes:
        return Repair(text)
    removed = tuple(name for name, code in changes.items() if code is None)
    return Repair(file.replace(changes).render(), True, tuple(bugs), removed)


def _answer(failure: _Failure, bugs: list[SuspectedBug]) -> str | None:
    """Return the test's next form, or None to remove it; a test that gets shorter is a suspected bug."""
    test, forms, at = failure.test, failure.forms, failure.at
    shown = tuple(form or at in (None, index) for index, form in enumerate(forms))
    disagrees = _disagrees(failure.finding.message)
    if test.code(shown) != test.code(forms) and disagrees:
        return test.code(shown)
    if disagrees:
        bugs.append(_bug(failure))
    kept = _asserting(test, forms[:at]) if at is not None else ()
    return test.code(kept) if kept else None


def _disagrees(message: str) -> bool:
    """Tell whether code and documentation disagree: a test that lacks something or was skipped shows nothing of it."""
    return not _SURROUNDINGS.match(message) and message not in PROVES_NOTHING.values()


def _asserting(test: WrittenTest, forms: Sequence[bool]) -> Sequence[bool]:
    """Cut forms after the last passage that asserts something."""
    last = max((index for index, _ in enumerate(forms) if test.passages[index].asserts), default=-1)
    return forms[: last + 1]


def _bug(failure: _Failure) -> SuspectedBug:
    passages = failure.test.passages[: len(failure.forms)]
    asserting = [passage for passage in passages if passage.asserts]
    example = (passages[failure.at] if failure.at is not None else asserting[0]).example
    source = example.source
    if failure.at is None and len(passages) > 1:  # nobody knows which: show them all
        source = "\n".join(passage.example.source for passage in passages)
    test, expected = failure.test, example.exception or example.expected
    found = [*map(_shortened, (source, expected, _found(failure.finding, example)))]
    return SuspectedBug(test.name, test.subject, example.line, *found)


def _found(finding: Finding, example: Example) -> str:
    """Tell what came instead of what an example shows; its test compares texts unless something was raised."""
    match _compared(finding.found):
        case (str(got), str()) if example.exception is None:
            return _as_shown(got, example)
        case (str(got), str(wanted)):
            name, _ = expected_exception(example)
            return got if wanted == name.rpartition(".")[2] else f"{name}: {got}"
    return finding.found or finding.message


def _compared(found: str) -> tuple[object, object] | None:
    with suppress(SyntaxError, ValueError, MemoryError, RecursionError):
        match ast.parse(found, mode="eval").body:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                return ast.literal_eval(left), ast.literal_eval(right)
    return None


def _as_shown(got: str, example: Example) -> str:
    """Give a text as it is, or as a literal where it would not show what differs from the expected one."""
    if not got:
        return NOTHING
    visible = all(line.isprintable() and line == line.rstrip() for line in got.split("\n"))
    return got.rstrip("\n") if visible and got.split() != example.text.split() else quote(got)


def _shortened(text: str) -> str:
    return text if len(text) <= MOST else f"{text[: MOST // 2]}…{text[-MOST // 2 :]}"


def _forms(test: WrittenTest, code: str) -> tuple[bool, ...] | None:
    """Read from a test's code which form each of its passages has; None if it was not written by us."""
    forms: list[bool] = []
    rest = code.strip("\n").partition(":\n")[2] + "\n"
    for line in test.imports:
        rest = rest.removeprefix(f"    {line}\n")
    for passage in test.passages:
        for shown in (False, True):
            lines = indent(passage.form(shown)) + "\n"
            if rest.startswith(lines):
                forms.append(shown)
                rest = rest.removeprefix(lines)
                break
    return tuple(forms) if test.code(forms).strip("\n") == code.strip("\n") else None


def _failing(test: WrittenTest, forms: Sequence[bool], start: int, detail: str) -> int | None:
    """Find the passage that failed from the first place in a traceback that lies in the test."""
    end = start + len(test.imports)
    first = _PLACE.search(detail)
    for index, form in enumerate(forms):
        begin, end = end + 1, end + test.passages[index].form(form).count("\n") + 1
        if first and begin <= int(first[1]) <= end:
            return index
    return None
