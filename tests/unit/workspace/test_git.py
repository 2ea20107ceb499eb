"""What is promised of git's own files when the power goes."""

import json
import subprocess
from pathlib import Path

import pytest

from proctor.workspace.git import Git


def version() -> tuple[int, ...]:
    words = subprocess.run(["git", "version"], capture_output=True, text=True, check=True).stdout.split()
    return tuple(map(int, words[2].split(".")[:2]))


def flushes(trace: Path) -> int:
    """Count how often git has asked the disk to make its writes safe."""
    events = map(json.loads, trace.read_text().splitlines())
    return sum(int(event["value"]) for event in events if event.get("key") == "fsync/hardware-flush")


@pytest.mark.skipif(version() < (2, 36), reason="this git cannot be told to")
@pytest.mark.parametrize(
    "command", [("hash-object", "-w", "--stdin"), ("update-ref", "--no-deref", "--", "refs/heads/new", "HEAD")]
)
async def test_an_object_and_a_ref_are_safe_before_git_ends(tmp_path: Path, command: tuple[str, ...]) -> None:
    await Git.on_checkout(tmp_path).run("init", "--quiet", "--template=")
    who = {f"GIT_{role}_{word}": "somebody" for role in ("AUTHOR", "COMMITTER") for word in ("NAME", "EMAIL")}
    tree = await Git.on(tmp_path / ".git").run("mktree")
    commit = await Git.on(tmp_path / ".git", variables=who).run("commit-tree", "-m", "first", tree)
    await Git.on(tmp_path / ".git").run("update-ref", "--", "HEAD", commit)
    trace = tmp_path / "trace.json"
    await Git.on(tmp_path / ".git", variables={"GIT_TRACE2_EVENT": str(trace)}).run(*command, stdin=b"a blob")
    assert flushes(trace) == 1
