"""Which names a piece of code reads and binds, and which a module binds at its top level."""

import ast
import symtable
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_WARNINGS = threading.Lock()


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what Python thinks of the user's source to itself; the filters belong to all threads, hence the lock."""
    with _WARNINGS, warnings.catch_warnings(action="ignore"):
        yield


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a snippet reads from outside its own nested scopes, and those it binds."""

    read: frozenset[str]
    bound: frozenset[str]


@dataclass(frozen=True, slots=True)
class Bindings:
    """The names of a module's top level: those surely there, those that hang on a condition, and star imports."""

    surely: frozenset[str]
    perhaps: frozenset[str]
    open_ended: bool
    """A star import, a module `__getattr__` or `globals()` may provide names that cannot be seen here."""
    modules: frozenset[str] = frozenset()
    """Those of the sure names that are other modules under their own name."""


def names_of(source: str) -> Names:
    """Find what a snippet reads and binds; raises SyntaxError if it does not compile."""
    top = symtable.symtable(source, "<example>", "exec")
    read = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    bound = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    # `x += 1` reads `x` too, which the symbol table does not say.
    augmented = {
        node.target.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    outer = list(_outer(top))
    bound |= {symbol.get_name() for symbol in outer if symbol.is_assigned()}
    return Names(frozenset(read | augmented & bound | {symbol.get_name() for symbol in outer}), frozenset(bound))


def outer_names(source: str) -> frozenset[str]:
    """Find the names that functions, classes and generators of a snippet read from its outermost scope."""
    return frozenset(symbol.get_name() for symbol in _outer(symtable.symtable(source, "<example>", "exec")))


def _outer(table: symtable.SymbolTable) -> Iterator[symtable.Symbol]:
    """Find the names of nested scopes that belong to the outermost one."""
    for child in table.get_children():
        yield from (symbol for symbol in child.get_symbols() if symbol.is_global())
        yield from _outer(child)


def bindings_of(source: str) -> Bindings:
    """Find the names that a module binds at its top level, from its text alone."""
    surely: set[str] = set()
    perhaps: set[str] = set()
    stars = False
    for statement in ast.parse(source).body:
        match statement:
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"), orelse=other):
                surely |= _bound(other)
            case ast.If(body=body, orelse=other):
                surely |= _bound(body) & _bound(other)
                perhaps |= _bound(body) ^ _bound(other)
            case ast.Try(body=body, handlers=handlers, orelse=other, finalbody=last):
                sides = [_bound([*body, *other]), *(_bound(h.body) for h in handlers if not _leaves(h.body))]
                surely |= frozenset.intersection(*sides) | _bound(last)
                perhaps |= frozenset.union(*sides)
            case ast.For() | ast.While():
                perhaps |= _bound([statement])
            case ast.Delete():
                gone = _bound([statement])
                surely -= gone
                perhaps -= gone
            case _:
                surely |= _bound([statement])
        stars = stars or any(_is_star(node) for node in ast.walk(statement))
    open_ended = stars or "__getattr__" in surely or "globals" in names_of(source).read
    modules = frozenset(surely & _modules(ast.parse(source).body))
    return Bindings(frozenset(surely), frozenset(perhaps - surely), open_ended, modules)


def _modules(body: Iterable[ast.stmt]) -> set[str]:
    names = [name for statement in body if isinstance(statement, ast.Import) for name in statement.names]
    return {name.name for name in names if not name.asname and "." not in name.name}


def _bound(statements: Iterable[ast.stmt]) -> frozenset[str]:
    """Names bound by statements, those of star imports aside."""
    kept = [statement for statement in statements if not _is_star(statement)]
    names: set[str] = set()
    for statement in kept:
        try:
            names |= names_of(ast.unparse(statement)).bound
        except SyntaxError:  # a `return` or a `__future__` import out of its place binds nothing that we could use
            continue
    return frozenset(names)


def _is_star(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def _leaves(body: list[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Raise)
