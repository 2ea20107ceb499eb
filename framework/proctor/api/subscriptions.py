"""What can be watched."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from graphql import GraphQLError

from proctor.api.errors import invalid_argument, not_found
from proctor.api.event import SessionChange, SessionEvent, session_change, session_event
from proctor.api.feed import Feed, Wanted
from proctor.api.ids import number_place, session_of
from proctor.api.node import Info
from proctor.api.pages import placed

After = Annotated[
    str | None,
    strawberry.argument(
        description="Go on behind the event with this cursor; from the very beginning, if left out. "
        "After a lost connection, give the cursor of the last event that came."
    ),
]
Watched = Annotated[strawberry.ID, strawberry.argument(description="The id of the session.")]


@strawberry.type
class Subscription:
    """What can be watched. Each event comes once and in order, over any number of connections and servers."""

    @strawberry.subscription
    async def child_session_changes(
        self, info: Info, session_id: Watched, after: After = None
    ) -> AsyncGenerator[SessionChange, None]:
        """Watch the children of a session change, until it and they have ended."""
        feed, start = await _feed(info, session_id, after, "children")
        async for event in feed.follow(start):
            yield session_change(event)

    @strawberry.subscription
    async def session_events(
        self, info: Info, session_id: Watched, after: After = None
    ) -> AsyncGenerator[SessionEvent, None]:
        """Watch all that happens in a session and below it: steps, agents, output. It ends when all have ended."""
        feed, start = await _feed(info, session_id, after, "family")
        async for event in feed.follow(start):
            yield session_event(event)


async def _feed(info: Info, gid: str, after: str | None, wanted: Wanted) -> tuple[Feed, int]:
    caller, session_id = info.context, session_of(gid)
    head = await caller.app.store.head(caller.scope, session_id) if session_id else None
    if head is None:
        answer = not_found(gid).answer
        raise GraphQLError(answer.message, extensions={"code": answer.code})
    feed = Feed(caller.app.store, caller.scope, head, wanted)
    start = placed(after, lambda cursor: number_place("event", feed.root, cursor)) or 0
    if start > await feed.last():
        raise invalid_argument("after", "it is ahead of all events. Begin without it: the database was set back.")
    return feed, start
