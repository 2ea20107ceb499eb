"""Tell by the syntax tree which tests assert something."""

from __future__ import annotations

import ast
from typing import Dict, Iterator, Sequence, Set, Tuple, Union

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]
_PYTEST = ("raises", "warns", "deprecated_call", "approx", "fail")
_PREFIXES = ("assert", "_assert", "fail")


def asserts(source: bytes, helpers: Sequence[str] = ()) -> Dict[str, bool]:
    """Return for each test of a file ("test_x", "TestY::test_x") whether it asserts.

    What counts: `assert`, pytest's raises, warns, approx and fail, unittest's and mock's assertions, the project's
    own `helpers` (dotted or last name), and a function, method or fixture of this file that asserts itself.
    """
    tree = ast.parse(source)
    functions = list(_functions(tree.body, ""))
    asserting = _asserting(functions, set(helpers))
    return {
        name: _direct(node, set(helpers)) or bool(_words(node) & asserting)
        for name, node in functions
        if node.name.startswith("test")
    }


def _functions(body: Sequence[ast.stmt], inside: str) -> Iterator[Tuple[str, Function]]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield inside + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{inside}{node.name}::")
        else:
            for part in ("body", "orelse", "handlers", "finalbody"):
                yield from _functions(getattr(node, part, []), inside)


def _asserting(functions: Sequence[Tuple[str, Function]], helpers: Set[str]) -> Set[str]:
    """Return the names of functions, other than tests, that assert directly or through another one of this file."""
    others = [node for _, node in functions if not node.name.startswith("test")]
    found = {node.name for node in others if _direct(node, helpers)}
    while True:
        more = {node.name for node in others if _words(node) & found} - found
        if not more:
            return found
        found |= more


def _direct(node: Function, helpers: Set[str]) -> bool:
    return any(
        isinstance(part, ast.Assert) or (isinstance(part, ast.Call) and _is_assertion(part.func, helpers))
        for part in ast.walk(node)
    )


def _is_assertion(called: ast.expr, helpers: Set[str]) -> bool:
    name = ast.unparse(called)
    last = name.rsplit(".", 1)[-1]
    if name in helpers or last in helpers:
        return True
    if isinstance(called, ast.Attribute):
        return last.startswith(_PREFIXES) or (last in _PYTEST and name.split(".")[0] in ("pytest", "self"))
    return last in _PYTEST or last.startswith("assert_")


def _words(node: Function) -> Set[str]:
    """Return what a function calls by name, and the fixtures that it asks for."""
    called = {part.func for part in ast.walk(node) if isinstance(part, ast.Call)}
    names = {name.id for name in called if isinstance(name, ast.Name)}
    methods = {
        name.attr
        for name in called
        if isinstance(name, ast.Attribute) and isinstance(name.value, ast.Name) and name.value.id in ("self", "cls")
    }
    return names | methods | {argument.arg for argument in node.args.args}
