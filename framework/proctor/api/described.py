"""Descriptions of the schema, taken from the docstrings that are written for whoever reads the code.

A type's docstring describes the type, the string below an attribute or an enum's member describes that, and a
resolver's docstring its field. Arguments are described where they are declared.
"""

import ast
import inspect
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from types import ModuleType

from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

Texts = Mapping[str, str]
"""Name of an attribute -> what stands below it."""


def describe(modules: Collection[ModuleType]) -> None:
    """Describe every type that these modules define, each with what it inherits from the others."""
    texts = {name: texts for module in modules for name, texts in _attribute_texts(module).items()}
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                inherited = [texts.get(each.__name__, {}) for each in reversed(value.__mro__)]
                _describe(value, {name: text for them in inherited for name, text in them.items()})


def _describe(kind: type, texts: Texts) -> None:
    definition = kind.__dict__.get("__strawberry_definition__")
    if not isinstance(definition, StrawberryObjectDefinition | StrawberryEnumDefinition):
        return
    definition.description = definition.description or inspect.getdoc(kind)
    if isinstance(definition, StrawberryEnumDefinition):
        for value in definition.values:
            value.description = value.description or texts.get(value.name)
        return
    for field in definition.fields:
        field.description = field.description or texts.get(field.python_name) or _resolver_text(field)


def _resolver_text(field: StrawberryField) -> str | None:
    return inspect.getdoc(field.base_resolver.wrapped_func) if field.base_resolver else None


def _attribute_texts(module: ModuleType) -> dict[str, Texts]:
    tree = ast.parse(inspect.getsource(module))
    return {node.name: dict(_texts(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _texts(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement, below in pairwise(node.body):
        match statement, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(text.split())
