"""What of a module can be tried out: its public functions, classes and methods, read from the source alone."""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from proctor_agents.outside import outsiders

Kind = Literal["function", "class", "enum", "method", "static", "property"]
Function = ast.FunctionDef
Lineages = Mapping[str, Sequence[ast.ClassDef]]
"""Name of a class -> the bases of it that are known, the nearest first."""
_ENUMS = {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"}
_HOLDING = {"list", "dict", "set", "frozenset", "tuple", "str", "bytes", "int", "float", "OrderedDict", "defaultdict"}
_OPERATORS = {
    *("len", "contains", "getitem", "setitem", "iter", "reversed", "bool", "call", "repr", "str", "eq", "ne", "lt"),
    *("le", "gt", "ge", "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "neg", "int"),
    *("iadd", "ior", "iand", "isub", "ixor", "radd", "rsub", "float", "abs", "invert", "delitem", "format", "enter"),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as the source writes it."""

    name: str
    """"" if it is only supposed: a constructor of another module may take something."""
    annotation: ast.expr | None = None
    default: ast.expr | None = None
    by_name: bool = False
    """Whether it can only be given by its name."""


@dataclass(frozen=True, slots=True)
class Recordable:
    """Something that can be called or read."""

    name: str
    """Qualified: "slugify", "Till.add"."""
    kind: Kind
    parameters: tuple[Parameter, ...]
    node: ast.FunctionDef | ast.ClassDef
    answers: bool = True
    """Whether it returns something other than None somewhere."""

    @property
    def owner(self) -> str:
        """The class of a method, "" for anything else."""
        return self.name.rpartition(".")[0]

    @property
    def last(self) -> str:
        """The name without its class."""
        return self.name.rpartition(".")[2]


def recordables(
    tree: ast.Module, passed_over: Collection[str], lineages: Lineages = MappingProxyType({})
) -> tuple[Recordable, ...]:
    """Return what can be tried out, classes first; what is passed over or acts on the outside world is left out."""
    found = [thing for thing in _things(tree, lineages) if thing.name not in passed_over or thing.kind == "class"]
    return tuple(sorted(found, key=lambda thing: thing.kind != "class"))


def values_of(node: ast.ClassDef) -> tuple[str, ...]:
    """Return values of a class as source text: an enum's members, or the name that stands for a new instance."""
    if not _is_enum(node):
        return (f"__new_{node.name}__",)
    named = [part.targets[0] for part in node.body if isinstance(part, ast.Assign)]
    members = [name.id for name in named if isinstance(name, ast.Name) and not name.id.startswith("_")]
    return tuple(f"{node.name}.{member}" for member in members)


def only_coroutines(tree: ast.Module) -> bool:
    """Tell whether a module has public functions or methods, and every one is a coroutine: those are not tried out."""
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    functions = [node for body in bodies for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    public = [node for node in functions if not node.name.startswith("_")]
    return bool(public) and all(isinstance(node, ast.AsyncFunctionDef) for node in public)


def _is_enum(node: ast.ClassDef) -> bool:
    return bool({ast.unparse(base).rpartition(".")[2] for base in node.bases} & _ENUMS)


def _things(tree: ast.Module, lineages: Lineages) -> Iterator[Recordable]:
    outside = outsiders(tree)
    exported = _exported(tree)
    for node in _definitions(tree.body):
        if node.name in outside or (node.name.startswith("_") if exported is None else node.name not in exported):
            continue
        if isinstance(node, ast.ClassDef):
            yield from _of_class(node, outside, lineages.get(node.name, ()))
        elif not _decorators(node) & {"contextmanager", "asynccontextmanager", "overload"}:
            yield Recordable(node.name, "function", _parameters(node, 0), node, _answers(node))


def _of_class(node: ast.ClassDef, outside: Collection[str], bases: Sequence[ast.ClassDef]) -> Iterator[Recordable]:
    methods = {method.name: method for method in node.body if isinstance(method, ast.FunctionDef)}
    if _is_enum(node):
        yield Recordable(node.name, "enum", (), node)
        return
    if f"{node.name}.__init__" in outside:
        return
    yield Recordable(node.name, "class", _construction([node, *bases]), node)
    for method in methods.values():
        name = f"{node.name}.{method.name}"
        if name not in outside and (not method.name.startswith("_") or method.name.strip("_") in _OPERATORS):
            decorators = _decorators(method)
            if not decorators & {"abstractmethod", "setter", "deleter", "contextmanager", "overload"}:
                yield _method(name, method, decorators)


def _method(name: str, method: Function, decorators: Collection[str]) -> Recordable:
    if {"property", "cached_property", "cachedproperty"} & set(decorators):
        return Recordable(name, "property", (), method)
    if {"staticmethod", "classmethod"} & set(decorators):
        return Recordable(name, "static", _parameters(method, "classmethod" in decorators), method, _answers(method))
    return Recordable(name, "method", _parameters(method, 1), method, _answers(method))


def _construction(lineage: Sequence[ast.ClassDef]) -> tuple[Parameter, ...]:
    """Return what the first of these classes takes that has a constructor of its own."""
    for node in lineage:
        methods = {method.name: method for method in node.body if isinstance(method, ast.FunctionDef)}
        for name in ("__init__", "__new__"):
            if name in methods:
                return _parameters(methods[name], 1)
        fields = [each for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)]
        if fields and (node.decorator_list or "NamedTuple" in ast.unparse(node)):
            return tuple(Parameter(ast.unparse(field.target), field.annotation, field.value) for field in fields)
    return _inherited(lineage[-1])


def _inherited(node: ast.ClassDef) -> tuple[Parameter, ...]:
    """Give what a constructor takes that is not seen here: nothing, or by the name of a base one plain value."""
    bases = [ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases]
    if not {*bases} - {"object", "ABC", "Generic", "Protocol"}:
        return ()
    holds = next((base for base in bases if base in _HOLDING), None)
    says = any(name.endswith(("Error", "Exception", "Warning", "Expired")) for name in (node.name, *bases))
    kind = ast.Name(holds or "str") if holds or says else None
    return (Parameter("value" if kind else "", kind, ast.Constant(None)),)


def _parameters(node: Function, skipped: int) -> tuple[Parameter, ...]:
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [*[None] * (len(plain) - len(arguments.defaults)), *arguments.defaults]
    found = [Parameter(each.arg, each.annotation, default) for each, default in zip(plain, defaults, strict=True)]
    named = [
        Parameter(each.arg, each.annotation, default, by_name=True)
        for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    rest = [Parameter(arguments.vararg.arg, arguments.vararg.annotation)] if arguments.vararg else []
    return (*found[skipped:], *(rest if len(found) <= skipped + 1 else []), *named)


def _answers(node: Function) -> bool:
    own = list(_own(node))
    return any(
        isinstance(part, ast.Yield | ast.YieldFrom)
        or (isinstance(part, ast.Return) and part.value and not _is_none(part.value))
        for part in own
    )


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a function without the functions inside it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from _own(child)


def _decorators(node: Function) -> set[str]:
    return {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}


def _definitions(body: Sequence[ast.stmt]) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node
        elif isinstance(node, ast.If | ast.Try):
            yield from _definitions([*node.body, *node.orelse])


def _exported(tree: ast.Module) -> set[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
            try:
                return {str(name) for name in ast.literal_eval(node.value)}
            except (ValueError, TypeError):
                return None
    return None
