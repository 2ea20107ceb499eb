"""The classes that a class has its constructor from, as far as its own package defines them; only sources are read."""

import ast
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_DEEP = 8
"""So many bases are followed; two modules that import from each other have no end."""


@dataclass(frozen=True, slots=True)
class _Module:
    root: Path
    """The folder that it is imported from."""
    path: Path
    tree: ast.Module


def lineages(root: Path, path: Path, tree: ast.Module) -> dict[str, tuple[ast.ClassDef, ...]]:
    """Return for each class of a module its bases that the package defines, the nearest first."""
    module = _Module(root, path, tree)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {node.name: tuple(_bases(node, module, _DEEP)) for node in classes}


def _bases(node: ast.ClassDef, module: _Module, left: int) -> Iterator[ast.ClassDef]:
    for base in node.bases if left else ():
        name = ast.unparse(base).partition("[")[0]
        if found := _find(name, module, left):
            yield found[0]
            yield from _bases(*found, left - 1)


def _find(name: str, module: _Module, left: int) -> tuple[ast.ClassDef, _Module] | None:
    """Find the class that a name of a module stands for, and the module that defines it."""
    for node in module.tree.body if left else ():
        match node:
            case ast.ClassDef(name=defined) if defined == name:
                return node, module
            case ast.ImportFrom(names=names):
                for alias in names:
                    if (alias.asname or alias.name) == name and (origin := _origin(node, module)):
                        return _find(alias.name, origin, left - 1)
    return None


def _origin(node: ast.ImportFrom, module: _Module) -> _Module | None:
    """Read the module of the same package that an import names."""
    folder = module.path.parents[node.level - 1] if 0 < node.level <= len(module.path.parents) else module.root
    place = folder.joinpath(*(node.module or "").split("."))
    for path in (place / "__init__.py", place.parent / f"{place.name}.py"):
        if path.is_relative_to(module.root) and path.is_file():
            with suppress(OSError, SyntaxError, ValueError):
                return _Module(module.root, path, ast.parse(path.read_text(encoding="utf-8")))
    return None
