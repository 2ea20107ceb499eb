"""Writes the tables of settings into the pages that have a place for them, from the models and their docstrings.

    python docs/reference/make.py

A place begins with `<!-- settings: NAME -->` and ends with `<!-- end -->`. NAME is a model, or `steps`: all options of
all steps.
"""  # noqa: INP001 # a program that people start: no package

import json
import re
import types
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal, Union, get_args, get_origin

import click
import griffe
import spelling
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from proctor.cli.group import proctor
from proctor.config import Settings
from proctor.registry import Registry

DOCS = Path(__file__).parents[1]
PLACE = re.compile(r"(<!-- settings: ([\w.]+) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)
WORDS: dict[object, tuple[str, str]] = {
    bool: ("`true` or `false`", ""),
    int: ("whole number", "whole numbers"),
    float: ("number", "numbers"),
    str: ("text", "texts"),
    Path: ("path", "paths"),
}
"""How types are called: one of it, and several."""

Row = tuple[str, str, str, str, str]
"""A name, its flag, what can be given, the default, the meaning."""


def files() -> dict[Path, str]:
    """Give the pages with tables, as they have to be."""
    pages = {path: path.read_text("utf-8") for path in sorted(DOCS.rglob("*.md"))}
    return {path: _filled(path, text) for path, text in pages.items() if PLACE.search(text)}


def write() -> None:
    """Write them."""
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")


def steps() -> Iterator[tuple[str, type[BaseModel]]]:
    """Give the options of every step that comes with Proctor, in the order in which the steps run."""
    registry = Registry(allowed=[])
    for workflow in ("context_testing", "component_testing"):
        found = registry.workflow(workflow)
        for name in (*found.main, *found.aside):
            yield f"{workflow}.{name}", registry.step(workflow, name).Options


@cache
def places() -> dict[str, tuple[Path, str]]:
    """Map each model that has a table to its page and the heading above."""
    found = {}
    for path in DOCS.rglob("*.md"):
        text = path.read_text("utf-8")
        for place in PLACE.finditer(text):
            found[place[2]] = path, re.findall(r"^#+ (.*)$", text[: place.start()], re.MULTILINE)[-1]
    return found


def _filled(path: Path, text: str) -> str:
    return PLACE.sub(lambda place: f"{place[1]}\n{_table(place[2], path)}\n{place[4]}", text)


def _table(name: str, page: Path) -> str:
    if name == "steps":
        return _of_steps(page)
    module, _, model = name.rpartition(".")
    return _spelt(("setting",), [((), row) for row in _rows(getattr(import_module(module), model), page)])


def _of_steps(page: Path) -> str:
    rows = [((f"`{step}`",), row) for step, options in steps() for row in _rows(options, page)]
    told: set[tuple[str, ...]] = set()
    for place, (step, row) in enumerate(rows):
        rows[place] = ("",) if step in told else step, row
        told.add(step)
    return _spelt(("step", "option"), rows)


def _spelt(names: tuple[str, ...], rows: Sequence[tuple[tuple[str, ...], Row]]) -> str:
    """Give the table, without a column of flags if there is none."""
    flagged = any(row[1] for _, row in rows)
    head = (*names, *(("flag",) if flagged else ()), "value", "default", "meaning")
    return spelling.table(head, ((*step, row[0], *((row[1],) if flagged else ()), *row[2:]) for step, row in rows))


def _rows(model: type[BaseModel], page: Path) -> Iterator[Row]:
    docs = _docs(model)
    flags = _flags() if issubclass(model, Settings) or model in dict(steps()).values() else {}
    for name, field in model.model_fields.items():
        value = _value(field.annotation, [field], page)
        yield f"`{name}`", flags.get(name, ""), value, _default(field), docs.get(name, "")


def _docs(model: type[BaseModel]) -> dict[str, str]:
    """Give what stands under the fields of a model and of its bases."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and not each.__module__.startswith("pydantic"):
            members = _module(each.__module__)[each.__name__].members.items()
            found |= {name: spelling.in_a_line(one) for name, one in members if one.is_attribute and one.docstring}
    return found


@cache
def _module(name: str) -> griffe.Object:
    root = griffe.load(name.partition(".")[0], search_paths=[DOCS.parent / "framework", DOCS.parent / "plugins"])
    return spelling.target(root[name.partition(".")[2]])


@cache
def _flags() -> dict[str, str]:
    """Give the flags of `proctor run` by the name of the setting or option that they stand for."""
    command = proctor.get_command(click.Context(proctor), "run")
    assert command is not None
    return {str(one.name): f"`{one.opts[0]}`" for one in command.params if one.opts[0].startswith("--")}


def _value(kind: object, metadata: Iterable[object], page: Path) -> str:
    """Say what can be given."""
    match get_origin(kind), get_args(kind):
        case (origin, parts) if origin in (Union, types.UnionType):
            return " or ".join(_value(part, metadata, page) for part in parts if part is not types.NoneType)
        case (origin, (inner, *more)) if origin is Annotated:
            return _value(inner, more, page)
        case (origin, parts) if origin is Literal:
            return ", ".join(f"`{json.dumps(part)}`" for part in parts)
        case (origin, (inner, *_)) if origin in (list, tuple):
            return f"list of {WORDS[inner][1] if inner in WORDS else _value(inner, (), page)}"
        case (origin, (_, inner)) if origin is dict:
            return "table of texts" if inner is str else f"tables{_link(inner, page)}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"table{_link(kind, page)}"
    return WORDS[kind][0] + _bounds(metadata)


def _link(kind: object, page: Path) -> str:
    name = f"{getattr(kind, '__module__', '')}.{getattr(kind, '__name__', '')}"
    if name not in places():
        return ""
    where, title = places()[name]
    file = "" if where == page else where.name
    return f", [see there]({file}#{re.sub(r'[^a-z0-9_ -]', '', title.lower()).replace(' ', '-')})"


def _bounds(metadata: Iterable[object]) -> str:
    """Say between what a number lies, or how long a text is."""
    told = [one for each in metadata for one in (each.metadata if isinstance(each, FieldInfo) else [each])]
    above, least, most = (_told(told, name) for name in ("gt", "ge", "le"))
    if (shortest := _told(told, "min_length")) is not None:
        return f", {shortest} to {_told(told, 'max_length')} characters"
    if least is not None and most is not None:
        return f", {least} to {most}"
    low = f" above {above}" if above is not None else f", {least} or more" if least is not None else ""
    return f"{low}, at most {most}" if most is not None else low


def _told(metadata: list[object], name: str) -> object:
    return next((getattr(one, name) for one in metadata if hasattr(one, name)), None)


def _default(field: FieldInfo) -> str:
    match field.default:
        case _ if field.is_required():
            return "must be given"
        case _ if field.default_factory is not None:
            return "computed"
        case BaseModel():
            return ""
        case None | "" | () | [] | {}:
            return "none"
        case float() as number if number == int(number):
            return f"`{int(number)}`"
        case other:
            return f"`{json.dumps(other)}`"
