"""Why each step of a session came next, as the log has it, and what is next now."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from operator import attrgetter

from rich.console import Console
from rich.text import Text

from proctor.app import App, open_app
from proctor.cli.jsonl import write_line
from proctor.cli.output import console as new_console
from proctor.cli.output import indented
from proctor.cli.runs.running import named
from proctor.cli.sessions.lookup import find
from proctor.cli.sessions.story import Decision, Turning, print_story
from proctor.cli.tree.past import log_of
from proctor.cli.tree.product import text, whole
from proctor.cli.tree.standing import Standing, standing
from proctor.cli.wording import SHORT_ID, clean, first_line
from proctor.config import Settings
from proctor.domain.event import Event
from proctor.domain.head import Head
from proctor.domain.interaction import Interaction
from proctor.domain.orchestrator import NextStep, completed
from proctor.domain.session import TERMINAL

UNKNOWN = "nobody knows"


async def print_explanation(settings: Settings, prefix: str, *, as_json: bool, database: str | None) -> None:
    """Print why the session whose id begins with `prefix` went the way it went."""
    async with open_app(settings) as app:
        head = await find(app, prefix)
        history = await _history(app, head)
        now = await _standing(app, head, named(database))
        below = [(child, await _standing(app, child, named(database))) for child in await _open_children(app, head)]
    if as_json:
        told = {"session": head.id, "status": head.status, "history": [asdict(each) for each in history]}
        children = [{"session": child.id, "name": _name(child), **each.to_json()} for child, each in below]
        fields = {**told, "next": now.to_json(), "children": children}
        write_line("explanation", fields)
    else:
        _print(new_console(), head, history, now, below)


async def _history(app: App, head: Head) -> list[Decision | Turning]:
    """Give what was decided and what changed its way, in order."""
    events = [event async for event in _events(app, head)]
    reasons = {whole(each.data.get("sequence")): text(each.data.get("reason")) for each in events if _hands_out(each)}
    decisions, last = [], None
    for each in [*await log_of(app, head), *_pending(head)]:
        reason = reasons.get(each.sequence) or await _by_rule(app, replace(head, last_completed=last))
        decisions.append(_decision(each, reason))
        last = completed(each) or last
    return sorted([*decisions, *turnings(events)], key=attrgetter("at"))


async def _by_rule(app: App, head: Head) -> str:
    """Give the rule's reason where none was kept: the events are forgotten, or there was nothing to hand out."""
    following = await app.sessions.next_after(app.scope, head)
    return following.reason if isinstance(following, NextStep) else UNKNOWN


async def _events(app: App, head: Head) -> AsyncIterator[Event]:
    last = 0
    while found := await app.sessions.events(app.scope, head.birth.root, after=last):
        for event in found:
            if event.session_id == head.id:
                yield event
        last = found[-1].sequence


def _pending(head: Head) -> list[Interaction]:
    return [] if head.pending is None else [Interaction(head.pending.sequence, head.pending.command)]


def _hands_out(event: Event) -> bool:
    return event.kind == "interaction_started"


def _decision(interaction: Interaction, reason: str) -> Decision:
    result, command = interaction.result, interaction.command
    status, message = (result.status, result.error_message) if result else (interaction.status, None)
    return Decision(command.at, interaction.sequence, command.step, reason, status, message)


def turnings(events: Iterable[Event]) -> Iterator[Turning]:
    """Tell of pauses, blocks, the end and whatever else is no turn of a step."""
    paused, ended = False, False
    for event in events:
        if event.kind != "session_changed":
            continue
        data, status = event.data, event.data.get("status")
        if data.get("blocked"):
            yield Turning(event.at, f"blocked: {first_line(text(data.get('blocked')))}")
        elif ended and status == "active":
            yield Turning(event.at, "opened again, to be tried once more")
        elif status in TERMINAL:
            yield Turning(event.at, f"the session ended: {status}")
        elif bool(data.get("paused")) != paused:
            yield Turning(event.at, "resumed" if paused else "paused")
        paused, ended = bool(data.get("paused")), status in TERMINAL


async def _standing(app: App, head: Head, database: str) -> Standing:
    following = await app.sessions.next_after(app.scope, head)
    children = await app.store.children(app.scope, head.id)
    stranded = head.status not in TERMINAL and await app.stranded(head.birth.root)
    root = await app.sessions.head(app.scope, head.birth.root)
    return standing(head, following, children, time.time(), stranded=stranded, held=root.paused, database=database)


async def _open_children(app: App, head: Head) -> list[Head]:
    return [child for child in await app.store.children(app.scope, head.id) if child.status not in TERMINAL]


def _print(
    console: Console,
    head: Head,
    history: Sequence[Decision | Turning],
    now: Standing,
    below: Sequence[tuple[Head, Standing]],
) -> None:
    status = f"{head.status}, {head.outcome}" if head.outcome else head.status
    told = f"session {head.id[:SHORT_ID]}, {head.birth.workflow}, attempt {head.birth.attempt}"
    console.print(Text.assemble((_name(head), "bold"), f"  {status}"), soft_wrap=True)
    console.print(Text(told, "dim"), soft_wrap=True)
    console.print()
    print_story(console, history)
    console.print(Text("\nNow", "bold"))
    for sentence in now.told:
        indented(console, Text(clean(sentence)), by=2, hanging=2)
    if below:
        console.print(Text("\nBelow it", "bold"))
    for child, each in below:
        indented(console, Text(clean(f"{_name(child)} ({child.id[:SHORT_ID]}): {each.told[0]}")), by=2, hanging=2)


def _name(head: Head) -> str:
    return text(head.birth.subject.get("name")) or head.birth.workflow
