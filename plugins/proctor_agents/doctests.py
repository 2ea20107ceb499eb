"""The examples in a module's docstrings, read without importing or running the module."""

import ast
import doctest
import re
from collections.abc import Iterator
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"#\s*doctest:\s*([^\n'\"]*)$", re.MULTILINE)
_BLANKLINE = re.compile(rf"^{re.escape(doctest.BLANKLINE_MARKER)}[ \t]*$", re.MULTILINE)
# pytest's own flags for text of Python 2; they change nothing that we compare.
_HARMLESS = {"ALLOW_UNICODE", "ALLOW_BYTES"}


@dataclass(frozen=True, slots=True)
class Example:
    """One prompt of a docstring: the code, what its author expects it to show, and doctest's flags."""

    source: str
    expected: str
    exception: str | None = None
    """The last line of an expected traceback: the type and, after a colon, the message."""
    flags: int = 0
    line: int = 1
    """Where the prompt stands in the source file, counted from 1."""

    @property
    def text(self) -> str:
        """The expected output as it would be shown, without doctest's markers for blank lines."""
        return self.expected if self.flags & doctest.DONT_ACCEPT_BLANKLINE else _BLANKLINE.sub("", self.expected)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a docstring documents: a function, a class, a method, or the module itself (named "")."""

    name: str
    line: int
    examples: tuple[Example, ...]


def harvest(source: str) -> tuple[Subject, ...]:
    """Return everything in a module that has examples, in the order of the file.

    Raises SyntaxError for a source that does not parse. A docstring that doctest itself cannot read has no examples.
    """
    return tuple(subject for subject in _subjects(ast.parse(source), "") if subject.examples)


def _subjects(node: ast.AST, prefix: str) -> Iterator[Subject]:
    if isinstance(node, ast.Module):
        yield Subject("", 1, _examples(node))
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield Subject(prefix + name, child.lineno, _examples(child))
            case ast.ClassDef(name=name):
                yield Subject(prefix + name, child.lineno, _examples(child))
                yield from _subjects(child, f"{prefix}{name}.")
            case ast.If() | ast.Try() | ast.With() | ast.ExceptHandler():
                yield from _subjects(child, prefix)


def _examples(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Example, ...]:
    match node.body:
        case [ast.Expr(value=ast.Constant(value=str(text), lineno=line)), *_]:
            pass
        case _:
            return ()
    try:
        found = doctest.DocTestParser().get_examples(_DIRECTIVE.sub(_known_flags, text))
    except ValueError:
        return ()
    return tuple(_example(example, line) for example in found)


def _example(example: doctest.Example, line: int) -> Example:
    source = _DIRECTIVE.sub("", example.source).rstrip()
    flags = sum(flag for flag, on in example.options.items() if on)
    return Example(source, example.want, example.exc_msg and example.exc_msg.rstrip("\n"), flags, line + example.lineno)


def _known_flags(directive: re.Match[str]) -> str:
    """Keep the flags that doctest knows; an example that needs any other is skipped."""
    kept: list[str] = []
    for flag in directive[1].replace(",", " ").split():
        if flag[1:] in doctest.OPTIONFLAGS_BY_NAME and flag[0] in "+-":
            kept.append(flag)
        elif flag[0] == "+" and flag[1:] not in _HARMLESS:
            kept.append("+SKIP")
    return f"# doctest: {', '.join(kept)}" if kept else ""
