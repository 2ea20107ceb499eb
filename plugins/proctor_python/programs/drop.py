"""Remove tests from a file by its syntax tree and leave all other text as it is, byte for byte.

Arguments: {target, test_file, tests}, the tests as node ids. A parametrised case goes with its whole function, a
function with its decorators and the comment right above it, a class with its last member. A test that the file does
not spell out (inherited, or made at run time) takes its class with it, or else the whole file. Imports and private
names that only the removed tests used go, too. When no test is left, or the file cannot be parsed, it is deleted.
The report is {dropped, remaining, deleted}.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Set, Tuple

import target

_SPECIAL = ("pytestmark", "pytest_plugins", "collect_ignore")


@dataclass
class Dropped:
    """The report. `remaining` names the tests still in the file, "test_x" or "TestY::test_x"."""

    dropped: List[str] = field(default_factory=list)
    remaining: List[str] = field(default_factory=list)
    deleted: bool = False


def main() -> None:
    """Drop and report."""
    values = target.arguments()
    target.report(drop(Path(values["test_file"]), values["tests"]))


def drop(path: Path, tests: Sequence[str]) -> Dropped:
    """Remove the tests (node ids) from the file; delete the file when nothing is left to run."""
    report = Dropped(dropped=list(tests))
    try:
        source = path.read_bytes()
        text, report.remaining = without(source, [name_of(test) for test in tests])
    except (SyntaxError, ValueError):  # what cannot be parsed has no tests to keep
        text, report.remaining = b"", []
    except FileNotFoundError:
        return Dropped(list(tests), deleted=True)
    report.deleted = not report.remaining
    if report.deleted:
        path.unlink()
    elif text != source:
        path.write_bytes(text)
    return report


def name_of(test: str) -> str:
    """Return the name of a test in its file: "TestY::test_x", without the parameters' id; "" for the file itself."""
    return test.partition("[")[0].partition("::")[2]


def without(source: bytes, names: Sequence[str]) -> Tuple[bytes, List[str]]:
    """Return the source without these tests, and the names of those that remain."""
    before = ast.parse(source)
    known = {name for name, _ in _members(before.body, "")}
    wanted = {_known(name, known) for name in names}
    if "" in wanted:
        return b"", []
    lines = source.splitlines(keepends=True)
    after = _cut(lines, _cuts(before.body, wanted, "", lines))
    tree = ast.parse(after)
    if after != source:
        after = _tidy(source, after)
    return after, [name for name, node in _members(tree.body, "") if _is_test(name, node)]


def _known(name: str, known: Set[str]) -> str:
    """Return the innermost name that the file spells out, "" for none."""
    while name and name not in known:
        name = name.rpartition("::")[0]
    return name


def _members(body: Sequence[ast.stmt], inside: str) -> Iterator[Tuple[str, ast.stmt]]:
    """Yield functions and classes by their names, also from within `if`, `try` and `with`."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield inside + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield inside + node.name, node
            yield from _members(node.body, f"{inside}{node.name}::")
        else:
            for block in _blocks(node):
                yield from _members(block, inside)


def _blocks(node: ast.AST) -> Iterator[List[ast.stmt]]:
    for part in ("body", "orelse", "finalbody"):
        if getattr(node, part, []):
            yield getattr(node, part)
    for handler in getattr(node, "handlers", []):
        yield handler.body


def _is_test(name: str, node: ast.stmt) -> bool:
    if isinstance(node, ast.ClassDef):  # one that inherits its tests
        bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        return node.name.startswith("Test") and any(base not in ("TestCase", "object") for base in bases)
    return name.rpartition("::")[2].startswith("test")


Cuts = Dict[int, bytes]
"""Line number (from 1) -> what stands there instead."""


def _cuts(body: Sequence[ast.stmt], wanted: Set[str], inside: str, lines: Sequence[bytes]) -> Cuts:
    """Return what to cut from a block: its own members, or those of its members."""
    cuts: Cuts = {}
    gone = [node for node in body if _goes(node, wanted, inside)]
    for number, node in enumerate(body):
        if node in gone:
            trailing = all(other in gone for other in body[number:])
            cuts.update(dict.fromkeys(_extent(node, lines, trailing), b""))
        elif isinstance(node, ast.ClassDef):
            cuts.update(_cuts(node.body, wanted, f"{inside}{node.name}::", lines))
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for block in _blocks(node):
                cuts.update(_cuts(block, wanted, inside, lines))
    if len(gone) == len(body) and body[0].col_offset:  # a block of `if`, `try` or `with` must not become empty
        cuts[body[0].lineno] = _indent(body[0], lines) + b"pass\n"
    return cuts


def _goes(node: ast.stmt, wanted: Set[str], inside: str) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return inside + node.name in wanted
    if not isinstance(node, ast.ClassDef):
        return False
    name = inside + node.name
    kept = [member for member in node.body if not _silent(member) and not _goes(member, wanted, f"{name}::")]
    touched = any(other.startswith(f"{name}::") for other in wanted)
    return name in wanted or (touched and not kept)


def _silent(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _extent(node: ast.stmt, lines: Sequence[bytes], trailing: bool) -> range:
    """Return a statement's lines with its decorators and the comment right above.

    The empty lines below go too; those above instead, if nothing follows in the block.
    """
    decorators = [part.lineno for part in getattr(node, "decorator_list", [])]
    first, last = min([node.lineno, *decorators]), node.end_lineno or node.lineno
    comment = _indent(node, lines) + b"#"
    while first > 1 and lines[first - 2].startswith(comment):
        first -= 1
    while trailing and first > 1 and not lines[first - 2].strip():
        first -= 1
    while not trailing and last < len(lines) and not lines[last].strip():
        last += 1
    return range(first, last + 1)


def _indent(node: ast.stmt, lines: Sequence[bytes]) -> bytes:
    return lines[node.lineno - 1][: node.col_offset]


def _cut(lines: Sequence[bytes], cuts: Cuts) -> bytes:
    return b"".join(cuts.get(number, line) for number, line in enumerate(lines, 1))


def _tidy(before: bytes, after: bytes) -> bytes:
    """Cut imports and private module-level names that were used before and are mentioned nowhere any more."""
    while True:
        lines, cuts = after.splitlines(keepends=True), {}  # type: List[bytes], Cuts
        body = ast.parse(after).body
        for node in body:
            names = _binds(node) if _has_own_lines(node, body) else []
            if names and all(_orphan(name, before, after) for name in names):
                import_line = isinstance(node, (ast.Import, ast.ImportFrom))
                extent = range(node.lineno, (node.end_lineno or 0) + 1) if import_line else _extent(node, lines, False)
                cuts.update(dict.fromkeys(extent, b""))
        if not cuts:
            return after
        before, after = after, _cut(lines, cuts)


def _has_own_lines(node: ast.stmt, body: Sequence[ast.stmt]) -> bool:
    last = node.end_lineno or node.lineno
    return sum(other.lineno <= last and (other.end_lineno or 0) >= node.lineno for other in body) == 1


def _binds(node: ast.stmt) -> List[str]:
    """Return the names that a statement binds, if it does nothing else and may be left out."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        names = [alias.asname or alias.name.split(".")[0] for alias in node.names]
        return [] if "*" in names or getattr(node, "module", "") == "__future__" else names
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        private = node.name.startswith("_") and not node.name.startswith("__") and not node.decorator_list
        return [node.name] if private else []
    if isinstance(node, ast.Assign) and not any(isinstance(part, ast.Call) for part in ast.walk(node.value)):
        names = [name.id for name in node.targets if isinstance(name, ast.Name)]
        return names if len(names) == len(node.targets) and not set(names) & set(_SPECIAL) else []
    return []


def _orphan(name: str, before: bytes, after: bytes) -> bool:
    """Tell whether a name stands just once in the text (where it is bound), and stood there more often before."""
    word = re.compile(rb"(?<![\w])" + re.escape(name.encode()) + rb"(?![\w])")
    return len(word.findall(after)) == 1 and len(word.findall(before)) > 1


if __name__ == "__main__":
    main()
