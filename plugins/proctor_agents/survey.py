"""What has to be known of a module before it is tried out, read from the workspace without running anything."""

import ast
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from proctor import Task
from proctor_agents.doctests import harvest
from proctor_agents.inputs import calls, is_guessed
from proctor_agents.lineage import lineages
from proctor_agents.recordable import Recordable, recordables, values_of
from proctor_agents.scope import bindings_of
from proctor_agents.sightings import Filled, assigned, sightings
from proctor_agents.writing import Draft
from proctor_python.programs.entry import runs_when_imported


@dataclass(frozen=True, slots=True)
class Survey:
    """What can be tried out of a module, and with what."""

    root: Path
    """The folder that the module is imported from."""
    things: tuple[tuple[Recordable, tuple[str, ...]], ...]
    """Each with the argument lists to try."""
    raises: tuple[int, ...]
    """The lines of `raise` statements: what they raise is meant."""
    told: frozenset[str]
    """What the examples show themselves, as normalised source: that is theirs to say."""
    passed_over: frozenset[str]
    """What is only constructed, for its methods: its examples are tests already, or its arguments a guess."""


def survey(task: Task, source: str, draft: Draft) -> Survey:
    """Survey a module. Raises SyntaxError or ValueError for a source that cannot be read."""
    tree = ast.parse(source)
    told, documented = frozenset(_told(source)), frozenset(test.subject for test in draft.tests)
    root = _import_root(task)
    package = root / task.component.name.partition(".")[0]
    found = () if runs_when_imported(task.component.name, tree) else _recordables(task, root, tree, documented)
    if all(thing.name in documented for thing in found):
        return Survey(root, (), (), told, documented)
    names = bindings_of(source).surely
    last = frozenset(thing.last for thing in found)
    seen = sightings(task.workspace, package if package.is_dir() else package.with_suffix(".py"), last, names)
    classes = {node.name: values_of(node) for node in tree.body if isinstance(node, ast.ClassDef)}
    things = tuple((thing, calls(thing, seen.get(thing.last, ()), classes)) for thing in found)
    guessed = {thing.name for thing in found if thing.last not in seen and is_guessed(thing, classes)}
    return Survey(root, things, tuple(_raising(tree)), told, documented | guessed)


def _recordables(task: Task, root: Path, tree: ast.Module, documented: frozenset[str]) -> tuple[Recordable, ...]:
    return recordables(tree, documented, lineages(root, task.workspace / task.component.path, tree))


def _import_root(task: Task) -> Path:
    path = Path(task.component.path).with_suffix("")
    parts = path.parts[:-1] if path.name == "__init__" else path.parts
    return task.workspace.joinpath(*parts[: len(parts) - task.component.name.count(".") - 1])


def _told(source: str) -> Iterator[str]:
    """Yield the expressions that examples show, their variables replaced by what was assigned to them."""
    for subject in harvest(source):
        with suppress(SyntaxError):
            body = [node for example in subject.examples for node in ast.parse(example.source).body]
            values = assigned(body, {})
            for node in body:
                if isinstance(node, ast.Expr):
                    yield ast.unparse(node)
                    yield ast.unparse(Filled(values).visit(node))


def _raising(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)
