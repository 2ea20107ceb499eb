"""`proctor serve` as a process of its own, over a folder that is thrown away, and a small repository to test."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from proctor.cli.commands.demo import make_sample

LINK = re.compile(r"Serving (http://127\.0\.0\.1:(\d+)/graphql)#token=(\S+)\n")
CREATE = """mutation ($input: CreateSessionInput!) {
  createSession(input: $input) { __typename ... on CreateSessionSuccess { session { id } } ... on Error { message } }
}"""
START = """mutation ($input: StartInteractionInput!) {
  startInteraction(input: $input) {
    __typename ... on StartInteractionSuccess { started { fence } } ... on Error { message }
  }
}"""
SUBMIT = """mutation ($input: SubmitResultInput!) {
  submitResult(input: $input) { __typename ... on SubmitResultSuccess { sessionStatus } ... on Error { message } }
}"""


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    process: "subprocess.Popen[str]"
    home: Path
    url: str
    port: int
    token: str
    client: httpx.Client

    @property
    def database(self) -> Path:
        return self.home / "proctor.db"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def ask(self, document: str, **variables: object) -> Any:
        """Give the data of the only root field."""
        answer = self.client.post(self.url, json={"query": document, "variables": variables}).json()
        assert "errors" not in answer, answer
        (data,) = answer["data"].values()
        return data

    def change(self, document: str, **given: object) -> Any:
        """Give what a mutation answers to an input."""
        answer = self.ask(document, input={"idempotencyKey": os.urandom(8).hex(), **given})
        assert answer["__typename"].endswith("Success"), answer
        return answer

    def create(self, **given: object) -> str:
        """Create a session that only does what it is told to."""
        path = str(self.home / "repository" / "larder")
        return str(self.change(CREATE, path=path, executionMode="MANUAL", **given)["session"]["id"])

    def fault(self, session_id: str) -> str:
        """Start a session's next interaction, report that it could not be done, and give the session's status."""
        fence = self.change(START, sessionId=session_id)["started"]["fence"]
        result = {"status": "fault", "errorMessage": "no interpreter here"}
        return str(self.change(SUBMIT, sessionId=session_id, fence=fence, result=result)["sessionStatus"])


def environment(home: Path) -> dict[str, str]:
    """Give the environment of a server that keeps everything in one folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROCTOR_")}
    config = home / "config.toml"
    return {
        **kept,
        "PROCTOR_CONFIG": str(config if config.exists() else os.devnull),
        "PROCTOR_DATABASE": str(home / "proctor.db"),
        "PROCTOR_CACHE": str(home / "cache"),
        "PROCTOR_API__TOKEN_FILE": str(home / "token"),
    }


@contextmanager
def serving(home: Path, port: int = 0) -> Iterator[Running]:
    """Serve from a folder; a second server may go on where a killed one was."""
    if not (home / "repository").exists():
        make_sample(home / "repository")
    command = [sys.executable, "-m", "proctor", "serve", "--port", str(port)]
    with (home / "server.log").open("a") as log:
        process = subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        found = LINK.fullmatch(process.stdout.readline())
        assert found is not None, (home / "server.log").read_text()[-2000:]
        headers = {"authorization": f"Bearer {found[3]}"}
        with httpx.Client(headers=headers, timeout=120, trust_env=False) as client:
            yield Running(process, home, found[1], int(found[2]), found[3], client)
    finally:
        process.kill()
        process.communicate()


def complaints(log: str) -> list[dict[str, Any]]:
    """Give the lines of a server's log that tell of a fault."""
    lines = []
    for line in log.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            told = {"level": "critical", "message": line}
        if told.get("level") in ("error", "critical") or "traceback" in told:
            lines.append(told)
    return lines
