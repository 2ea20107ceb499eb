"""Calls that a package's own examples and tests make, as argument lists that can be written down anywhere.

Only the syntax tree is read. A name in an argument is replaced by the literal that it stands for where that can be
seen: an assignment before, a row of `pytest.mark.parametrize`, a row of a loop.
"""

import ast
import builtins
import copy
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from proctor_agents.doctests import harvest
from proctor_agents.scope import names_of

LONGEST = 100
MOST = 60
FILES, FILE_BYTES = 300, 400_000
STANDARD = frozenset({"collections", "datetime", "decimal", "fractions", "functools", "io", "itertools", "operator"})
"""Modules that an argument may name; a test that does imports them."""
_ROWS = 24
_UNSAFE = {
    *("open", "input", "exec", "eval", "compile", "exit", "quit", "breakpoint", "print", "help", "id", "globals"),
    *("locals", "vars", "__import__", "memoryview", "super", "copyright", "credits", "license", "setattr", "delattr"),
}
_SAFE = frozenset(dir(builtins)) - _UNSAFE
Values = Mapping[str, ast.expr]
Sightings = Mapping[str, Sequence[str]]
"""Last name of what is called -> argument lists, the shortest first."""


def sightings(root: Path, package: Path, wanted: frozenset[str], names: frozenset[str]) -> Sightings:
    """Read the tests below `root` and the examples below `package` for calls of what is wanted.

    Their arguments may use `names` of the module.
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    known = _SAFE | STANDARD | names
    for tree in [*_tests(root), *_examples(package)]:
        for name, arguments in _calls(tree, wanted, known):
            if len(found[name]) < 4 * MOST:
                found[name].setdefault(arguments)
    return {name: sorted(lists, key=lambda text: (len(text), text))[:MOST] for name, lists in found.items()}


def _files(root: Path, patterns: Sequence[str]) -> list[Path]:
    paths = {path for pattern in patterns for path in root.rglob(pattern) if ".git" not in path.parts}
    return [path for path in sorted(paths) if path.is_file() and path.stat().st_size < FILE_BYTES][:FILES]


def _tests(root: Path) -> Iterator[ast.Module]:
    for path in _files(root, ("test_*.py", "*_test.py", "tests.py")):
        with suppress(OSError, SyntaxError, ValueError), warnings.catch_warnings(action="ignore"):
            yield ast.parse(path.read_text(encoding="utf-8", errors="replace"))


def _examples(package: Path) -> Iterator[ast.Module]:
    for path in [package] if package.is_file() else _files(package, ("*.py",)):
        with suppress(OSError, SyntaxError, ValueError), warnings.catch_warnings(action="ignore"):
            for subject in harvest(path.read_text(encoding="utf-8", errors="replace")):
                with suppress(SyntaxError):
                    yield ast.parse("\n".join(example.source for example in subject.examples))


def _calls(tree: ast.Module, wanted: frozenset[str], known: frozenset[str]) -> Iterator[tuple[str, str]]:
    top = assigned(tree.body, {})
    for nodes in _bodies(tree):
        found = [(name, node) for node in nodes if isinstance(node, ast.Call) and (name := _called(node)) in wanted]
        if found:
            values = assigned(nodes, top) if nodes[0] is not tree else top
            rows = [*_parametrised(nodes[0], top), *_looped(nodes, values)]
            for row in rows or [{}]:
                for name, node in found:
                    arguments = _arguments(node, {**values, **row}, known)
                    if arguments is not None:
                        yield name, arguments


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _bodies(tree: ast.Module) -> Iterator[list[ast.AST]]:
    """Yield the nodes of each function, itself first, and then those of the top level, the module first."""
    inside: set[int] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            nodes = list(ast.walk(function))
            inside.update(map(id, nodes))
            yield nodes
    yield [node for node in ast.walk(tree) if id(node) not in inside]


def assigned(nodes: Iterable[ast.AST], known: Values) -> dict[str, ast.expr]:
    """Return what names stand for that are bound once; one that is bound again stands for nothing known."""
    values, twice = dict(known), set[str]()
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                twice.update({name} & values.keys() - known.keys())
                values[name] = value
    return {name: value for name, value in values.items() if name not in twice}


def _parametrised(function: ast.AST, top: Values) -> Iterator[Values]:
    for decorator in getattr(function, "decorator_list", []):
        match decorator:
            case ast.Call(func=ast.Attribute(attr="parametrize"), args=[names, rows, *_]):
                with suppress(ValueError, TypeError, SyntaxError):
                    told = ast.literal_eval(names)
                    words = [word.strip() for word in (told.split(",") if isinstance(told, str) else told)]
                    yield from _rows(words, top.get(rows.id, rows) if isinstance(rows, ast.Name) else rows)


def _looped(nodes: Iterable[ast.AST], values: Values) -> Iterator[Values]:
    for node in nodes:
        if isinstance(node, ast.For):
            targets = node.target.elts if isinstance(node.target, ast.Tuple) else [node.target]
            rows = values.get(node.iter.id, node.iter) if isinstance(node.iter, ast.Name) else node.iter
            if all(isinstance(target, ast.Name) for target in targets):
                yield from _rows([ast.unparse(target) for target in targets], rows)


def _rows(names: Sequence[str], rows: ast.expr) -> Iterator[Values]:
    if not isinstance(rows, ast.List | ast.Tuple):
        return
    for row in rows.elts[:_ROWS]:
        cells = [row]
        if isinstance(row, ast.Call) and ast.unparse(row.func).endswith("param"):
            cells = row.args
        elif len(names) > 1 and isinstance(row, ast.List | ast.Tuple):
            cells = row.elts
        if len(cells) == len(names):
            yield dict(zip(names, cells, strict=True))


class Filled(ast.NodeTransformer):
    """Puts what names stand for in their place, and in the place of the names in that."""

    def __init__(self, values: Values, depth: int = 3) -> None:
        self.values, self.depth = values, depth

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Put in a copy."""
        value = self.values.get(node.id)
        if value is None or not self.depth:
            return node
        filled = Filled(self.values, self.depth - 1).visit(copy.deepcopy(value))
        assert isinstance(filled, ast.expr)
        return filled


def _arguments(call: ast.Call, values: Values, known: frozenset[str]) -> str | None:
    """Write a call's arguments so that they mean the same elsewhere; None if that cannot be done in a few words."""
    if len(ast.unparse(call)) > 3 * LONGEST or not all(word.arg for word in call.keywords):
        return None
    filled = ast.Call(ast.Name("f"), copy.deepcopy(call.args), copy.deepcopy(call.keywords))
    text = ast.unparse(Filled(values).visit(filled))[2:-1]
    large = "range(" in text and re.search(r"\d{4}", text)
    return text if len(text) <= LONGEST and not large and _is_portable(text, known) else None


def _is_portable(text: str, known: frozenset[str]) -> bool:
    try:
        read, tree = names_of(f"dict({text})").read, ast.parse(f"dict({text})")
    except SyntaxError:
        return False
    private = any(isinstance(node, ast.Attribute) and node.attr.startswith("_") for node in ast.walk(tree))
    return read <= known and not private
