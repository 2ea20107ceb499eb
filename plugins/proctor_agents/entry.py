"""Whether importing a module runs the program that it is the entry to."""

import ast

_DEFINES = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def runs_when_imported(module: str, tree: ast.Module) -> bool:
    """Tell whether a `__main__` does more than define when it is imported; behind its usual condition nothing runs."""
    if module.rpartition(".")[2] != "__main__" or any(_is_guard(node) for node in tree.body):
        return False
    return any(_does(node) for node in tree.body)


def _is_guard(node: ast.stmt) -> bool:
    match node:
        case ast.If(test=ast.Compare(left=left, ops=[ast.Eq()], comparators=[right])):
            return {ast.unparse(left), ast.unparse(right)} == {"__name__", "'__main__'"}
    return False


def _does(node: ast.stmt) -> bool:
    match node:
        case ast.If() | ast.Try():
            parts = [*node.body, *node.orelse, *(part for each in getattr(node, "handlers", ()) for part in each.body)]
            return any(map(_does, parts))
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return False
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return value is not None and any(isinstance(part, ast.Call) for part in ast.walk(value))
    return not isinstance(node, _DEFINES)
