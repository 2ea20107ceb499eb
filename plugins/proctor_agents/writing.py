"""A pytest file from the examples in a module's docstrings."""

import ast
import doctest
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from proctor_agents.cases import cases_of
from proctor_agents.doctests import Example, Subject, harvest
from proctor_agents.naming import Names, case_of
from proctor_agents.resolution import Resolution
from proctor_agents.scope import Bindings, bindings_of, quietly
from proctor_agents.testfile import Import, TestFile
from proctor_agents.translation import Passage, UntranslatableError, indent, quote, translate
from proctor_python.programs.entry import runs_when_imported

PROGRAM = 'importing it runs the program: it acts outside of `if __name__ == "__main__":`'
"""Why a `__main__` module gets no tests."""


@dataclass(frozen=True, slots=True)
class WrittenTest:
    """One test and where it comes from."""

    name: str
    subject: str
    """The qualified name of what the docstring documents; "" for the module."""
    line: int
    """Where the docstring's first example of this test stands in the source."""
    passages: tuple[Passage, ...]
    imports: tuple[str, ...] = ()
    """Imports at the head of the test's own body."""
    shared: frozenset[str] = frozenset()
    """Names that the test file imports from the module."""

    def code(self, forms: Sequence[bool] | None = None) -> str:
        """Return the test function.

        `forms` says for each passage whether it stands in the shown form; a short one cuts the test, and None means
        all of it in the plain form.
        """
        forms = [False] * len(self.passages) if forms is None else forms
        passages = (passage.form(form) for passage, form in zip(self.passages, forms, strict=False))
        body = "\n".join([*self.imports, *passages])
        arguments = "capsys" if re.search(r"\bcapsys\b", body) else ""
        return f"def {self.name}({arguments}):\n{indent(body)}\n"


@dataclass(frozen=True, slots=True)
class Skipped:
    """An example that is not in the draft, and why."""

    subject: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of a test file, its tests, and the examples left out; all empty if there was nothing to write."""

    text: str = ""
    tests: tuple[WrittenTest, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def write_tests(source: str, module: str, *, header: str | None = None, flags: int = 0) -> Draft:
    """Write the tests of a module from the examples in its docstrings.

    `module` is its dotted name for imports, `header` replaces the test file's docstring, and `flags` are the doctest
    flags that the project sets for all of its examples. The same input always gives the same text.
    """
    with quietly():
        return _write(source, module, header, flags)


def _write(source: str, module: str, header: str | None, flags: int) -> Draft:
    try:
        subjects, bindings, tree = harvest(source), bindings_of(source), ast.parse(source)
    except (SyntaxError, ValueError) as error:
        return Draft(skipped=(Skipped("", 1, f"the module cannot be read: {error}"),))
    if runs_when_imported(module, tree):
        return Draft(skipped=(Skipped("", 1, PROGRAM),))
    writer = _Writer(module, bindings, flags)
    for subject in subjects:
        writer.write(subject)
    if not writer.tests:
        return Draft(skipped=tuple(writer.skipped))
    return Draft(_file(module, bindings, writer.tests, header).render(), tuple(writer.tests), tuple(writer.skipped))


class _Writer:
    def __init__(self, module: str, bindings: Bindings, flags: int) -> None:
        self._module, self._bindings, self._flags = module, bindings, flags
        self._names = Names()
        self.tests: list[WrittenTest] = []
        self.skipped: list[Skipped] = []

    def write(self, subject: Subject) -> None:
        wanted = [replace(example, flags=example.flags | self._flags) for example in subject.examples]
        for example in wanted:
            if example.flags & doctest.SKIP:
                self._skip(subject, example, "its author skips it")
        cases = cases_of([example for example in wanted if not example.flags & doctest.SKIP])
        drafts = [draft for case in cases if (draft := self._test(subject, case))]
        for draft in drafts:
            case = case_of(subject.name, [passage.example for passage in draft.passages]) if len(drafts) > 1 else ""
            name = self._names.give(subject.name or self._module.rpartition(".")[2], case)
            self.tests.append(replace(draft, name=name))

    def _test(self, subject: Subject, case: Sequence[Example]) -> WrittenTest | None:
        """Translate examples up to the first that cannot be; None if nothing is asserted."""
        resolution = Resolution.of(self._module, self._bindings, case)
        passages: list[Passage] = []
        for example in case:
            try:
                source, raises = resolution.admit(example)
                if source:
                    source = _named_as_at_prompt(source, case)
                    passages.append(translate(replace(example, source=source), raises))
            except UntranslatableError as error:
                self._skip(subject, example, str(error))
                break
        own, shared = tuple(resolution.own), frozenset(resolution.shared)
        test = WrittenTest("test", subject.name, subject.line, tuple(passages), own, shared)
        while test.passages and not _compiles(test.code()):
            self._skip(subject, test.passages[-1].example, "it cannot stand in a function")
            test = replace(test, passages=test.passages[:-1])
        if not any(passage.asserts for passage in test.passages):
            return None
        return replace(test, line=test.passages[0].example.line)

    def _skip(self, subject: Subject, example: Example, reason: str) -> None:
        self.skipped.append(Skipped(subject.name, example.line, reason))


def _named_as_at_prompt(source: str, case: Sequence[Example]) -> str:
    """Take the test's name out of that of a class or function that a case defines and shows, or calls in an error."""
    expected = "".join(f"{example.expected} {example.exception or ''}" for example in case)
    shown = [
        node.name
        for node in ast.parse(source).body
        if (isinstance(node, ast.ClassDef) and re.search(rf"\b{node.name}\b", expected))
        or (isinstance(node, ast.FunctionDef) and re.search(rf"\b{node.name}(\(\)| at )", expected))
    ]
    return "\n".join([source, *(f"{name}.__qualname__ = {quote(name)}" for name in shown)])


def _compiles(code: str) -> bool:
    try:
        compile(code, "<test>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _file(module: str, bindings: Bindings, tests: Sequence[WrittenTest], header: str | None) -> TestFile:
    title = header or f"Tests of {module}; they expect what the examples in its documentation show."
    shared = {name for test in tests for name in test.shared}
    imports = {name: Import(name, None if name in bindings.modules else module) for name in shared}
    return TestFile(f'"""{title}"""', imports, tuple((test.name, test.code()) for test in tests))
