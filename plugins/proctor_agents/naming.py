"""Names of tests that say what is checked: the subject, then the arguments of the case."""

import ast
import re
from collections.abc import Iterable, Sequence

from proctor_agents.doctests import Example

_LONGEST = 40


class Names:
    """Gives out names of tests, each only once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def give(self, subject: str, case: str = "") -> str:
        """Name a test after its subject and case; a number tells apart what would be called the same."""
        stem = "_".join(part for part in ("test", snake(subject), case) if part)
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name


def snake(name: str) -> str:
    """Write a (dotted) name in lower case with underscores."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return _slug(spaced)


def case_of(subject: str, examples: Sequence[Example]) -> str:
    """Describe a case by the arguments of the subject's call, or by what it raises; "" if there is nothing to say."""
    shown = [example for example in examples if example.expected]
    if len(shown) != 1:
        return ""
    if shown[0].exception is not None:
        return f"raises_{snake(re.split(r'[:.]', shown[0].exception.split(':')[0])[-1])}"
    return _arguments(subject.rpartition(".")[2], shown[0].source)


def _arguments(name: str, source: str) -> str:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)) if called == name:
                return _describe(node)
    return ""


def _describe(call: ast.Call) -> str:
    """Prefer keywords: they are what the case is about."""
    if call.keywords:
        return _shortened(" ".join(f"{word.arg or ''} {_value(word.value)}" for word in call.keywords))
    return _shortened(" ".join(_value(argument) for argument in call.args))


def _value(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=""):
            return "empty string"
        case ast.Constant(value=str(text)):
            return text
        case ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Tuple(elts=[]):
            return f"empty {type(node).__name__}"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"minus {_value(operand)}"
    return ast.unparse(node)


def _shortened(text: str) -> str:
    slug = _slug(text[:1000])
    if len(slug) <= _LONGEST:
        return slug
    return slug[: _LONGEST + 1].rpartition("_")[0]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
