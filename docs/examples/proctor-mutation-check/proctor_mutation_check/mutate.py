"""Change a module in one place after another, and tell which changes its tests do not notice.

Run by the interpreter that runs the user's tests, Python 3.9 or newer, in a folder that is thrown away afterwards:

    python mutate.py arguments.json

Arguments: {module, component, target, import_root, lines, sample, seed, seconds}; `lines` are those that may change,
null for all. The report is {possible, tried, survivors: [{line, before, after}]}.
"""

from __future__ import annotations

import ast
import copy
import json
import os
import random
import signal
import sys
import tempfile
import time
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

OPTIONS = ("-p", "no:cacheprovider", "-p", "no:randomly", "-o", "addopts=")
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
UNTESTABLE = ("annotation", "returns", "decorator_list")
"""Parts of a definition that are not what it does."""
GUARDS = ("__name__", "TYPE_CHECKING")
PATIENCE = 10
"""A change may make the tests so many times slower; then they have noticed it."""


@dataclass(frozen=True)
class Mutant:
    """The module with one change."""

    line: int
    before: str
    after: str
    text: str


def main() -> None:
    """Try a sample of the changes."""
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    _prepare(given)
    component, begun = Path(given["component"]), time.monotonic()
    if not _green(given, given["seconds"]):
        sys.exit("The tests fail although nothing was changed.")
    patience = max(1.0, PATIENCE * (time.monotonic() - begun))
    with tokenize.open(component) as file:
        text, encoding = file.read(), file.encoding
    possible = list(mutants(text, given["lines"]))
    tried, survivors = 0, []
    for mutant in sampled(possible, given["sample"], given["seed"]):
        if time.monotonic() - begun > given["seconds"]:
            break
        tried += 1
        component.write_text(mutant.text, encoding=encoding)
        if _green(given, patience):
            survivors.append({"line": mutant.line, "before": mutant.before, "after": mutant.after})
    report = {"possible": len(possible), "tried": tried, "survivors": survivors}
    Path(os.environ["PROCTOR_REPORT"]).write_text(json.dumps(report), encoding="utf-8")


def sampled(possible: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """Choose some, the same ones every time."""
    return random.Random(seed).sample(possible, min(count, len(possible)))  # noqa: S311 # nothing secret


def mutants(text: str, lines: list[int] | None) -> Iterator[Mutant]:
    """Yield the module with every single change that can be made in these lines."""
    rows = text.encode().splitlines(keepends=True)
    for node, other in _changes(ast.parse(text)):
        if lines is None or node.lineno in lines:
            changed = _replaced(rows, node, f"({ast.unparse(other)})").decode()
            if _compiles(changed):
                yield Mutant(node.lineno, ast.unparse(node), ast.unparse(other), changed)


def _changes(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield each expression that does something, with what it can become."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return  # the places inside of an f-string are not known before Python 3.12; a docstring does nothing
    if isinstance(node, ast.If) and any(guard in ast.unparse(node.test) for guard in GUARDS):
        return
    if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield node.value, ast.Constant(None)
    if isinstance(node, ast.expr):
        yield from ((node, other) for other in _others(node))
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and name not in UNTESTABLE:
                yield from _changes(child)


def _others(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, (ast.BinOp, ast.BoolOp)) and type(node.op) in SWAPS:
        other = copy.copy(node)
        other.op = SWAPS[type(node.op)]()  # type: ignore[assignment] # the table keeps to the kind
        yield other
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        first = SWAPS[type(node.ops[0])]()
        yield ast.Compare(node.left, [first, *node.ops[1:]], node.comparators)  # type: ignore[list-item] # likewise
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)


def _constants(value: object) -> Iterator[ast.expr]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield ast.Constant(value + 1)
    elif isinstance(value, str):
        yield ast.Constant(value + "!")


def _replaced(rows: list[bytes], node: ast.expr, text: str) -> bytes:
    """Give the source with an expression replaced; all else keeps its place. Columns count bytes of UTF-8."""
    assert node.end_lineno is not None
    first, last = node.lineno - 1, node.end_lineno - 1
    head, tail = rows[first][: node.col_offset], rows[last][node.end_col_offset :]
    return b"".join([*rows[:first], head, text.encode(), tail, *rows[last + 1 :]])


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):  # in a pattern of `match`, say, not every expression may stand
        return False
    return True


def _prepare(given: dict[str, str]) -> None:
    """Have pytest load itself and its plugins, once for all runs; what is under test must not be loaded."""
    with tempfile.TemporaryDirectory() as empty:
        pytest.main(["-q", "-c", os.devnull, "--rootdir", empty, *OPTIONS, empty])
    if given["module"].partition(".")[0] in sys.modules:
        sys.exit(f"{given['module']} is loaded by pytest itself, so it cannot be changed.")
    os.environ["PYTHONPATH"] = str(Path(given["import_root"]).absolute())
    sys.path[0:1] = [os.environ["PYTHONPATH"], str(Path.cwd())]
    sys.dont_write_bytecode = True


def _green(given: dict[str, str], seconds: float) -> bool:
    """Run the tests in a process that begins where this one stands, and tell whether all of them pass in time."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)  # when it rings, the process ends
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(null, stream)
        os._exit(pytest.main(["-x", *OPTIONS, given["target"]]))
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
