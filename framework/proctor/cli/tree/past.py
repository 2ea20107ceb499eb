"""A session tree as all that happened until now tells it."""

from collections.abc import Iterator, Mapping, Sequence

from proctor.app import App
from proctor.cli.tree.view import TreeView
from proctor.contracts.store import Tree
from proctor.domain import news
from proctor.domain.event import Event, News
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction
from proctor.domain.json import JsonObject

CHANCE = ("branch_exists", "changed_while_verifying")
"""Codes of what may end differently next time."""


def main_lines(tree: Tree) -> dict[str, tuple[str, ...]]:
    """Give the main line of each workflow of a tree."""
    return {workflow.name: workflow.main for workflow in tree.workflows}


async def view_of(app: App, tree: Tree) -> TreeView:
    """Read every event of a tree into a view; where they are forgotten, what the log still tells."""
    view = TreeView(main_lines(tree))
    while events := await app.sessions.events(app.scope, tree.root, after=view.seen):
        for event in events:
            view.apply(event)
    return view if view.root is not None else await _from_log(app, tree)


async def log_of(app: App, head: Head) -> list[Interaction]:
    """Read every closed interaction of a session."""
    found: list[Interaction] = []
    while more := await app.store.interactions(app.scope, head.id, after=found[-1].sequence if found else 0):
        found.extend(more)
    return found


def was_refused(log: Sequence[Interaction]) -> bool:
    """Tell whether the last result names by a code why the same again would end in the same way."""
    code = next((each.result.data.get("code") for each in reversed(log) if each.result is not None), None)
    return code is not None and code not in CHANCE


async def _from_log(app: App, tree: Tree) -> TreeView:
    heads = await app.store.descendants(app.scope, tree.root)
    logs = {head.id: await log_of(app, head) for head in heads}
    view = TreeView(main_lines(tree))
    for number, each in enumerate(_retold(heads, logs), 1):
        view.apply(Event(tree.root, number, each.session_id, each.kind, each.at, each.data))
    return view


def _retold(heads: Sequence[Head], logs: Mapping[str, Sequence[Interaction]]) -> Iterator[News]:
    """Tell of sessions, parents first, as it was told when it happened."""
    for head in heads:
        yield news.created(head, head.birth.created_at)
    for head in heads:
        at = head.birth.created_at
        for each in logs[head.id]:
            begun: JsonObject = {"sequence": each.sequence, "step": each.command.step}
            yield News(head.id, "interaction_started", each.command.at or at, begun)
            at = each.closed_at or at
            if each.result is not None:
                yield news.completed(head, each)
        yield news.changed(head, at)
