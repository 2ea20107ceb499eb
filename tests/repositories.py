"""Repositories of users, well-meaning and hostile, for tests with a real git."""

import os
import subprocess
from pathlib import Path

HOOKS = (
    "applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-applypatch", "post-checkout", "post-commit",
    "post-index-change", "post-merge", "post-receive", "post-rewrite", "post-update", "pre-applypatch",
    "pre-auto-gc", "pre-commit", "pre-merge-commit", "pre-push", "pre-rebase", "pre-receive", "prepare-commit-msg",
    "proc-receive", "push-to-checkout", "reference-transaction", "sendemail-validate", "update",
)  # fmt: skip
PROGRAMS = (
    "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.alternateRefsCommand",
    "core.gitProxy", "credential.helper", "diff.external", "diff.trap.command", "diff.trap.textconv",
    "filter.trap.clean", "filter.trap.smudge", "filter.trap.process", "gpg.program", "interactive.diffFilter",
    "merge.trap.driver", "pack.packObjectsHook", "pager.status", "receive.procReceiveRefs", "sequence.editor",
    "uploadpack.packObjectsHook",
)  # fmt: skip


class UserRepository:
    """A repository with a package in it."""

    def __init__(self, top: Path) -> None:
        self.top = top
        top.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        with (top / ".git" / "config").open("a") as config:
            config.write("[user]\nname = Ada Example\nemail = ada@example.org\n")
        self.write("shop/__init__.py", "")
        self.write("shop/cart.py", "def total(prices):\n    return sum(prices)\n")
        self.write(".gitignore", "*.log\nbuild/\n")
        self.base = self.commit("first")

    def git(self, *arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        argv = ["git", "-C", str(self.top), *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True, env=environment).stdout.strip()

    def write(self, path: str, text: str) -> None:
        place = self.top / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def bytes(self) -> dict[str, bytes]:
        """Everything in the checkout and in `.git`, but for the objects."""
        files = (path for path in self.top.rglob("*") if path.is_file())
        named = {path.relative_to(self.top).as_posix(): path.read_bytes() for path in files}
        return {name: data for name, data in named.items() if not name.startswith(".git/objects/")}


def set_traps(folder: Path, canaries: Path) -> None:
    """Make whatever git can be made to run, in the repository in this folder, leave a file in `canaries`."""
    canaries.mkdir(exist_ok=True)
    hooks = folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    lines = ["[commit]", "gpgSign = true", '[filter "trap"]', "required = true"]
    for name in HOOKS:
        _trap(hooks / name, canaries)
    for name in PROGRAMS:
        section, _, key = name.rpartition(".")
        section, _, subsection = section.partition(".")
        trap = _trap(folder / ".git" / f"trap-{name}", canaries)
        lines += [f'[{section} "{subsection}"]' if subsection else f"[{section}]", f"{key} = {trap}"]
    (folder / ".git" / "traps").write_text("\n".join(lines) + "\n")
    with (folder / ".git" / "config").open("a") as config:
        config.write(f"[include]\npath = traps\n[core]\nhooksPath = {hooks}\n")
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "attributes").write_text("* filter=trap diff=trap merge=trap\n")


def _trap(place: Path, canaries: Path) -> Path:
    place.write_text(f"#!/bin/sh\n: > '{canaries / place.name}'\nexec cat\n")
    place.chmod(0o755)
    return place
