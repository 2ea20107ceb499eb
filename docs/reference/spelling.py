"""How declarations are spelt in the reference: signatures, types and docstrings as Markdown."""  # noqa: INP001

import re
from collections.abc import Iterable, Iterator

import griffe

LONG = 100
"""A signature of more characters has each argument on a line of its own."""


def escaped(text: str) -> str:
    """Give text as it has to stand in a table, outside of backquotes."""
    return re.sub(r"([\[\]|])", r"\\\1", text)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Give a table, each cell on one line."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(' '.join(cell.split()) for cell in line)} |\n" for line in lines)


def described(each: griffe.Object, mark: str = "") -> str:
    """Give the docstring as a paragraph; nothing if there is none."""
    return f"\n{mark}{each.docstring.value}\n" if each.docstring else ""


def in_a_line(each: griffe.Object) -> str:
    """Give the docstring for a cell of a table."""
    return " ".join(each.docstring.value.replace("|", r"\|").split()) if each.docstring else ""


def value_of(each: griffe.Object | griffe.Alias) -> str:
    """Give what stands behind the `=` of an attribute."""
    return str(getattr(each, "value", None) or "").replace("'", '"')


def target(each: griffe.Object | griffe.Alias) -> griffe.Object:
    """Give what an imported name stands for."""
    return each.final_target if isinstance(each, griffe.Alias) else each


def bases_of(each: griffe.Class) -> list[str]:
    """Give the whole names of a class's bases."""
    return [base if isinstance(base, str) else base.canonical_path for base in each.bases]


def names_in(kinds: Iterable[str | griffe.Expr | None]) -> list[str]:
    """Give the whole names that types mention, each once."""
    parts = [part for kind in kinds if isinstance(kind, griffe.Expr) for part in kind.iterate(flat=True)]
    return [*dict.fromkeys(part.canonical_path for part in parts if isinstance(part, griffe.ExprName))]


def type_of(each: griffe.Object) -> str | griffe.Expr | None:
    """Give an attribute's type; one that keeps an argument of the constructor has that argument's."""
    if (kind := getattr(each, "annotation", None)) is not None:
        return kind  # type: ignore[no-any-return] # an attribute's annotation
    constructor = each.parent.members.get("__init__") if each.parent else None
    arguments = constructor.parameters if isinstance(constructor, griffe.Function) else ()
    return next((one.annotation for one in arguments if one.name == each.name == value_of(each)), None)


def declaration(each: griffe.Object) -> str:
    """Give the lines that declare a class, a function or a constant."""
    match each:
        case griffe.Class():
            return _class(each)
        case griffe.Function():
            above = "@classmethod\n" if "classmethod" in each.labels else ""
            return f"{above}{'async ' if 'async' in each.labels else ''}def {_signature(each)}"
    return each.source.strip()


def condition(method: griffe.Function) -> str | None:
    """Give what a kit's rule applies to; None if the method is no rule."""
    for decorator in method.decorators:
        if found := re.fullmatch(r"rule\((?:when=['\"](\w+)['\"])?\)", str(decorator.value)):
            return f"`{found[1]}`" if found[1] else "always"
    return None


def _class(each: griffe.Class) -> str:
    mark = "@dataclass(frozen=True, slots=True)\n" if "dataclass" in each.labels else ""
    inside = ", ".join(str(base) for base in each.bases)
    line = f"{mark}class {each.name}({inside})" if inside else f"{mark}class {each.name}"
    constructor = each.members.get("__init__")
    if mark or not isinstance(constructor, griffe.Function):
        return line
    return f"{line}\n\n{_signature(constructor, each.name)}"


def _signature(each: griffe.Function, name: str | None = None) -> str:
    line = each.signature(name=name, return_type=name is None).replace("'", '"')
    if len(line) <= LONG:
        return line
    head, _, rest = line.partition("(")
    inside, _, tail = rest.rpartition(")")
    arguments = "".join(f"    {argument},\n" for argument in _split(inside))
    return f"{head}(\n{arguments}){tail}"


def _split(arguments: str) -> Iterator[str]:
    """Split at the commas that stand in no brackets."""
    depth, start = 0, 0
    for place, letter in enumerate(arguments):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            yield arguments[start:place].strip()
            start = place + 1
    yield arguments[start:].strip()
