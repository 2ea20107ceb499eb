"""The reference is what the code says today, and leaves out no name that a plugin may meet."""

import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import FunctionType, ModuleType

import pytest

import proctor
from proctor import contracts, errors, testing
from proctor.registry import Registry

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/reference"
PAGES = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.md"))}
OURS = {"answers", "conformity", "version"}
"""Modules beside the contracts that no plugin meets."""
NO_PLACE = {"proctor.registry.Registry", "proctor.testing.kit.Promise"}
"""Types of what is passed on, not looked into."""


@pytest.fixture(scope="module")
def make() -> Iterator[ModuleType]:
    """Give the program that writes the pages."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield import_module("make")
    finally:
        sys.path.remove(str(FOLDER))
        for name in ("make", "spelling"):
            sys.modules.pop(name, None)


def test_every_page_is_as_the_docstrings_are(make: ModuleType) -> None:
    files = make.Reference().files()
    stale = sorted(name for name in files.keys() | PAGES.keys() if files.get(name) != PAGES.get(name))
    assert stale == [], "run `python docs/reference/make.py`"


def test_every_type_of_ours_that_a_page_mentions_has_a_place(make: ModuleType) -> None:
    reference = make.Reference()
    named = {name for each in every_member(reference) for name in make.spelling.names_in(types_of(each))}
    ours = {name for name in named if name.startswith("proctor.")}
    assert ours - reference.places.keys() - NO_PLACE == set()


def every_member(reference: object) -> Iterator[object]:
    for objects in reference.objects.values():
        for each in objects:
            yield each
            yield from (member for name, member in each.members.items() if not name.startswith("_"))


def types_of(each: object) -> list[object]:
    arguments = [argument.annotation for argument in getattr(each, "parameters", ())]
    return [*arguments, getattr(each, "returns", None), getattr(each, "annotation", None)]


def of_the_contracts() -> Iterator[type]:
    for module in iter_modules(contracts.__path__, "proctor.contracts."):
        if module.name.rpartition(".")[2] not in OURS:
            known = vars(import_module(module.name)).values()
            yield from (each for each in known if isinstance(each, type) and each.__module__ == module.name)


def headings() -> set[str]:
    return {title for text in PAGES.values() for title in re.findall(r"^##+ (.*)$", text, re.MULTILINE)}


def test_no_name_of_a_front_door_is_left_out() -> None:
    assert {*proctor.__all__, *contracts.__all__, *testing.__all__} - headings() == set()


@pytest.mark.parametrize("contract", [*of_the_contracts()], ids=lambda contract: contract.__name__)
def test_no_method_of_a_contract_is_left_out(contract: type) -> None:
    methods = {name for name, made in vars(contract).items() if is_shown(name, made)}
    assert {contract.__name__, *(f"{contract.__name__}.{name}" for name in methods)} - headings() == set()


def is_shown(name: str, made: object) -> bool:
    return not name.startswith("_") and isinstance(made, FunctionType | classmethod)


@pytest.mark.parametrize("name", [each for each in testing.__all__ if each.endswith("Contract")])
def test_no_rule_of_a_kit_is_left_out(name: str) -> None:
    part = re.split(rf"^## {name}$", PAGES["testing.md"], flags=re.MULTILINE)[1].split("\n## ")[0]
    kit, *others = (each for each in getattr(testing, name).__mro__ if each.__name__ in testing.__all__)
    told = {*re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)}.union(*map(dir, others))
    assert {rule for rule in dir(kit) if rule.startswith("test_")} - told == set()


def test_every_attribute_of_a_contract_says_what_it_is() -> None:
    text = "".join(PAGES[f"{name}.md"] for name in ("step", "wrapper", "agent", "executor", "engine"))
    assert re.findall(r"^\| `(\w+)` \|.*\|  \|$", text, re.MULTILINE) == []


def test_every_group_of_entry_points_has_a_page() -> None:
    declared = {*tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]}
    assert {*re.findall(r"^\| entry-point group \| `(.*)` \|$", "".join(PAGES.values()), re.MULTILINE)} == declared


def test_every_kind_of_command_is_told_of() -> None:
    kinds = {plugin.name for plugin in Registry(allowed=[]).plugins() if plugin.group == "proctor.executors"}
    assert {*re.findall(r"^- `(\w+)` ", PAGES["kinds.md"], re.MULTILINE)} == kinds


def test_every_error_is_listed() -> None:
    known = [each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, errors.ProctorError)]
    rest = {each.code for each in known} - {errors.ProctorError.code, errors.UsageError.code}
    assert {*re.findall(r"\(\.\./errors/(\w+)\.md\) \|", PAGES["errors.md"])} == rest
