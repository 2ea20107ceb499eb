"""One execution and one encoding of an event for all subscribers that ask the same, and nobody waits for anybody.

All who ask the same document with the same variables under the same scope and role are a group, wherever each of them
begins. A stream reads the events behind one cursor; its readers pull it, the foremost for all, and it keeps the last
frames. Who reads a cursor that another stream of the group has kept goes on there, so those that have caught up share
one stream. Who falls behind what is kept gets a stream of its own again, from where it stands.

A gap bears the cursor of the last event that it stands for, and how far back it reaches depends on where its reader
began. So it is of its own stream only, and never taken for that event in another, nor that event for it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from graphql import ExecutionResult, Executor, GraphQLError

from proctor.api.caller import Caller
from proctor.api.documents import Rejected
from proctor.api.enums import EventKind
from proctor.api.execution import Execution, encode, told
from proctor.api.resumption import Resumable

FRAMES = 128
"""Frames that a stream keeps for those that are behind."""
CHARACTERS = 256 * 1024
"""And how many characters they may have in all."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it is sent: the execution's result as JSON."""

    payload: str
    cursor: str | None
    is_gap: bool = False


@dataclass(slots=True, eq=False)
class Stream:
    """The events behind one cursor, pulled by whoever wants the next."""

    group: "Group"
    subscription: Resumable
    start: str | None
    caller: Caller
    frames: deque[Frame] = field(default_factory=deque)
    first: int = 0
    """Number of the first frame that is kept."""
    size: int = 0
    readers: int = 0
    over: bool = False
    failure: Rejected | None = None
    _pull: "asyncio.Task[None] | None" = None
    _waiters: "list[asyncio.Future[None]]" = field(default_factory=list)
    _source: AsyncIterator[Any] | None = None
    _executor: Executor[Caller] | None = None

    @property
    def end(self) -> int:
        """Number of the frame that comes next."""
        return self.first + len(self.frames)

    def more(self) -> "asyncio.Future[None]":
        """Give what is done once there is another frame, or the stream is over. It may be given up at any time."""
        if self._pull is None:
            self._pull = asyncio.create_task(self._next())
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        return waiter

    async def close(self) -> None:
        """End what is under way."""
        self.over = True
        self.group.forget(self)
        if self._pull is not None:
            self._pull.cancel()
            await asyncio.wait({self._pull})
        await self._close_source()

    async def _next(self) -> None:
        try:
            if self._source is None:
                ready = self.subscription.beginning(self.start)
                self._executor, self._source = await self.group.execution.source(ready, self.caller)
            self._append(await self._frame(await anext(self._source)))
        except StopAsyncIteration:
            self.over = True
        except Rejected as rejected:
            self._fail(rejected)
        except Exception as error:  # noqa: BLE001 # whatever the source raises ends the subscriptions, not the server
            located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            self._fail(Rejected(told(located, self.caller)))
        finally:
            self._pull = None
            self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _frame(self, event: Any) -> Frame:  # whatever the schema's subscription yields
        cursor = getattr(event, "cursor", None)
        cursor = cursor if isinstance(cursor, str) else None
        is_gap = getattr(event, "kind", None) is EventKind.GAP
        if not is_gap and (kept := self.group.kept(cursor)):
            return kept
        assert self._executor is not None
        result = self._executor.build_per_event_executor(event).execute_operation(serially=False)
        if not isinstance(result, ExecutionResult):
            result = await result  # type: ignore[misc] # a subscription has no incremental results
        assert isinstance(result, ExecutionResult)
        return Frame(encode(result, self.caller).decode(), cursor, is_gap)

    def _append(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.size += len(frame.payload)
        if not frame.is_gap:
            self.group.remember(frame.cursor, self, self.end)
        while len(self.frames) > 1 and (len(self.frames) > FRAMES or self.size > CHARACTERS):
            old = self.frames.popleft()
            self.first += 1
            self.size -= len(old.payload)
            self.group.drop(old.cursor, self)
        if self.first:
            self.group.drop(self.start, self)

    def _fail(self, rejected: Rejected) -> None:
        self.failure, self.over = rejected, True
        self.group.forget(self)

    async def _close_source(self) -> None:
        if isinstance(self._source, AsyncGenerator):
            with suppress(Exception):
                await self._source.aclose()


class Group:
    """All who ask the same, and the streams that they read."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.streams: set[Stream] = set()
        self._behind: dict[str | None, tuple[Stream, int]] = {}
        """Cursor -> the stream that has kept what comes behind it, and its number there."""

    def join(self, subscription: Resumable, after: str | None, caller: Caller) -> tuple[Stream, int]:
        """Give the stream that has what comes behind a cursor, a new one if there is none."""
        found = self._behind.get(after) if subscription.can_move else None
        if found is None:
            stream = Stream(self, subscription, after, caller)
            self.streams.add(stream)
            found = stream, 0
            if subscription.can_move:
                self._behind[after] = found
        found[0].readers += 1
        return found

    async def leave(self, stream: Stream) -> None:
        """Take leave of a stream; the last one closes it."""
        stream.readers -= 1
        if not stream.readers and stream in self.streams:
            self.streams.discard(stream)
            await stream.close()

    def kept(self, cursor: str | None) -> Frame | None:
        """Give the frame of a cursor if some stream has it."""
        stream, number = self._behind.get(cursor, (None, 0)) if cursor is not None else (None, 0)
        return stream.frames[number - 1 - stream.first] if stream and number > stream.first else None

    def elsewhere(self, cursor: str | None, stream: Stream) -> bool:
        """Tell whether another stream is the one to read on in behind a cursor."""
        return cursor is not None and self._behind.get(cursor, (stream, 0))[0] is not stream

    def remember(self, cursor: str | None, stream: Stream, number: int) -> None:
        """Take note of what comes behind a cursor, unless another stream has it."""
        if cursor is not None:
            self._behind.setdefault(cursor, (stream, number))

    def drop(self, cursor: str | None, stream: Stream) -> None:
        """Forget what came behind a cursor."""
        if self._behind.get(cursor, (None, 0))[0] is stream:
            del self._behind[cursor]

    def forget(self, stream: Stream) -> None:
        """Let nobody else join a stream."""
        self._behind = {cursor: found for cursor, found in self._behind.items() if found[0] is not stream}


class Fanout:
    """The groups of a server."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self.groups: dict[object, Group] = {}

    @asynccontextmanager
    async def follow(self, subscription: Resumable, caller: Caller) -> "AsyncIterator[Reader]":
        """Give a reader of a subscription's frames while the block lasts."""
        key = (subscription.question, caller.scope, caller.role)
        group = self.groups.setdefault(key, Group(self._execution))
        reader = Reader(group, subscription, caller)
        try:
            yield reader
        finally:
            await reader.leave()
            if not group.streams and self.groups.get(key) is group:
                del self.groups[key]


class Reader:
    """Where one subscriber stands: an iterator over its frames, at its own pace. Iterating raises Rejected."""

    def __init__(self, group: Group, subscription: Resumable, caller: Caller) -> None:
        self._group = group
        self._subscription = subscription
        self._caller = caller
        self._last = subscription.after
        self._can_move = subscription.can_move
        self._stream, self._number = group.join(subscription, self._last, caller)

    def __aiter__(self) -> "Reader":
        return self

    async def __anext__(self) -> Frame:
        while True:
            stream = self._stream
            if self._number < stream.first:
                await self._move()
            elif self._number < stream.end:
                frame = stream.frames[self._number - stream.first]
                self._number += 1
                self._last = frame.cursor
                self._can_move = self._can_move and frame.cursor is not None
                return frame
            elif self._group.elsewhere(self._last, stream):
                await self._move()
            elif stream.failure:
                raise stream.failure
            elif stream.over:
                raise StopAsyncIteration
            else:
                await stream.more()

    async def leave(self) -> None:
        """Read no more."""
        await self._group.leave(self._stream)

    async def _move(self) -> None:
        if not self._can_move:
            raise Rejected(_lagged())
        left = self._stream
        self._stream, self._number = self._group.join(self._subscription, self._last, self._caller)
        await self._group.leave(left)


def _lagged() -> GraphQLError:
    message = "This subscription fell too far behind, and cannot be resumed by itself. Subscribe again."
    return GraphQLError(message, extensions={"code": "lagged"})
