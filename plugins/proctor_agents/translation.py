"""One example of a docstring as lines of a pytest test that fails when doctest would.

Every translation has two forms. The *plain* one reads like a test somebody wrote and compares values; the *shown* one
compares the text an interactive session shows, which is what doctest does. They differ where a value equals no literal
of its own text, or where types matter; the shown form settles whether documentation and code disagree.
"""

import ast
import doctest
import io
import re
import tokenize
from dataclasses import dataclass

from proctor_agents.doctests import Example

WIDTH = 100
_FLAGS = ("ELLIPSIS", "NORMALIZE_WHITESPACE")
_TEXT_TOKENS = {"STRING", "FSTRING_MIDDLE"}
_PRINTERS = {"print", "pprint", "pp"}
_ANSWERS_BOOL = {"isinstance", "issubclass", "hasattr", "callable", "all", "any"}


@dataclass(frozen=True, slots=True)
class Passage:
    """The lines of one example in both forms; `raises` names the exception it expects, as written."""

    example: Example
    plain: str
    shown: str
    asserts: bool
    raises: str | None = None

    def form(self, shown: bool) -> str:
        """Return the lines of one form."""
        return self.shown if shown else self.plain


class UntranslatableError(Exception):
    """An example cannot become part of a test; the message says why."""


def translate(example: Example, raises: str | None = None) -> Passage:
    """Turn an example into code; `raises` is an expression for the expected exception, None if nothing names it.

    Raises UntranslatableError if the example's code cannot stand in a function.
    """
    tree = _tree(example.source)
    if example.exception is not None:
        code = _raising(example, raises)
        return Passage(example, code, code, asserts=True, raises=raises)
    if not example.expected:
        code = example.source
        return Passage(example, code, code, asserts=False)
    *before, last = tree.body
    if isinstance(last, ast.Expr) and not any(isinstance(node, ast.Expr) for node in before):
        return _value(example, last)
    code = f"{_displaying(tree, example.source)}\n{_output(example)}"
    return Passage(example, code, code, asserts=True)


def expected_exception(example: Example) -> tuple[str, str]:
    """Split an expected exception into its type, possibly dotted, and its message."""
    name, _, message = (example.exception or "").partition(":")
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", name):
        raise UntranslatableError("the expected traceback does not end with an exception")
    return name, message.removeprefix(" ")


def quote(text: str) -> str:
    """Write a string as a literal in double quotes where that needs no escapes."""
    literal = repr(text)
    return literal if '"' in text or literal[0] == '"' else '"' + literal[1:-1].replace("\\'", "'") + '"'


def indent(code: str, by: str = "    ") -> str:
    """Indent code, but not the inner lines of its multi-line strings."""
    inside: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if tokenize.tok_name[token.type] in _TEXT_TOKENS:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    lines = code.split("\n")
    return "\n".join(line if number in inside or not line else by + line for number, line in enumerate(lines, 1))


def _tree(source: str) -> ast.Module:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef):
            raise UntranslatableError("it needs an event loop")
    return tree


def as_local(source: str) -> str:
    """Make `global` statements of nested functions mean the variables of the test.

    Raises UntranslatableError for one at the top level.
    """
    tree = ast.parse(source)
    if any(isinstance(node, ast.Global) for node in tree.body):
        raise UntranslatableError("it declares a global variable at the prompt")
    lines = source.split("\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line[: node.col_offset] + line[node.col_offset :].replace("global", "nonlocal", 1)
    return "\n".join(lines)


def _raising(example: Example, raises: str | None) -> str:
    name, message = expected_exception(example)
    checks = [] if raises else [f"assert type(caught.value).__name__ == {quote(name.rpartition('.')[2])}"]
    if message and not example.flags & doctest.IGNORE_EXCEPTION_DETAIL:
        checks.append(_comparison("str(caught.value)", message, example.flags))
    caught = " as caught" if checks else ""
    return "\n".join([f"with pytest.raises({raises or 'Exception'}){caught}:", indent(example.source), *checks])


def _value(example: Example, last: ast.Expr) -> Passage:
    lines = example.source.split("\n")
    same_line = lines[last.lineno - 1].encode()[: last.col_offset].decode()  # offsets count bytes
    before = "\n".join([*lines[: last.lineno - 1], same_line]).rstrip("; \n")
    operand = _operand(ast.get_source_segment(example.source, last) or "")
    shown = _comparison(f"shown({operand}, capsys)", example.text, example.flags)
    printed = f"{operand}\n{_output(example)}" if _prints(last.value) else None
    plain = printed or _plain(operand, last.value, example) or shown
    lead = f"{before}\n" if before else ""
    return Passage(example, lead + plain, lead + shown, asserts=True)


def _plain(operand: str, value: ast.expr, example: Example) -> str | None:
    """Compare by value, or by `repr` where the text is not a literal but looks like one object's."""
    text = example.text.rstrip("\n")
    elided = "..." in text and bool(example.flags & doctest.ELLIPSIS)
    if not elided and text in ("True", "False"):
        return _truth(operand, value, text)
    if not elided and _is_literal(text):
        return _equality(operand, text)
    if text.startswith("<") or re.match(r"[^\W\d][\w.]*\(.*\)$", text, re.DOTALL):
        return _comparison(f"repr({operand})", text, example.flags)
    return None


def _truth(operand: str, value: ast.expr, text: str) -> str:
    match value:
        case ast.Compare():
            plain = True
        case ast.UnaryOp(op=ast.Not()):
            plain = True
        case ast.Call(func=ast.Name(id=name)):
            plain = name in _ANSWERS_BOOL
        case _:
            plain = False
    if not plain:
        return f"assert {operand} is {text}"
    inner = operand[1:-1] if isinstance(value, ast.Compare | ast.UnaryOp) and "\n" not in operand else operand
    return f"assert {inner}" if text == "True" else f"assert not {operand}"


def _is_literal(text: str) -> bool:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    constants = [node for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Constant)]
    return value is not None and not any(node.value is Ellipsis for node in constants)


def _equality(operand: str, text: str) -> str:
    tree = ast.parse(text, mode="eval").body
    if isinstance(tree, ast.Tuple) and not text.startswith("("):
        text = f"({text})"
    flat = text if "\n" not in text else ast.unparse(tree)
    line = f"assert {operand} == {flat}"
    return line if len(line) <= WIDTH - 4 else f"assert {operand} == {_exploded(tree, flat)}"


def _exploded(tree: ast.expr, flat: str) -> str:
    """Write a long container with one element a line."""
    match tree:
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            items = [ast.unparse(element) for element in elements]
            opening, closing = {ast.List: ("[", "]"), ast.Tuple: ("(", ")"), ast.Set: ("{", "}")}[type(tree)]
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            items = [f"{ast.unparse(key)}: {ast.unparse(value)}" for key, value in pairs if key]
            opening, closing = "{", "}"
        case _:
            return f"(\n    {flat}\n)"
    return "\n".join([opening, *(f"    {item}," for item in items), closing])


def _operand(text: str) -> str:
    """Put parentheses round an expression that would fall apart beside `==` or as an argument."""
    value = ast.parse(text, mode="eval").body
    try:
        beside = ast.parse(f"{text} == 0", mode="eval").body
        whole = isinstance(beside, ast.Compare) and len(beside.ops) == 1 and ast.dump(beside.left) == ast.dump(value)
    except SyntaxError:
        whole = False
    return text if whole else f"({text})"


def _comparison(got: str, text: str, flags: int) -> str:
    """Compare text with what an example expects, under the flags that make a difference to it."""
    # Nobody who writes `...` outside a literal means three dots; many projects set the flag in their configuration.
    elided = "..." in text and (flags & doctest.ELLIPSIS or not _is_literal(text))
    wanted = [bool(elided), bool(flags & doctest.NORMALIZE_WHITESPACE)]
    names = [f"doctest.{name}" for name, on in zip(_FLAGS, wanted, strict=True) if on]
    if names:
        return f"assert matches({got}, {_text(text)}, {' | '.join(names)})"
    return f"assert {got} == {_text(text)}"


def _text(text: str) -> str:
    """Write text as one literal, or as one for each of its lines."""
    lines = text.splitlines(keepends=True)
    if len(lines) < 2:
        return quote(text)
    return "\n".join(["(", *(f"    {quote(line)}" for line in lines), ")"])


def prints(text: str, flags: int = 0) -> str:
    """Return the assertion that so much was printed."""
    return _comparison("capsys.readouterr().out", text, flags)


def _output(example: Example) -> str:
    return prints(example.text, example.flags)


def _prints(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _PRINTERS
    return False


def _displaying(tree: ast.Module, source: str) -> str:
    """Make the expression statements of a script show their value, as they do at a prompt."""
    changed = _Displays().visit(ast.parse(source))
    if ast.dump(changed) == ast.dump(tree):
        return source
    return ast.unparse(ast.fix_missing_locations(changed))


class _Displays(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        if _prints(node.value):
            return node
        hook = ast.Attribute(ast.Name("sys", ast.Load()), "displayhook", ast.Load())
        return ast.Expr(ast.Call(hook, [node.value], []))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        return node
