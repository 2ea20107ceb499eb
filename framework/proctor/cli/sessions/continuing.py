"""`proctor sessions continue` and `watch`: shows a session that was begun elsewhere, and drives it if asked to."""

from dataclasses import replace

from proctor.app import App, Begun
from proctor.cli.lazy import FAILED, Refusal
from proctor.cli.program import command
from proctor.cli.runs.about import About, about
from proctor.cli.runs.running import Manner, named, shown
from proctor.cli.sessions.lookup import find
from proctor.cli.wording import SHORT_ID
from proctor.config import Settings
from proctor.domain.head import Head
from proctor.domain.session import TERMINAL


def go_on(settings: Settings, prefix: str, manner: Manner) -> int:
    """Go on with the tree of a session where its log stands, or watch it if somebody else drives it."""

    async def found(app: App) -> tuple[Begun, About]:
        root = await _root(app, prefix)
        if root.status in TERMINAL:
            return await _watched(app, root)
        if root.paused:
            raise Refusal(_paused(root, manner), FAILED)
        begun = await app.orders.go_on(root.id)
        return begun, await about(app, begun)

    return shown(settings, found, manner)


def watch(settings: Settings, prefix: str, manner: Manner) -> int:
    """Watch the tree of a session, its past first, until it has ended or nobody drives it."""

    async def found(app: App) -> tuple[Begun, About]:
        root = await _root(app, prefix)
        if await app.stranded(root.id):
            raise Refusal(_paused(root, manner) if root.paused else _stranded(root, manner), FAILED)
        begun, facts = await _watched(app, root)
        return begun, replace(facts, past=0)

    return shown(settings, found, manner)


async def _root(app: App, prefix: str) -> Head:
    return await app.sessions.head(app.scope, (await find(app, prefix)).birth.root)


async def _watched(app: App, root: Head) -> tuple[Begun, About]:
    begun = Begun(root.id, continued=True, attached=True)
    return begun, await about(app, begun)


def _paused(root: Head, manner: Manner) -> str:
    return f"The session {_short(root)} is paused. {_way('resume', root, manner)} ends that; then continue it."


def _stranded(root: Head, manner: Manner) -> str:
    return f"Nobody runs the session {_short(root)}. {_way('continue', root, manner)} goes on with it."


def _short(root: Head) -> str:
    return root.id[:SHORT_ID]


def _way(verb: str, root: Head, manner: Manner) -> str:
    return f"`{command(f'sessions {verb} {_short(root)}{named(manner.database)}')}`"
