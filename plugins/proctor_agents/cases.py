"""The examples of one docstring, parted into the fewest runs that need nothing of each other.

doctest runs all examples of a docstring in order and in one namespace. Two of them belong into one test if they share a
name that one of them binds, or if something between them was done for its effect alone. Imports, definitions and names
of constants can be repeated without harm: each test that reads them gets its own copy.
"""

import ast
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from proctor_agents.doctests import Example
from proctor_agents.scope import Names, names_of, outer_names


@dataclass(frozen=True, slots=True)
class _Part:
    example: Example
    names: Names
    repeatable: bool


def cases_of(examples: Sequence[Example]) -> tuple[tuple[Example, ...], ...]:
    """Part examples into independent cases, each in the order of the docstring."""
    parts = _parts(examples)
    chained = [part for part in parts if not part.repeatable]
    labels = _labels(chained)
    cases = [
        [part for part, label in zip(chained, labels, strict=True) if label == first] for first in sorted(set(labels))
    ]
    return tuple(tuple(part.example for part in _with_setup(case, parts)) for case in cases)


def _parts(examples: Sequence[Example]) -> list[_Part]:
    names = [_names(example) for example in examples]
    times = Counter(name for each in names for name in each.bound)
    times.update(_base_classes(examples))  # a class knows its subclasses: they belong together
    fixed = [
        _is_constant(example) and all(times[name] == 1 for name in each.bound)
        for example, each in zip(examples, names, strict=True)
    ]
    while True:  # what reads something that cannot be repeated cannot be repeated either
        chained = {name for each, keep in zip(names, fixed, strict=True) if not keep for name in each.bound}
        still = [keep and not each.read & chained for each, keep in zip(names, fixed, strict=True)]
        if still == fixed:
            return [_Part(*each) for each in zip(examples, names, fixed, strict=True)]
        fixed = still


def _names(example: Example) -> Names:
    try:
        return names_of(example.source)
    except SyntaxError:
        return Names(frozenset(), frozenset())


def _base_classes(examples: Sequence[Example]) -> set[str]:
    found: set[str] = set()
    for example in examples:
        with suppress(SyntaxError):
            classes = [node for node in ast.walk(ast.parse(example.source)) if isinstance(node, ast.ClassDef)]
            found |= {base.id for node in classes for base in node.bases if isinstance(base, ast.Name)}
    return found


def _is_constant(example: Example) -> bool:
    """Whether the code does nothing but import, define, or name a constant."""
    if example.expected:
        return False
    try:
        body = ast.parse(example.source).body
    except SyntaxError:
        return False
    return all(_is_constant_statement(statement) for statement in body)


def _is_constant_statement(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom():
            return True
        case ast.FunctionDef(decorator_list=[]) | ast.ClassDef(decorator_list=[], bases=[], keywords=[]):
            return True
        case ast.Assign(targets=[ast.Name()], value=value):
            return _is_constant_value(value)
    return False


def _is_constant_value(value: ast.expr) -> bool:
    match value:
        case ast.Constant() | ast.Lambda():
            return True
        case ast.UnaryOp(operand=operand):
            return _is_constant_value(operand)
        case ast.Tuple(elts=elements):
            return all(_is_constant_value(element) for element in elements)
    return False


def _labels(parts: Sequence[_Part]) -> list[int]:
    """Give each part the number of the first part that it belongs together with."""
    if _remembers(parts):
        return [0] * len(parts)
    values = _values(parts)
    effects = [_is_effect(part, parts) for part in parts]
    labels: list[int] = []
    for index in range(len(parts)):
        joined = {label for earlier, label in enumerate(labels) if effects[earlier] or values[index] & values[earlier]}
        label = min(joined, default=index)
        labels = [label if old in joined else old for old in labels] + [label]
    return labels


def _values(parts: Sequence[_Part]) -> list[frozenset[tuple[str, int]]]:
    """Tell the values that each part has to do with; a name that is simply bound anew stands for another one."""
    late = {name for part in parts for name in _read_later(part.example.source)}
    current = {name: 0 for part in parts for name in part.names.bound}
    values: list[frozenset[tuple[str, int]]] = []
    for part in parts:
        mine = (part.names.read | part.names.bound) & current.keys()
        for name in _assigned(part.example.source) - part.names.read - late:
            current[name] += 1
        values.append(frozenset((name, current[name]) for name in mine))
    return values


def _assigned(source: str) -> set[str]:
    """Return the names that a single plain assignment binds."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return set()
    match body:
        case [ast.Assign(targets=[ast.Name(id=name)])]:
            return {name}
    return set()


def _read_later(source: str) -> frozenset[str]:
    """Return the names read in nested scopes, which see what they stand for when they run."""
    try:
        return outer_names(source)
    except SyntaxError:
        return frozenset()


def _is_effect(part: _Part, parts: Sequence[_Part]) -> bool:
    """Whether code shows nothing, binds nothing that another example reads, and does not just change one variable."""
    read = {name for other in parts if other is not part for name in other.names.read}
    if part.example.expected or part.names.bound & read:
        return False
    return _changed(part.example.source) not in _bound_by(parts)


def _bound_by(parts: Sequence[_Part]) -> set[str]:
    return {name for part in parts for name in part.names.bound}


def _changed(source: str) -> str:
    """Return the variable whose method is called or whose item or attribute is set, by a line that does only that."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return ""
    match body:
        case [ast.Expr(value=ast.Call(func=ast.Attribute() as target))]:
            pass
        case [ast.Assign(targets=[target]) | ast.AugAssign(target=target) | ast.Delete(targets=[target])]:
            pass
        case _:
            return ""
    root: ast.expr = target
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    return root.id if isinstance(root, ast.Name) and root is not target else ""


def _remembers(parts: Sequence[_Part]) -> bool:
    """Whether code without variables shows different things at different times: then order matters throughout."""
    bound = _bound_by(parts)
    outcomes: dict[str, str] = {}
    return any(
        outcomes.setdefault(part.example.source, part.example.expected) != part.example.expected
        for part in parts
        if not part.names.read & bound
    )


def _with_setup(case: Sequence[_Part], parts: Sequence[_Part]) -> list[_Part]:
    """Add the repeatable parts whose names a case reads, and what those read in turn."""
    wanted = {name for part in case for name in part.names.read}
    chosen: list[_Part] = []
    for part in reversed([part for part in parts if part.repeatable]):
        if part.names.bound & wanted or not part.names.bound:  # binds nothing visible: a star import
            chosen.append(part)
            wanted |= part.names.read
    own = {id(part) for part in [*case, *chosen]}
    return [part for part in parts if id(part) in own]
