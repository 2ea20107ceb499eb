"""Arguments to try a function with, from what its source says of each parameter; readable ones first."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from proctor_agents.evidence import kinds_of, named
from proctor_agents.recordable import Parameter, Recordable

MOST = 120
_DEEP = 12
_EMPTY = ("", "''", "[]", "{}", "()")
_ZERO = ("0", "None", "False")
_ANYTHING = ("[1, 2, 3]", "'abc'", "3", "{'a': 1, 'b': 2}", "None", "'Hello World'", "len", "2.5", "(1, 2)", "True")
_OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "int": ("3", "0", "1", "-2", "10", "1000000"),
    "float": ("2.5", "0.0", "1.0", "-1.5"),
    "complex": ("1j",),
    "bool": ("True", "False"),
    "str": ("'abc'", "''", "'Hello World'", "'a,b;c'", "'3'", "'fooBar_baz'"),
    "bytes": ("b'abc'", "b''"),
    "bytearray": ("bytearray(b'abc')",),
    "list": ("[1, 2, 3]", "[]", "['a', 'b', 'a']", "[[1, 2], [3]]", "[3, 1, 2]"),
    "tuple": ("(1, 2)", "()", "('a', 1)"),
    "set": ("{1, 2}", "set()"),
    "frozenset": ("frozenset([1, 2])", "frozenset()"),
    "dict": ("{'a': 1, 'b': 2}", "{}", "{'a': {'b': 1}}"),
    "pairs": ("[('a', 1), ('b', 2)]", "[]"),
    "callable": ("len", "str", "lambda x: x", "lambda x: x > 1", "lambda x, y: x + y", "lambda: 3"),
    "type": ("int", "str", "list"),
    "None": ("None",),
    "object": _ANYTHING,
    "datetime": ("datetime.datetime(2024, 1, 31, 12, 30)",),
    "date": ("datetime.date(2024, 1, 31)",),
    "timedelta": ("datetime.timedelta(days=1, seconds=30)", "datetime.timedelta(seconds=90)"),
    "Decimal": ("decimal.Decimal('1.50')",),
    "Fraction": ("fractions.Fraction(1, 3)",),
    "exception": ("ValueError('no')",),
    "pattern": ("'a.c'", "r'\\d+'"),
    "file": ("io.StringIO('abc\\ndef')", "io.BytesIO(b'abc')"),
}
_SAME_AS = {
    **dict.fromkeys(("Iterable", "Sequence", "Collection", "List", "Iterator", "MutableSequence", "Generator"), "list"),
    **dict.fromkeys(("Mapping", "Dict", "MutableMapping", "OrderedDict", "defaultdict"), "dict"),
    **dict.fromkeys(("Set", "AbstractSet", "MutableSet", "FrozenSet"), "set"),
    **dict.fromkeys(("Callable", "FunctionType"), "callable"),
    **dict.fromkeys(("Tuple",), "tuple"),
    **dict.fromkeys(("Any", "Hashable", "T", "object"), "object"),
    **dict.fromkeys(("Text", "AnyStr", "basestring", "unicode", "LiteralString"), "str"),
    **dict.fromkeys(("Number", "Real", "Integral", "SupportsInt", "SupportsFloat"), "int"),
    **dict.fromkeys(("Type",), "type"),
    **dict.fromkeys(("IO", "TextIO", "BinaryIO", "StringIO", "BytesIO"), "file"),
    **dict.fromkeys(("Exception", "BaseException"), "exception"),
}
Classes = Mapping[str, Sequence[str]]
"""Name of a class of the module -> values of it as source text."""
_MORE: Mapping[str, tuple[str, ...]] = {
    "key": ("'a'", "1", "len", "0"),
    "functions": ("[len, str]",),
    "types": ("(int, str)",),
    "strings": ("['a', 'b', 'a']", "['abc']", "[]"),
}
_TEXTS: Mapping[str, str] = {
    "path": "'a/b.txt'",
    "url": "'https://example.org/a?b=1#c'",
    "email": "'ada@example.org'",
    "markup": "'<p>Hello <b>World</b></p>'",
    "version": "'1.2.3'",
    "encoding": "'utf-8'",
}
"""Kinds of text, and one that is no nonsense."""


def calls(thing: Recordable, seen: Sequence[str], classes: Classes) -> tuple[str, ...]:
    """Return argument lists ("1, key=len") to try: those seen elsewhere first, then made-up ones."""
    made = _made(thing, classes)
    lists = list(dict.fromkeys([*seen, *islice(made, MOST)]))
    if thing.kind != "class":
        return tuple(lists)
    if not all(parameter.name for parameter in thing.parameters):
        return tuple(dict.fromkeys(["", *lists]))
    # An instance that holds something shows more than an empty one: a small one first, one of middling size next.
    full = [arguments for arguments in lists if arguments not in _EMPTY]
    middle = len(set(seen) - set(_EMPTY)) // 2
    small = [arguments for arguments in full if arguments not in _ZERO]
    return tuple(dict.fromkeys([*small[:1], *full[middle : middle + 1], *_EMPTY[:1], *full, *lists]))


def is_guessed(thing: Recordable, classes: Classes) -> bool:
    """Tell whether nothing says what a constructor has to be given: what it gives back says nothing about it."""
    needed = [parameter for parameter in thing.parameters if not parameter.default]
    return thing.kind == "class" and any(candidates(each, thing.node, classes) == _ANYTHING for each in needed)


def _made(thing: Recordable, classes: Classes) -> Iterator[str]:
    given = thing.parameters
    options = [candidates(parameter, thing.node, classes) for parameter in given]
    if thing.kind == "class":  # what may be left out, and nobody knows what it is, is left out
        options = [
            () if each == _ANYTHING and parameter.default else each
            for each, parameter in zip(options, given, strict=True)
        ]
    needed = [not parameter.default for parameter in given]
    required = [each if must else () for each, must in zip(options, needed, strict=True)]
    yield from _listed(given, [each[:1] for each in required])
    for index, each in enumerate(options):  # one at a time
        for value in each[1:] if needed[index] else each:
            yield _line(given, [value if at == index else next(iter(other), "") for at, other in enumerate(required)])
    yield from islice(_listed(given, [each[:_DEEP] for each in required]), MOST)
    yield from islice(_listed(given, [each[:3] for each in options]), MOST // 4)


def _listed(parameters: Sequence[Parameter], options: Sequence[Sequence[str]]) -> Iterator[str]:
    for values in product(*([*each] or [""] for each in options)):
        yield _line(parameters, values)


def _line(parameters: Sequence[Parameter], values: Sequence[str]) -> str:
    """Write an argument list; what comes after one left out is given by its name."""
    parts: list[str] = []
    named = False
    for parameter, value in zip(parameters, values, strict=True):
        if not value:
            named = True
        else:
            parts.append(f"{parameter.name}={value}" if named or parameter.by_name else value)
    return ", ".join(parts)


def candidates(parameter: Parameter, node: ast.AST, classes: Classes) -> tuple[str, ...]:
    """Return values for one parameter as source text, the most fitting first."""
    found = [*_compared(parameter.name, node)]
    if parameter.annotation is not None:
        values = _annotated(parameter.annotation, classes)
        texts = [_TEXTS[kind] for kind in named(parameter.name) if kind in _TEXTS and "'abc'" in values]
        return tuple(dict.fromkeys([*found, *texts, *values])) or _ANYTHING
    if parameter.default is not None:
        found = [*_like(parameter.default), *found]
    kinds = kinds_of(parameter.name, node)
    found = [*(value for kind in kinds for value in _of_kind(kind)), *found]
    if "list" in kinds:
        found += [*_OF_TYPE["pairs"], "'abc'", "{'a': 1, 'b': 2}", "range(5)"]
    return tuple(dict.fromkeys([*found, *_ANYTHING]))


def _of_kind(kind: str) -> tuple[str, ...]:
    return (_TEXTS[kind], *_OF_TYPE["str"]) if kind in _TEXTS else _MORE.get(kind) or _OF_TYPE.get(kind, ())


def _annotated(annotation: ast.expr, classes: Classes) -> list[str]:
    match annotation:
        case ast.Constant(value=None):
            return ["None"]
        case ast.Constant(value=str(text)):
            try:
                return _annotated(ast.parse(text, mode="eval").body, classes)
            except SyntaxError:
                return []
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return [*_annotated(left, classes), *_annotated(right, classes)]
        case ast.Subscript(value=value, slice=inner):
            return _subscripted(ast.unparse(value).rpartition(".")[2], inner, classes)
        case ast.Name() | ast.Attribute():
            return _named(ast.unparse(annotation).rpartition(".")[2], classes)
    return []


def _subscripted(name: str, inner: ast.expr, classes: Classes) -> list[str]:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name in ("Optional", "Union"):
        found = [value for part in parts for value in _annotated(part, classes)]
        return [*found, "None"] if name == "Optional" else found
    if name == "Literal":
        return [ast.unparse(part) for part in parts]
    if name in ("type", "Type"):
        return [text for part in parts if (text := ast.unparse(part)) in classes or text in _OF_TYPE["type"]]
    if name in ("Annotated", "Final", "ClassVar"):
        return _annotated(parts[0], classes)
    if _SAME_AS.get(name, name) == "tuple":
        return _tuple_of(parts, classes) or _named(name, classes)
    if _SAME_AS.get(name, name) == "list" and len(parts) == 1:
        inside = _annotated(parts[0], classes)[:3]
        return [f"[{', '.join(inside)}]", "[]", f"[{inside[0]}]"] if inside else _named(name, classes)
    return _named(name, classes)


def _tuple_of(parts: Sequence[ast.expr], classes: Classes) -> list[str]:
    """Write a tuple of the first value of each type."""
    each = [_annotated(part, classes)[:1] for part in parts if ast.unparse(part) != "..."]
    if not all(each):
        return []
    elements = [ast.parse(value, mode="eval").body for (value,) in each]
    return [ast.unparse(ast.Tuple(elements, ast.Load()))]


def _named(name: str, classes: Classes) -> list[str]:
    if name in classes:
        return [*classes[name]]
    kind = _SAME_AS.get(name, name)
    more = ["{'a': 1}.items()"] if name in ("Iterable", "Iterator") else []
    return [*_OF_TYPE.get(kind, ()), *more]


def _like(default: ast.expr) -> list[str]:
    """Return values of the default's kind, but not the default."""
    try:
        value = ast.literal_eval(default)
    except (ValueError, TypeError, SyntaxError):
        return []
    if value is None:
        return []
    if isinstance(value, bool):
        return [repr(not value)]
    return [text for text in _OF_TYPE.get(type(value).__name__, ()) if text != repr(value)][:4]


def _compared(name: str, node: ast.AST) -> Iterator[str]:
    """Yield the literals that a parameter is compared with, and samples of the types that it is asked for."""
    for part in ast.walk(node):
        match part:
            case ast.Compare(left=left, comparators=[right]) if name in (ast.unparse(left), ast.unparse(right)):
                other = right if ast.unparse(left) == name else left
                yield from _members(other)
            case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=asked), types]) if asked == name:
                for each in types.elts if isinstance(types, ast.Tuple) else [types]:
                    last = ast.unparse(each).rpartition(".")[2]
                    yield from _OF_TYPE.get(_SAME_AS.get(last, last), ())[:2]


def _members(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str() | int() | float() | bytes()):
            yield ast.unparse(node)
        case ast.UnaryOp(operand=ast.Constant()):
            yield ast.unparse(node)
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            for element in elements[:6]:
                yield from _members(element)
