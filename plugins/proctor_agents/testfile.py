"""A test file as imports and blocks, so that tests can be exchanged and what they need follows."""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from proctor_agents.scope import names_of

WIDTH = 100
RECORDED = "# recorded"
"""What stands behind the head of a test that records."""
_HEADING = """\
# The tests below record what the code does today. Nobody wrote these expectations down:
# where one fails after a change, it may be the change that is right."""

HELPERS = {
    "matches": '''\
def matches(got, want, flags):
    """Say whether text is as expected, the way doctest compares; if not, show both."""
    if not doctest.OutputChecker().check_output(want, got, flags):
        assert got == want
    return True
''',
    "shown": '''\
def shown(value, capsys):
    """Return what an interactive session shows for a value, what was printed on the way included."""
    return capsys.readouterr().out + ("" if value is None else f"{value!r}\\n")
''',
}


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name; without a `module` it is a module itself."""

    name: str
    module: str | None = None

    @property
    def is_standard(self) -> bool:
        """Whether it comes from the standard library."""
        return (self.module or self.name).partition(".")[0] in sys.stdlib_module_names


_OWN_IMPORTS = {name: Import(name) for name in ("doctest", "pytest", "sys")}


@dataclass(frozen=True, slots=True)
class TestFile:
    """The head (docstring) of a file, its imports by the name they bind, and its blocks by the name they define."""

    __test__ = False  # no tests in here, whatever pytest makes of the name

    head: str
    imports: Mapping[str, Import]
    blocks: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, text: str) -> "TestFile":
        """Take a file apart; comments stay with the block below them. Raises SyntaxError."""
        body = ast.parse(text).body
        lines = text.split("\n")
        head, imports, blocks, end = "", dict[str, Import](), list[tuple[str, str]](), 0
        for node in body:
            segment = "\n".join(lines[end : node.end_lineno]).strip("\n").removeprefix(_HEADING).strip("\n")
            end = node.end_lineno or end
            if node is body[0] and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                head = segment
            elif found := _imports(node):
                imports |= found
            elif getattr(node, "name", "") not in HELPERS:
                blocks.append((getattr(node, "name", ""), segment))
        return cls(head, imports, tuple(blocks))

    def replace(self, changes: Mapping[str, str | None]) -> "TestFile":
        """Exchange blocks by name; None removes one."""
        blocks = [(name, changes.get(name, code)) for name, code in self.blocks]
        return replace(self, blocks=tuple((name, code) for name, code in blocks if code is not None))

    def render(self) -> str:
        """Write the file with the imports and helpers that its blocks use, and no others."""
        codes = [code.strip("\n") for _, code in self.blocks]
        first = next((index for index, code in enumerate(codes) if is_recorded(code)), None)
        if first is not None:
            codes.insert(first, _HEADING)
        read = names_of("\n\n".join(codes)).read
        helpers = [code.rstrip() for name, code in HELPERS.items() if name in read]
        read |= names_of("\n".join(helpers)).read
        known = {**_OWN_IMPORTS, **self.imports}
        head = "\n\n".join([self.head, *_import_groups([known[name] for name in sorted(read & known.keys())])])
        return "\n\n\n".join(part for part in [head.strip("\n"), *helpers, *codes] if part) + "\n"


def is_recorded(code: str) -> bool:
    """Tell whether a block is a test that records what the code did."""
    return any(line.startswith("def ") and line.endswith(RECORDED) for line in code.split("\n"))


def _imports(node: ast.stmt) -> dict[str, Import]:
    """Read a plain import statement; any other is a block like code."""
    match node:
        case ast.Import(names=names) if all(not name.asname and "." not in name.name for name in names):
            return {name.name: Import(name.name) for name in names}
        case ast.ImportFrom(module=str(module), names=names, level=0):
            if all(not name.asname and name.name != "*" for name in names) and module != "__future__":
                return {name.name: Import(name.name, module) for name in names}
    return {}


def _import_groups(imports: list[Import]) -> Iterator[str]:
    """Part imports as isort does: standard library, then pytest, then everything else."""
    groups = [[found for found in imports if _rank(found) == rank] for rank in range(3)]
    for group in groups:
        plain = [f"import {found.name}" for found in group if found.module is None]
        origins = sorted({found.module for found in group if found.module})
        named = [_import_from(origin, [found.name for found in group if found.module == origin]) for origin in origins]
        if plain or named:
            yield "\n".join([*plain, *named])


def _rank(found: Import) -> int:
    return 0 if found.is_standard else 1 if found == _OWN_IMPORTS["pytest"] else 2


def _import_from(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])
