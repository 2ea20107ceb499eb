"""Plugins that only this folder's benchmarks know: a parent that spawns children, and children whose steps do nothing.

They are found as a stranger's are: by the real registry, through the entry points of a distribution on the path.
"""

import sys
from pathlib import Path

from proctor import ChildSpec, Command, Outcome, Result, Scope, Session, Step, Workflow

PARENT = Workflow("parent", ("spawn", "finish"), spawns=("child",))
CHILD = Workflow("child", ("one", "two", "three", "four", "five"))
STEPS = {f"{flow.name}.{step}": step for flow in (PARENT, CHILD) for step in flow.main}


class Idle(Step):
    """Asks for nothing, and takes the result as it is."""

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        return Command("none")

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: object) -> Outcome:
        return Outcome(result)


class Spawn(Idle):
    """Asks for as many children as the session's subject says."""

    name, workflow = "spawn", "parent"

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        wanted = range(int(str(session.subject["children"])))
        children = tuple(ChildSpec(f"child{number}", "child", {"number": number}) for number in wanted)
        return Command("spawn_sessions", children=children)


class Finish(Idle):
    name, workflow = "finish", "parent"


class One(Idle):
    name, workflow = "one", "child"


class Two(Idle):
    name, workflow = "two", "child"


class Three(Idle):
    name, workflow = "three", "child"


class Four(Idle):
    name, workflow = "four", "child"


class Five(Idle):
    name, workflow = "five", "child"


def install(folder: Path) -> None:
    """Lay out a distribution of these plugins in `folder`, and put it on the path of this process."""
    info = folder / "made_up-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: made-up\nVersion: 1.0\n")
    steps = "".join(f"{name} = made_up:{step.capitalize()}\n" for name, step in STEPS.items())
    workflows = "parent = made_up:PARENT\nchild = made_up:CHILD\n"
    (info / "entry_points.txt").write_text(f"[proctor.workflows]\n{workflows}[proctor.steps]\n{steps}")
    sys.path.append(str(folder))
