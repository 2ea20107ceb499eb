"""Says what is wrong after a run that was disturbed and continued."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.projects import processes_of
from tests.torture.record import Record
from tests.torture.stand import Stand

SECONDS_TO_END = 20.0
"""So long what a killed process started may take to end."""


def left_running(stand: Stand) -> list[str]:
    """Name the processes that still work on the project after a while."""
    until = time.monotonic() + SECONDS_TO_END
    while (found := processes_of(stand.folder)) and time.monotonic() < until:
        time.sleep(0.02)
    return [f"the process {pid} is left: {_argv(pid)}" for pid in found]


def violations(stand: Stand, tree: str, before: dict[str, bytes], kills: Sequence[Record]) -> list[str]:
    """Compare what came of it with the promises. `tree` is the undisturbed run's, `kills` what was stored at each."""
    last = Record.of(stand.database)
    found = [*last.faults()]
    for kill in kills:
        found += [*kill.faults(), *last.lost_from(kill)]
    found += [*_of_sessions(stand, last), *_of_agent(stand, last), *_of_branch(stand, tree), *_of_leftovers(stand)]
    if checkout(stand) != before:
        found.append("the user's checkout is not what it was")
    return found


def setbacks(stand: Stand) -> list[str]:
    """Say what a run that nobody killed has done in vain: what was given up, or came to another end than `ok`."""
    last = Record.of(stand.database)
    found = [f"the interaction {place} was given up" for place in last.told("interaction_abandoned")]
    return found + [f"the interaction {place} ended with {how}" for place, how in last.results() if how != "ok"]


def checkout(stand: Stand) -> dict[str, bytes]:
    """Give every file of the checkout and of .git, but for objects and the branch that a run adds."""
    files = (path for path in stand.top.rglob("*") if path.is_file())
    named = {path.relative_to(stand.top).as_posix(): path for path in files}
    ours = (".git/objects", ".git/refs/heads/test-")
    return {name: path.read_bytes() for name, path in named.items() if not name.startswith(ours)}


def unkept_words(out: str, record: Record) -> Iterator[str]:
    """Say which interaction was told to the user as completed and is not stored."""
    judged = record.told("interaction_completed")
    for line in out.splitlines(keepends=True):
        if line.endswith("\n") and '"interaction_completed"' in line:
            told = json.loads(line)
            place = (told["session"], told["data"]["sequence"])
            if not judged[place]:
                yield f"the user was told of the result of {place}, and it is not stored"


def _of_sessions(stand: Stand, last: Record) -> Iterator[str]:
    if len(last.status) != stand.parts + 1:
        yield f"there are {len(last.status)} sessions and not {stand.parts + 1}"
    yield from (f"session {session} is {status}" for session, status in last.status.items() if status != "complete")


def _of_agent(stand: Stand, last: Record) -> Iterator[str]:
    """The agent is asked once for each component, and once more for each time that its work was lost."""
    asked = Counter(stand.asked.read_text().splitlines() if stand.asked.exists() else ())
    extra = sum(times - 1 for times in asked.values())
    lost = last.abandoned_askings().total()
    if len(asked) != stand.parts or extra > lost:
        yield f"the agent was asked {asked.total()} times for {len(asked)} components; its work was lost {lost} times"


def _of_branch(stand: Stand, tree: str) -> Iterator[str]:
    git = stand.project.git
    branches = git("for-each-ref", "--format=%(refname:short)", "refs/heads/test-*").split()
    if len(branches) != 1:
        yield f"there are {len(branches)} branches: {branches}"
    for branch in branches:
        commits, found = git("rev-list", f"main..{branch}").split(), git("rev-parse", f"{branch}^{{tree}}").strip()
        if len(commits) != 1:
            yield f"{branch} has {len(commits)} commits"
        if found != tree:
            yield f"{branch} has another tree than the undisturbed run's"
    if complaint := git("fsck", "--strict", "--no-dangling", "--connectivity-only").strip():
        yield f"git fsck says {complaint}"


def _of_leftovers(stand: Stand) -> Iterator[str]:
    yield from left_running(stand)
    work = [path.name for path in (stand.home / "cache" / "work").iterdir()]
    temporary = [path.name for path in stand.temporary.iterdir()]
    yield from (f"{name} is left in the cache" for name in work)
    yield from (f"{name} is left among temporary files" for name in temporary)


def _argv(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")[:200]
    except OSError:
        return "it has just ended"
