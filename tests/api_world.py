"""A small world behind the schema: a real store and session service, and plugins that do as they are told."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import strawberry
from factories import PARKING, SCOPE, Echo, Plugins

from proctor import ChildSpec, Command, Result, Scope, Session, Workflow
from proctor.api.caller import Caller, Role
from proctor.app import Created, Order
from proctor.contracts.store import Store
from proctor.domain.head import Head
from proctor.domain.interaction import Workspace
from proctor.errors import PluginMissing
from proctor.registry import Plugin
from proctor.sessions import Draft, Sessions

LINE = Workflow("line", ("first", "second"))
FAMILY = Workflow("family", ("spawn", "close"), spawns=("line",))
CLAN = Workflow("clan", ("spawn", "close"), spawns=("family", "line"))
ASKING = Workflow("asking", ("approve",))


class Spawn(Echo):
    """Wants children as many as the subject says."""

    def __init__(self, name: str, kind: str, of: str = "line") -> None:
        super().__init__(name, kind)
        self.of = of

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        keys = [f"c{number}" for number in range(int(str(session.subject.get("children", 2))))]
        return Command("spawn_sessions", children=tuple(ChildSpec(key, self.of, {"name": key}) for key in keys))


class Lays(Echo):
    """Asks for something in a workspace."""

    async def get_command(self, scope: Scope, session: Session, options: object) -> Command:
        overlay = {"laid.py": str(session.subject["blob"])} if "blob" in session.subject else {}
        return Command("none", {"n": 1}, Workspace("/somewhere", "c0ffee", overlay))


class Installed(Plugins):
    """The plugins as a registry lists them, one of them broken."""

    def plugins(self, *, check: bool = False) -> tuple[Plugin, ...]:
        found = [("proctor.workflows", name) for name in [*self.workflows, "lost"]]
        found += [("proctor.steps", ".".join(name)) for name in self.steps]
        found += [("proctor.executors", kind) for kind in self.executors]
        listed = [Plugin(group, name, "made-up", "1.0", "somewhere:it") for group, name in found]
        broken = Plugin(
            "proctor.agents", "bad", "made-up", "1.0", "somewhere:bad", "ImportError: no" if check else None
        )
        return (*listed, broken)

    def pin(self, name: str, options: object = None, **_: object) -> Any:
        if name not in self.workflows:
            raise PluginMissing(group="proctor.workflows", name=name)
        return super().pin(name)


class MadeUpOrders:
    """Takes orders, and makes a small session of each."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self.taken: list[Order] = []

    async def create(self, scope: Scope, order: Order, *, key: str) -> Created:
        self.taken.append(order)
        draft, wish = Draft("line", {"path": str(order.path)}), order.wish()
        known = await self._sessions.created(scope, key, wish)
        return Created(known or await self._sessions.create(scope, draft, key=key, wish=wish), continued=False)


class MadeUpApp:
    """What the schema asks of an application."""

    def __init__(self, store: Store, sessions: Sessions, registry: Plugins) -> None:
        self.store, self.sessions, self.registry = store, sessions, registry
        self.orders = MadeUpOrders(sessions)

    async def cancel(self, session_id: str, *, scope: Scope, key: str) -> None:
        await self.sessions.cancel(scope, session_id, key=key)

    async def run_session(self, scope: Scope, session_id: str) -> Head:
        return await self.sessions.head(scope, session_id)


@dataclass
class Api:
    """The schema, as one caller meets it."""

    schema: strawberry.Schema
    app: MadeUpApp
    scope: Scope = SCOPE
    role: Role = "operator"

    @property
    def caller(self) -> Caller:
        return Caller(self.app, self.scope, self.role, "request")

    def by(self, scope: Scope = SCOPE, role: Role = "operator") -> "Api":
        return replace(self, scope=scope, role=role)

    async def execute(self, document: str, **variables: Any) -> Any:
        return await self.schema.execute(document, variable_values=variables, context_value=self.caller)

    async def ask(self, document: str, **variables: Any) -> Any:
        """Give the data of the only root field."""
        result = await self.execute(document, **variables)
        assert result.errors is None, result.errors
        (answer,) = result.data.values()
        return answer

    async def refused(self, document: str, **variables: Any) -> str:
        """Give the code of the only error."""
        (error,) = (await self.execute(document, **variables)).errors
        return str(error.extensions["code"])

    async def watch(self, document: str, **variables: Any) -> AsyncIterator[Any]:
        stream = await self.schema.subscribe(document, variable_values=variables, context_value=self.caller)
        assert hasattr(stream, "__aiter__"), stream
        async for result in stream:
            assert result.errors is None, result.errors
            (event,) = result.data.values()
            yield event

    # -- the world behind it -----------------------------------------------------------------------------------------

    async def create(self, workflow: str = "line", scope: Scope = SCOPE, **subject: Any) -> str:
        return (await self.app.sessions.create(scope, Draft(workflow, {"name": "x", **subject}))).id

    async def start(self, session_id: str) -> int:
        return (await self.app.sessions.start(SCOPE, session_id)).fence

    async def turn(self, session_id: str, status: str = "ok", **result: Any) -> None:
        """Start an interaction and submit its result."""
        fence = await self.start(session_id)
        key = f"{session_id}-{fence}"
        await self.app.sessions.submit(SCOPE, session_id, fence, Result(status, **result), key=key)

    async def finish(self, session_id: str) -> None:
        while (await self.app.sessions.head(SCOPE, session_id)).status == "active":
            await self.turn(session_id)

    async def family(self, children: int = 2) -> tuple[str, list[str]]:
        """Create a session that waits for children."""
        parent = await self.create("family", children=children)
        await self.start(parent)
        return parent, [head.id for head in await self.app.store.children(SCOPE, parent)]


def made_up(schema: strawberry.Schema, store: Store, clock: Callable[[], float], new_id: Callable[[], str]) -> Api:
    """Put the world together."""
    steps: Mapping[str, Sequence[Any]] = {
        "line": [Lays("first"), Echo("second")],
        "family": [Spawn("spawn", "spawn_sessions"), Echo("close")],
        "clan": [Spawn("spawn", "spawn_sessions", of="family"), Echo("close")],
        "asking": [Echo("approve", "external")],
    }
    registry = Installed([LINE, FAMILY, CLAN, ASKING], steps, PARKING)
    service = Sessions(store, registry, clock=clock, new_id=new_id)
    return Api(schema, MadeUpApp(store, service, registry))
