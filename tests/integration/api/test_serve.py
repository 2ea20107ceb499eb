"""`proctor serve` and `proctor token` as a person meets them: a process, a link, signals."""

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config.toml").touch()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROCTOR_")}
    return {
        **kept,
        "PROCTOR_CONFIG": str(tmp_path / "config.toml"),
        "PROCTOR_DATABASE": str(tmp_path / "proctor.db"),
        "PROCTOR_CACHE": str(tmp_path / "cache"),
        "PROCTOR_API__TOKEN_FILE": str(tmp_path / "state" / "token"),
    }


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def proctor(environment: dict[str, str]) -> Command:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "proctor", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    return run


@contextmanager
def serving(environment: dict[str, str], *arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Give the process and what it says first."""
    command = [sys.executable, "-m", "proctor", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def link(line: str) -> tuple[str, str]:
    found = re.fullmatch(r"Serving (http://127\.0\.0\.1:\d+/graphql)#token=(\S+)\n", line)
    assert found is not None, line
    return found[1], found[2]


def ask(url: str, token: str, query: str = "{ workflows { name } }") -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.post(url, json={"query": query}, headers=headers, timeout=120, trust_env=False)


def test_a_server_prints_its_link_answers_and_ends_cleanly(environment: dict[str, str], tmp_path: Path) -> None:
    with serving(environment) as (process, said):
        url, token = link(said)
        assert ask(url, token).json()["data"]["workflows"]
        assert ask(url, "x" * 43).status_code == 401
        process.send_signal(signal.SIGTERM)
        out, logged = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, "")
    assert token not in logged
    path = tmp_path / "state" / "token"
    assert (path.read_text().strip(), stat.S_IMODE(path.stat().st_mode)) == (token, 0o600)


def test_logs_are_json_lines_with_the_requests_number(environment: dict[str, str]) -> None:
    with serving(environment, "--log-level", "debug") as (process, said):
        url, token = link(said)
        headers = {"authorization": f"Bearer {token}", "x-request-id": "r-42"}
        httpx.post(url, json={"query": "{ workflows { name } }"}, headers=headers, timeout=120, trust_env=False)
        process.send_signal(signal.SIGINT)
        _, logged = process.communicate(timeout=120)
    lines = [orjson.loads(line) for line in logged.splitlines()]
    (line,) = [line for line in lines if line.get("request") == "r-42"]
    assert (line["message"], line["operation"], line["fields"]) == ("executed", "query", ["workflows"])


def test_the_token_may_be_given(environment: dict[str, str], tmp_path: Path) -> None:
    with serving({**environment, "PROCTOR_TOKEN": "given-by-its-user"}) as (_, said):
        url, token = link(said)
        assert token == "given-by-its-user"
        assert ask(url, token).status_code == 200
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 # refused
def test_a_server_for_one_user_does_not_listen_to_others(proctor: Command, host: str) -> None:
    done = proctor("serve", "--host", host)
    assert done.returncode == 2
    assert "--shared" in done.stderr


def test_an_address_that_cannot_be_had_is_named(environment: dict[str, str], proctor: Command) -> None:
    with serving(environment) as (_, said):
        port = link(said)[0].rpartition(":")[2].removesuffix("/graphql")
        done = proctor("serve", "--port", port)
    assert done.returncode == 2
    assert f"port {port}: Address already in use" in done.stderr


def test_a_host_that_cannot_be_one_is_named(proctor: Command) -> None:
    done = proctor("serve", "--shared", "--host", f"{'a' * 70}.example", "--port", "0")
    assert done.returncode == 2
    assert "cannot listen on aaa" in done.stderr


@pytest.mark.parametrize(
    "arguments", [[""], [" "], ["a\nb"], ["a\x1b[2J"], ["a" * 201], ["a", "--account", ""], ["a", "--project", "a\tb"]]
)
def test_a_token_needs_a_name_that_can_be_read(proctor: Command, arguments: list[str]) -> None:
    done = proctor("token", "create", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "1 to 200 printable characters" in done.stderr


def test_settings_that_cannot_be_used_are_named(tmp_path: Path, proctor: Command) -> None:
    (tmp_path / "config.toml").write_text("[api.limits]\ndepth = 0\n")
    done = proctor("serve")
    assert done.returncode == 2
    assert "api.limits.depth" in done.stderr


def test_tokens_are_made_listed_and_revoked(environment: dict[str, str], proctor: Command) -> None:
    made = proctor("token", "create", "ci", "--role", "viewer", "--account", "acme", "--project", "one")
    token = made.stdout.strip()
    assert (made.returncode, len(token) >= 43) == (0, True)
    (listed,) = map(orjson.loads, proctor("token", "list", "--json").stdout.splitlines())
    assert (listed["name"], listed["role"], listed["scope"]["account"]) == ("ci", "viewer", "acme")
    assert token not in str(listed)
    assert "digest" not in listed
    with serving(environment, "--shared") as (_, said):
        url = said.removeprefix("Serving ").strip()
        assert ask(url, token).status_code == 200
        assert proctor("token", "revoke", "ci").returncode == 0
        assert ask(url, token).status_code == 401
    assert proctor("token", "revoke", "ci").returncode == 2
    assert "revoked" in proctor("token", "list").stdout
