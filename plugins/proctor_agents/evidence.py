"""What kind of value a parameter takes, as far as its name, the function's documentation and its use there tell."""

import ast
import re
from collections.abc import Iterator

# Words of a parameter's name, and what it then most likely is.
_CALLED = (
    ("func function fn callback predicate pred key_func callable wrapped f decorator factory op binop", "callable"),
    ("funcs functions", "functions"),
    ("text string str s word words line sentence title label message msg prefix suffix sep delim char chars", "str"),
    ("name path format fmt template value_str code token", "str"),
    ("basename hostname username classname modname substring plaintext newline", "str"),
    ("filename filepath fname pathname dirname directory folder", "path"),
    ("url uri link href", "url"),
    ("email", "email"),
    ("html xml markup", "markup"),
    ("version", "version"),
    ("encoding charset", "encoding"),
    ("pattern regex regexp", "pattern"),
    ("n k num number count size length width height index idx i j start stop end step limit max min depth", "int"),
    ("maxsize max_size precision digits position pos level times bits total amount age year month day", "int"),
    ("offset startpos endpos lineno column row port bufsize chunksize blocksize pagesize", "int"),
    ("maxlength minlength maxwidth minwidth maxdepth maxlevel", "int"),
    ("seconds minutes hours ratio rate fraction factor weight x y z", "float"),
    ("items seq sequence iterable it lst list values elements data array src collection iterables seqs xs", "list"),
    ("d dict dictionary mapping map kwargs options config dct dicts obj", "dict"),
    ("pairs", "pairs"),
    ("names lines strings paths tokens labels keys", "strings"),
    ("bytes buf buffer", "bytes"),
    ("set sets other others", "list"),
    ("cls type typ klass", "type"),
    ("types", "types"),
    ("dt date datetime tdate startdate enddate birthdate", "datetime"),
    ("delta timedelta", "timedelta"),
    ("exc error exception", "exception"),
    ("file fp fileobj stream handle out infile outfile", "file"),
    ("key", "key"),
    ("flag strict reverse ignore include", "bool"),
)
_BY_WORD = {word: kind for words, kind in _CALLED for word in words.split()}
# What only values of one kind have; what several have is left out.
_ATTRIBUTES = (
    ("upper lower title capitalize strip lstrip rstrip splitlines startswith endswith isdigit isalpha encode", "str"),
    ("items keys setdefault", "dict"),
    ("append extend sort reverse", "list"),
    ("year month day isocalendar weekday isoweekday strftime toordinal utcoffset isoformat", "datetime"),
    ("total_seconds", "timedelta"),
    ("decode", "bytes"),
    ("readline readlines", "file"),
)
_BY_ATTRIBUTE = {name: kind for names, kind in _ATTRIBUTES for name in names.split()}
_DOCUMENTED = {
    **dict.fromkeys(("str", "string", "unicode"), "str"),
    **dict.fromkeys(("int", "integer"), "int"),
    **dict.fromkeys(("bool", "boolean"), "bool"),
    **dict.fromkeys(("callable", "function"), "callable"),
    **dict.fromkeys(("list", "iterable", "sequence"), "list"),
    **dict.fromkeys(("dict", "mapping"), "dict"),
    **{kind: kind for kind in ("float", "bytes", "tuple", "set", "datetime", "date", "timedelta")},
}


def kinds_of(name: str, node: ast.AST) -> tuple[str, ...]:
    """Return the kinds that a function's parameter is likely to be of, the surest first."""
    return tuple(dict.fromkeys([*_documented(name, node), *_used(name, node), *named(name)]))


def named(name: str) -> tuple[str, ...]:
    """Return what a name says: the whole of it, else the last of its words that is known."""
    words = [name, *reversed(re.split(r"_|(?<=[a-z])\d", name))]
    return next(((_BY_WORD[word],) for word in words if word in _BY_WORD), ())


def _documented(name: str, node: ast.AST) -> Iterator[str]:
    """Yield the types that a docstring gives in one of the three usual ways."""
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    word = re.escape(name)
    ways = rf":param\s+([^:]+?)\s+{word}:|:type\s+{word}:(.*)|^\s*{word}\s*\(([^)]*)\):|^\s*{word}\s+:\s(.*)"
    for found in re.finditer(ways, ast.get_docstring(node) or "", re.MULTILINE):
        for told in re.findall(r"\w+", "".join(part or "" for part in found.groups()).lower()):
            if told in _DOCUMENTED:
                yield _DOCUMENTED[told]


def _used(name: str, node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        match part:
            case ast.Attribute(value=ast.Name(id=used), attr=attribute) if used == name:
                if attribute in _BY_ATTRIBUTE:
                    yield _BY_ATTRIBUTE[attribute]
            case ast.Call(func=ast.Name(id="range"), args=[ast.Name(id=used), *_]) if used == name:
                yield "int"
            case ast.Call(func=ast.Name(id=used)) if used == name:
                yield "callable"
