"""The container is built from what is there, started as the settings allow, and as closed as its page says."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import requires
from pathlib import Path, PurePosixPath

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from proctor.api.settings import ServerSettings, load
from proctor.cli.commands.serve import serve
from proctor.config import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs/deploy"
HADOLINT = Path(sys.executable).with_name("hadolint")
PORT = "8000"
SECONDS = {"": 1, "s": 1, "m": 60}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICE = COMPOSE["services"]["proctor"]


def instructions() -> list[tuple[str, str]]:
    """Give the Dockerfile's instructions in order, each on one line and without comments."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines) if word]


INSTRUCTIONS = instructions()
LAST_FROM = max(index for index, (word, _) in enumerate(INSTRUCTIONS) if word == "FROM")
FINAL = INSTRUCTIONS[LAST_FROM:]


def final(word: str) -> str:
    """Give the only such instruction of the final stage."""
    (found,) = [rest for each, rest in FINAL if each == word]
    return found


def environment() -> dict[str, str]:
    return {name: value.strip('"') for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', final("ENV"))}


def mounted() -> dict[str, dict[str, object]]:
    """Give what Compose mounts, by its place in the container; short forms are volumes."""
    long = [each if isinstance(each, dict) else {"target": each.partition(":")[2]} for each in SERVICE["volumes"]]
    return {str(each["target"]): each for each in long}


@pytest.fixture
def settings(clean: pytest.MonkeyPatch) -> ServerSettings:
    """Read the example as the server in the container does."""
    for name, value in environment().items():
        if name.startswith("PROCTOR_"):
            clean.setenv(name, value)
    clean.setenv("PROCTOR_CONFIG", str(DEPLOY / "server.toml"))
    return load()


def test_the_dockerfile_has_two_stages_on_one_official_image() -> None:
    assert {word for word, _ in INSTRUCTIONS} <= {
        "ARG", "FROM", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD",
    }  # fmt: skip
    assert [rest for word, rest in INSTRUCTIONS if word == "FROM"] == ["${PYTHON} AS build", "${PYTHON}"]
    assert re.fullmatch(r"PYTHON=python:3\.\d+-slim-\w+", INSTRUCTIONS[0][1])


def test_what_is_copied_is_there_and_not_ignored() -> None:
    patterns = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    kept = {pattern.removeprefix("!") for pattern in patterns if pattern.startswith("!")}
    copies = [rest.split()[:-1] for word, rest in INSTRUCTIONS if word == "COPY" and not rest.startswith("--from")]
    copied = {name for names in copies for name in names}
    assert "*" in patterns
    assert kept == copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_what_the_wheel_is_built_from_is_copied() -> None:
    copied = " ".join(rest for word, rest in INSTRUCTIONS if word == "COPY")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    named = re.findall(r'"((?:framework|plugins)/\w+)"', project) + re.findall(r'readme = "(.+)"', project)
    assert [name for name in named if name.split("/")[0] not in copied.split()] == []


def test_the_lock_holds_every_distribution_that_the_server_needs() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    locked = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert {name for name, _ in needed("proctor", "")} - {"proctor"} <= locked


def needed(name: str, extra: str, seen: frozenset[tuple[str, str]] = frozenset()) -> frozenset[tuple[str, str]]:
    """Give a distribution with all that it depends on here."""
    if (name, extra) in seen:
        return seen
    seen |= {(name, extra)}
    for requirement in map(Requirement, requires(name) or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            for each in ("", *requirement.extras):
                seen = needed(canonicalize_name(requirement.name), each, seen)
    return seen


def test_the_server_is_not_root() -> None:
    (default,) = [rest.partition("=")[2] for word, rest in FINAL if word == "ARG" and rest.startswith("UID=")]
    assert int(default) > 0
    assert final("USER") == "${UID}:${UID}"
    assert FINAL.index(("USER", final("USER"))) < FINAL.index(("ENTRYPOINT", final("ENTRYPOINT")))
    assert "user" not in SERVICE


def test_the_command_is_one_that_proctor_understands_and_no_shell_stands_between() -> None:
    assert json.loads(final("ENTRYPOINT")) == ["proctor"]
    name, *arguments = json.loads(final("CMD"))
    given = serve.make_context(name, arguments).params
    assert (name, given["shared"], given["host"], given["port"]) == ("serve", True, "0.0.0.0", int(PORT))  # noqa: S104


def test_one_port_is_meant_everywhere() -> None:
    assert final("EXPOSE") == PORT
    assert f", {PORT}, " in final("HEALTHCHECK")
    assert SERVICE["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_tells_a_healthy_server_from_another(status: int, healthy: bool) -> None:
    with answering(status) as (port, asked):
        assert (health_check(port) == 0) == healthy
    assert asked == ["/health"]


def test_the_health_check_fails_where_nobody_answers() -> None:
    with answering(200) as (port, _):
        pass
    assert health_check(port) != 0


def health_check(port: int) -> int:
    _, *arguments = json.loads(final("HEALTHCHECK").partition(" CMD ")[2])
    command = [sys.executable, *(argument.replace(PORT, str(port)) for argument in arguments)]
    return subprocess.run(command, stderr=subprocess.DEVNULL, timeout=120, check=False).returncode


@contextmanager
def answering(status: int) -> Iterator[tuple[int, list[str]]]:
    """Answer everything with this status; gives the port and the paths that are asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port, asked
        server.shutdown()
        thread.join()


def test_every_variable_that_is_set_is_a_setting() -> None:
    names = [name for name in (*environment(), *SERVICE["environment"]) if name.startswith("PROCTOR_")]
    settings = {name.removeprefix("PROCTOR_").partition("__")[0].lower() for name in names}
    assert {"config", "database", "cache"} <= settings <= {"config", *Settings.model_fields}


def test_the_example_is_read_as_it_stands(settings: ServerSettings) -> None:
    assert settings.api.repositories
    assert settings.cache == Path("/var/cache/proctor")
    assert settings.database_url() == "/var/lib/proctor/proctor.db"


def test_what_the_server_writes_lies_on_volumes(settings: ServerSettings) -> None:
    places = [str(PurePosixPath(settings.database_url()).parent), settings.cache.as_posix()]
    assert {each.partition(":")[2] for each in SERVICE["volumes"] if isinstance(each, str)} == {*places}
    assert [place for place in places if place not in final("RUN")] == []
    assert environment()["HOME"] == "/tmp"  # noqa: S108 # the tmpfs
    assert [each.partition(":")[0] for each in SERVICE["tmpfs"]] == ["/tmp"]  # noqa: S108


def test_settings_and_repositories_are_mounted_where_they_are_looked_for(settings: ServerSettings) -> None:
    file = mounted()[environment()["PROCTOR_CONFIG"]]
    assert (DEPLOY / str(file["source"])).is_file()
    assert file["read_only"] is True
    assert [path for path in settings.api.repositories if str(path) not in mounted()] == []


def test_the_container_is_closed() -> None:
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert SERVICE["pids_limit"] > 0
    assert SERVICE["mem_limit"]


def test_the_server_has_time_to_drain(settings: ServerSettings) -> None:
    number, unit = re.findall(r"(\d+)(\w*)", SERVICE["stop_grace_period"])[0]
    assert int(number) * SECONDS[unit] > settings.api.drain


def test_nothing_of_an_operator_is_built_in() -> None:
    words = ("*token*", "*secret*", "*key*", "*password*")
    names = [name.lower() for name in environment()]
    assert [name for name in names for word in words if fnmatch(name, word)] == []
    assert [rest for word, rest in INSTRUCTIONS if word == "ARG"] == [INSTRUCTIONS[0][1], "UID=10001"]


@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint is only there for Linux on x86-64")
def test_a_linter_has_nothing_to_say_about_the_dockerfile() -> None:
    linted = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")
