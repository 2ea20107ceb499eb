"""What a person can meet is documented: errors, settings, entry-point groups, commands, rooms. And no link is dead."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import get_args

import click
import pytest
from graphql import GraphQLObjectType, build_schema
from pydantic import BaseModel

import proctor
from proctor import Step, errors
from proctor.api.errors import ANSWERS, NotFound
from proctor.api.schema import printed
from proctor.api.settings import ServerSettings
from proctor.cli.group import proctor as command_line
from proctor.cli.jsonl import JSON_VERSION
from proctor.cli.lazy import FAILED, USAGE
from proctor.contracts.conformity import as_step
from proctor.contracts.version import CONTRACTS
from proctor.errors import ProctorError, UsageError
from proctor.history.document import VERSION
from proctor.registry import Registry
from proctor_python.survey import Code

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
ERRORS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ProctorError)]


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def rows(text: str) -> list[list[str]]:
    """Give the cells of all tables."""
    lines = (line for line in text.splitlines() if line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def codes(text: str) -> list[str]:
    """Give the names in backquotes that stand in the first cells of tables."""
    return [name for row in rows(text) for name in re.findall(r"`([^`]+)`", row[0])]


def section(text: str, title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"there is no section {title}"
    return found[1]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_is_documented_with_its_message_and_exit_code(error: type[ProctorError]) -> None:
    if error in (ProctorError, UsageError):
        assert f"`{error.code}`" in page("errors.md")
        return
    message = " ".join(str(error.__doc__).split())
    exit_code = USAGE if issubclass(error, UsageError) else FAILED
    link = f"[`{error.code}`](errors/{error.code}.md)"
    documented = [row[1:3] for row in rows(page("errors.md")) if row[0] == link]
    assert documented == [[str(exit_code), message]]


def test_no_other_error_is_documented() -> None:
    known = {error.code for error in ERRORS} | {*get_args(Code)} | {"0", "1", "2", "130"}
    assert set(codes(page("errors.md"))) <= known
    assert set(codes(section(page("errors.md"), "When a package cannot be tested"))) == {*get_args(Code)}


def in_the_api(error: type[ProctorError]) -> str:
    """Say what a client gets of an error."""
    if error in (ProctorError, UsageError):
        return "depends on the code"
    if error in NOT_TOLD_TO_CLIENTS:
        return "not met there"
    kind = next((answer for known, answer in ANSWERS.items() if issubclass(error, known)), None)
    if kind is NotFound:
        return "`NotFound`, with the code `not_found`"
    return f"`{kind.__name__}`" if kind else "an entry of `errors` with this code"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code)
def test_an_error_has_a_page_with_an_example_of_its_message(error: type[ProctorError]) -> None:
    text = page(f"errors/{error.code}.md")
    facts = dict(rows(text)[2:])
    assert text.startswith(f"# {error.code}\n")
    assert facts["exit code"] == str(USAGE if issubclass(error, UsageError) else FAILED)
    assert facts["class"] == f"`proctor.errors.{error.__name__}`"
    assert facts["in the API"] == in_the_api(error)
    words = re.split(r"\{\w+\}", " ".join(str(error.__doc__).split()))
    example = re.findall(r"```\n(.*?)```|^> (.*)$", text, re.DOTALL | re.MULTILINE)[0]
    assert re.search(".+".join(map(re.escape, words)), " ".join(" ".join(example).split()))
    assert "\n1. " in text


def test_no_page_tells_of_an_error_that_is_gone() -> None:
    assert {path.stem for path in DOCS.glob("errors/*.md")} == {error.code for error in ERRORS} | {*get_args(Code)}


def spoken() -> str:
    """Give the source of the survey, its texts in one piece each."""
    programs = (ROOT / "plugins/proctor_python/programs").glob("*.py")
    return re.sub(r'"\s*f?"', "", "".join(each.read_text("utf-8") for each in programs))


@pytest.mark.parametrize("code", get_args(Code))
def test_a_reason_why_a_package_cannot_be_tested_has_a_page(code: str) -> None:
    text = page(f"errors/{code}.md")
    facts = dict(rows(text)[2:])
    assert text.startswith(f"# {code}\n")
    assert facts["exit code"] == str(FAILED)
    assert "the session fails" in facts["in the API"]
    end = re.findall(r"^Failed: .*?((?: \S+){4})$", text, re.MULTILINE)[0]
    assert end in spoken(), "the survey says something else today"
    assert "\n1. " in text
    assert f"[`{code}`](errors/{code}.md)" in page("errors.md")


def test_every_test_that_a_promise_names_is_there() -> None:
    for file, *names in (name.split("::") for name in re.findall(r"`(tests/[^`]*)`", page("promises.md"))):
        text = (ROOT / file).read_text("utf-8")
        assert [name for name in names if not re.search(rf"(def|class) {name}\b", text)] == []


def test_the_policy_names_the_versions_of_today() -> None:
    text = page("versions.md")
    assert f"today that is {' and '.join(map(str, CONTRACTS))}." in text
    assert f"has a version, `{VERSION}` today" in text
    assert f"`v` is {JSON_VERSION} today" in text


@pytest.fixture(scope="module")
def tables() -> Iterator[ModuleType]:
    """Give the program that writes the tables of settings."""
    sys.path.insert(0, str(DOCS / "reference"))
    try:
        yield import_module("settings")
    finally:
        sys.path.remove(str(DOCS / "reference"))
        for name in ("settings", "spelling"):
            sys.modules.pop(name, None)


def test_every_table_of_settings_is_as_the_models_are(tables: ModuleType) -> None:
    stale = [path.name for path, text in tables.files().items() if path.read_text("utf-8") != text]
    assert stale == [], "run `python docs/reference/make.py`"


def test_every_model_of_settings_has_a_table(tables: ModuleType) -> None:
    agents = (Registry(allowed=[]).agent(name).Options for name in ("builtin", "command"))
    known = {f"{model.__module__}.{model.__name__}" for model in (*models(ServerSettings), *agents)}
    assert {*tables.places()} == known - {"proctor.config.AgentSettings"} | {"steps"}


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Give a model of settings and those of its fields."""
    yield model
    for field in model.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from models(part)


def test_every_setting_says_what_it_is(tables: ModuleType) -> None:
    rows_of_tables = [row for path in tables.files() for row in rows(generated(path.read_text("utf-8")))]
    assert [row[0] for row in rows_of_tables if not row[-1]] == []


def generated(text: str) -> str:
    return "".join(re.findall(r"<!-- settings: .*? -->\n(.*?)<!-- end -->", text, re.DOTALL))


def test_every_entry_point_group_is_documented() -> None:
    groups = {plugin.group for plugin in Registry(allowed=[]).plugins()}
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    assert set(codes(section(page("steps.md"), "The other groups"))) == groups == {*declared}


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield " ".join([*path, name]), command


def test_every_command_is_documented_and_no_other() -> None:
    documented = [name for row in rows(page("quickstart.md")) for name in re.findall(r"`proctor ([a-z ]+)", row[0])]
    assert sorted(name.strip() for name in documented) == sorted(path for path, _ in commands(command_line))


@pytest.mark.parametrize("command", [pytest.param(command, id=path) for path, command in commands(command_line)])
def test_every_flag_of_a_command_is_documented(command: click.Command) -> None:
    flags = [flag for parameter in command.params for flag in parameter.opts if flag.startswith("--")]
    assert [flag for flag in flags if f"`{flag}" not in page("quickstart.md")] == []


def test_every_room_is_documented_and_no_other() -> None:
    rooms = {each.stem for each in Path(proctor.__file__).parent.iterdir() if each.suffix == ".py" or each.is_dir()}
    rooms -= {"__init__", "__main__", "__pycache__"}
    text = section(page("architecture.md"), "The rooms")
    assert set(codes(text)) == rooms


def test_the_rooms_are_drawn_in_the_order_that_is_checked() -> None:
    drawing = re.findall(r"```\n(.*?)```", page("architecture.md"), re.DOTALL)[0]
    drawn = [re.split(r" {2,}", line)[0] for line in drawing.splitlines()]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    assert ["__main__", *drawn] == next(each["layers"] for each in contracts if each["type"] == "layers")


def test_the_step_that_is_shown_to_strangers_keeps_the_contract() -> None:
    source = re.findall(r"```python\n(.*?)```", page("steps.md"), re.DOTALL)[0]
    ast.parse(re.findall(r'PROGRAM = """(.*?)"""', source, re.DOTALL)[0])
    names: dict[str, object] = {"__name__": "proctor_check_length"}
    exec(compile(source, "steps.md", "exec"), names)  # noqa: S102 # our own page
    entry_point = re.findall(r'"([a-z_.]+)" = "proctor_check_length:(\w+)"', page("steps.md"))[0]
    assert isinstance(as_step(entry_point[0], names[entry_point[1]]), Step)


API = {path.name: path.read_text("utf-8") for path in Path(proctor.__file__).parent.glob("api/*.py")}
NOT_TOLD_TO_CLIENTS = {
    errors.TokenExists,
    errors.TokenNotFound,
    errors.NotLoopback,
    errors.AddressUnusable,
    errors.Halted,
}


def subsection(text: str, title: str) -> str:
    return section(text.replace("\n### ", "\n## "), title)


def said(pattern: str, *files: str) -> set[str]:
    """Give what a pattern finds in the API's source."""
    return {found for name in files or API for found in re.findall(pattern, API[name])}


def answers_codes() -> dict[str, set[str]]:
    """Give the codes of each type that stands for a failure."""
    found: dict[str, set[str]] = {}
    for error in [each for each in ERRORS if each not in (*NOT_TOLD_TO_CLIENTS, UsageError)]:
        kind = next((answer for known, answer in ANSWERS.items() if issubclass(error, known)), None)
        if kind is not None:
            found.setdefault(kind.__name__, set()).add("not_found" if kind is NotFound else error.code)
    for name, code in re.findall(r"(\w+)\(\s*message=[^\n]*?,\s*code=\"(\w+)\"", "".join(API.values())):
        found.setdefault(name, set()).add(code)
    return found


def test_every_error_in_an_answer_is_documented_with_its_codes() -> None:
    documented: dict[str, set[str]] = {}
    for name, given, _ in rows(subsection(page("api.md"), "Errors in answers"))[2:]:
        documented.setdefault(name.strip("`"), set()).update(re.findall(r"`(\w+)`", given))
    assert documented == answers_codes()


def arguments() -> set[str]:
    """Give the names of all arguments of the schema's fields."""
    objects = [kind for kind in build_schema(printed()).type_map.values() if isinstance(kind, GraphQLObjectType)]
    fields = [field for kind in objects if not kind.name.startswith("__") for field in kind.fields.values()]
    return {name for field in fields for name in field.args}


def test_every_error_of_a_request_is_documented() -> None:
    own = said(r'"code": "(\w+)"') | said(r'_said\([^\n]*, "(\w+)"')
    own |= {f"foreign_{what}" for what in said(r'_refuse\(\d+, "(\w+)"')}
    own |= {code for call in said(r"coded\(([^\n]*)") for code in re.findall(r'"(\w+)"', call)}
    own |= {f"invalid_{name}" for name in arguments() - {"id", "sessionId", "digest", "input", "by", "filter"}}
    expected = tuple(known for known, kind in ANSWERS.items() if kind)
    faults = {each.code for each in ERRORS if not issubclass(each, expected)} - {ProctorError.code}
    faults |= {each.code for each, kind in ANSWERS.items() if kind is None}
    own |= (faults - {each.code for each in NOT_TOLD_TO_CLIENTS}) | {"session_not_found", "not_found"}
    assert set(codes(subsection(page("api.md"), "Errors of requests"))) == own


def test_every_status_and_close_code_is_documented() -> None:
    text = page("api.md")
    statuses = {code for row in rows(subsection(text, "HTTP statuses")) for code in re.findall(r"\d{3}", row[0])}
    assert statuses - {"200"} == said(r"\b(4\d\d|5\d\d)\b", "endpoint.py", "sse.py", "hosts.py", "server.py")
    closing = {row[0] for row in rows(subsection(text, "Close codes of a WebSocket"))[2:]}
    assert closing - {"1009", "1012"} == said(r"\b(44\d\d)\b", "websocket.py")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_link_is_dead(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL))
    assert [link for link in links if "://" not in link and not reaches(path, link)] == []


def reaches(path: Path, link: str) -> bool:
    file, _, title = link.partition("#")
    target = path.parent / file if file else path
    return target.exists() and (not title or title in titles(target))


def titles(path: Path) -> set[str]:
    lines = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9_ -]", "", line.lower()).replace(" ", "-") for line in lines}
