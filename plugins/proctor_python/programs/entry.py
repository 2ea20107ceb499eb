"""Whether importing a module runs the program that it is the entry to. Whoever may import a `__main__` asks here."""

from __future__ import annotations

import ast
from typing import Iterator, List

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_ASSIGNS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_DEFINES = (*_FUNCTIONS, *_ASSIGNS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass, ast.Expr, ast.If, ast.Try)
_GUARDS = ("__name__ == '__main__'", "'__main__' == __name__")
# What is called as a decorator, and known to do no more than define.
_DECORATORS = {
    *("property", "setter", "getter", "deleter", "staticmethod", "classmethod", "abstractmethod", "overload", "final"),
    *("cache", "lru_cache", "cached_property", "wraps", "total_ordering", "contextmanager", "asynccontextmanager"),
    *("dataclass", "unique", "override", "runtime_checkable", "singledispatch"),
}


def runs_when_imported(module: str, tree: ast.Module) -> bool:
    """Tell whether a `__main__` does more than define when it is imported."""
    return module.rpartition(".")[2] == "__main__" and acts(tree)


def acts(node: ast.AST) -> bool:
    """Tell whether code does more than define, as soon as it is imported."""
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Call) or (isinstance(node, ast.stmt) and not isinstance(node, _DEFINES)):
        return True
    decorators = getattr(node, "decorator_list", [])
    return any(map(_is_called, decorators)) or any(map(acts, _at_once(node)))


def _at_once(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts that run at once: not the body of a function, and not what is behind the usual condition."""
    put_off = isinstance(node, _FUNCTIONS) or (isinstance(node, ast.If) and ast.unparse(node.test) in _GUARDS)
    for field, value in ast.iter_fields(node):
        if field != "decorator_list" and not (field == "body" and put_off):
            yield from (part for part in (value if isinstance(value, list) else [value]) if isinstance(part, ast.AST))


def _is_called(decorator: ast.expr) -> bool:
    """Tell whether a decorator may do something; one that is only named is called nevertheless."""
    called: ast.AST = decorator
    given: List[ast.AST] = []
    if isinstance(decorator, ast.Call):
        called, given = decorator.func, [*decorator.args, *decorator.keywords]
    return ast.unparse(called).rpartition(".")[2] not in _DECORATORS or any(map(acts, given))
