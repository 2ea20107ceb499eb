"""Read what a module offers from its syntax tree, without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Iterator, List, Optional, Sequence, Union

import entry

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef]
_RUNS = (ast.Call, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Await)
_SILENT = (ast.Import, ast.ImportFrom, ast.Pass)


@dataclass(frozen=True)
class Name:
    """A public function, class or method: `kind` is function, class or method; `doc` the docstring's first line."""

    name: str
    kind: str
    signature: str
    doc: str
    line: int


@dataclass(frozen=True)
class Outline:
    """What a module holds: is there code to test, are there functions, its public names, its lines.

    `acts`: importing it does more than define.
    """

    code: bool
    functions: bool
    acts: bool
    public: Sequence[str]
    lines: int


def parse(source: bytes) -> ast.Module:
    """Parse a source file; raise SyntaxError or ValueError if it is none."""
    return ast.parse(source)


def outline(source: bytes) -> Outline:
    """Return the outline of a module."""
    tree = parse(source)
    definitions = [node for node in ast.walk(tree) if isinstance(node, (*Function, ast.ClassDef))]
    return Outline(
        code=not all(_plain(node) for node in tree.body),
        functions=bool(definitions),
        acts=entry.acts(tree),
        public=[node.name for node in public(tree)],
        lines=source.count(b"\n") + 1,
    )


def public(tree: ast.Module) -> List[Definition]:
    """Return the public functions and classes that the module defines, as `__all__` or the underscore says."""
    exported = _exported(tree)
    found = {}
    for node in _definitions(tree.body):
        wanted = node.name in exported if exported is not None else not node.name.startswith("_")
        if wanted:
            found[node.name] = node
    return list(found.values())


def names(tree: ast.Module) -> Iterator[Name]:
    """Return the public names with those of the methods of public classes."""
    for node in public(tree):
        yield _name(node, node.name)
        if isinstance(node, ast.ClassDef):
            for method in _definitions(node.body):
                if isinstance(method, Function) and (not method.name.startswith("_") or method.name == "__init__"):
                    yield _name(method, f"{node.name}.{method.name}")


def _definitions(body: Sequence[ast.stmt]) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, (*Function, ast.ClassDef)):
            yield node
        else:
            for part in ("body", "orelse", "handlers", "finalbody"):
                yield from _definitions(getattr(node, part, []))


def _name(node: Definition, name: str) -> Name:
    kind = "class" if isinstance(node, ast.ClassDef) else "method" if "." in name else "function"
    doc = (ast.get_docstring(node) or "").strip().split("\n")[0]
    return Name(name=name, kind=kind, signature=_signature(node), doc=doc[:200], line=node.lineno)


def _signature(node: Definition) -> str:
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        return f"({bases})"[:500] if bases else ""
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(node.args)}){returns}"[:500]


def _exported(tree: ast.Module) -> Optional[List[str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            try:
                return [str(name) for name in ast.literal_eval(node.value)]
            except (ValueError, TypeError):
                return None
    return None


def _plain(node: ast.AST) -> bool:
    """Tell whether a statement is a docstring, an import or an assignment in which nothing is called."""
    if isinstance(node, _SILENT):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return node.value is None or not any(isinstance(part, _RUNS) for part in ast.walk(node.value))
    if isinstance(node, (ast.If, ast.Try)):
        handlers = [inner for handler in getattr(node, "handlers", []) for inner in handler.body]
        return all(_plain(inner) for inner in [*node.body, *node.orelse, *getattr(node, "finalbody", []), *handlers])
    return False
