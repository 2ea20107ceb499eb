"""The driver: has the sessions of the trees that this process owns advanced until the trees have ended."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import NoneType

from proctor import owner
from proctor.activity_log import ActivityLog
from proctor.contracts.engine import Due, Engine
from proctor.contracts.store import Owner, Store, Tree
from proctor.domain.head import Birth, Head
from proctor.domain.scope import Scope
from proctor.domain.session import TERMINAL
from proctor.errors import DatabaseBusy, DatabaseUnusable, DiskUnusable, ProctorError, TreeOwned
from proctor.runner import Runner
from proctor.sessions import Sessions
from proctor.watchdog import watching

LOOK_S = 1.0
"""How often a driven tree is looked at, in case another process changed it."""

COUNT_S = 2.0
"""How often the time of a driven tree is counted."""

SCAN_S = 2.0
"""How often a server looks for trees that nobody drives."""

PASSING = (DatabaseBusy, DatabaseUnusable, DiskUnusable, TreeOwned, NoneType)
"""What may have ended the driving of a tree that is tried again: a full disk, say. Little is handed out meanwhile: that
has to be stored first, and what was handed out is so again only when its lease has run out."""

_log = logging.getLogger("proctor.driver")


@dataclass(slots=True)
class Driven:
    """A tree that is being driven here."""

    root: str
    scope: Scope
    runner: Runner
    at_hand: set[str]
    """Sessions that are being advanced, or have not been looked at yet."""
    advancing: set[str] = field(default_factory=set)
    turned: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | None = None
    counted: float = field(default_factory=time.monotonic)
    """Up to when its time was counted. While the machine sleeps, this clock stands still."""


class Driver:
    """Delivers the sessions of its trees to runners, all of them through one engine."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        activities: ActivityLog,
        *,
        myself: Owner,
        make_engine: Callable[[Due], Engine],
        make_runner: Callable[[Scope], Runner],
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._activities = activities
        self._myself = myself
        self._make_engine = make_engine
        self._make_runner = make_runner
        self._engine: Engine | None = None
        self._work: asyncio.Future[None] | None = None
        self._trees: dict[str, Driven] = {}
        self._tree_of: dict[str, Driven] = {}
        self._halted: set[str] = set()
        self._asked: set[str] = set()
        self._afresh: set[str] = set()
        """Trees that `serve` is to look into although nothing in them is due: what blocked them may be gone."""
        self._news = asyncio.Event()

    def ready(self, birth: Birth, session_ids: Sequence[str]) -> None:
        """Hear that sessions of the tree that `birth` belongs to can go on."""
        self._news.set()
        if (driven := self._trees.get(birth.root)) is not None:
            self._deliver(driven, session_ids)

    def ask(self, root: str) -> None:
        """Have `serve` drive a tree that only clients would have driven otherwise."""
        self._asked.add(root)
        self._afresh.add(root)
        self._news.set()

    def turn(self, session_id: str) -> None:
        """Have the tree of a session, if it is driven, looked at now: what runs for sessions that ended is ended."""
        if (driven := self._trees.get(session_id) or self._tree_of.get(session_id)) is not None:
            driven.turned.set()

    def halted(self, root: str) -> bool:
        """Tell whether `drive` gave a tree back because nothing in it could go on."""
        return root in self._halted

    @asynccontextmanager
    async def running(self, jobs: int) -> AsyncIterator[None]:
        """Run the engine, with so many commands at once, while the block lasts."""
        self._engine = self._make_engine(self._due)
        self._work = asyncio.ensure_future(self._engine.run(self._advance, jobs))
        log = asyncio.ensure_future(self._activities.run())
        try:
            with watching():
                yield
        finally:
            for task in (self._work, log):
                task.cancel()
            await asyncio.gather(self._work, log, return_exceptions=True)
            self._engine = self._work = None
            await self._activities.flush()

    async def drive(self, scope: Scope, root: str) -> Head:
        """Drive a tree that this process owns until it has ended, or nothing in it can go on; give its root's head.

        Then the tree is given back. It is not when the call is cancelled: whoever looks next finds its owner gone.
        """
        self._halted.discard(root)
        open_ids = [head.id for head in await self._store.descendants(scope, root) if head.status not in TERMINAL]
        driven = self._trees[root] = Driven(root, scope, self._make_runner(scope), set(open_ids))
        self._deliver(driven, open_ids)
        try:
            head = await self._ended(driven)
            await self._count(driven)
        finally:
            self._leave(driven)
        with suppress(DatabaseBusy):  # it has ended all the same
            await self._sessions.release(root, self._myself)
        return head

    async def serve(self, jobs: int) -> None:
        """Drive every tree that wants it and has no living owner, until cancelled."""
        drives: dict[str, asyncio.Future[Head]] = {}
        begun = False
        async with self.running(jobs):
            try:
                while True:
                    self._news.clear()
                    begun = await self._scan(drives, first=not begun) or begun
                    with suppress(TimeoutError):
                        async with asyncio.timeout(SCAN_S):
                            await self._news.wait()
                    drives = {root: each for root, each in drives.items() if not _over(each)}
            finally:
                for each in drives.values():
                    each.cancel()
                await asyncio.gather(*drives.values(), return_exceptions=True)

    async def _scan(self, drives: dict[str, asyncio.Future[Head]], *, first: bool) -> bool:
        """Begin to drive what nobody drives; False if the trees could not be read."""
        try:
            trees = await self._store.open_trees()
        except ProctorError as error:
            _log.warning("looking for sessions is tried again soon: %s", error)
            return False
        if first:
            self._afresh.update(tree.root for tree in trees)
        for tree in trees:
            if tree.root not in drives and await self._take(tree):
                drives[tree.root] = asyncio.ensure_future(self.drive(tree.scope, tree.root))
                drives[tree.root].add_done_callback(partial(_tell, tree.root))
        return True

    async def _take(self, tree: Tree) -> bool:
        """Take a tree if something in it is to be done and nobody who lives does it."""
        try:
            if not await self._wanted(tree):
                return False
            if tree.owner == self._myself:  # a passing trouble ended its drive, and is not to be counted
                await self._sessions.release(tree.root, self._myself)
            await self._sessions.adopt(tree.scope, tree.root, self._myself, owner.alive)
        except TreeOwned:
            return False
        except ProctorError as error:
            _log.warning("session %s is looked at again soon: %s", tree.root, error)
            return False
        self._afresh.discard(tree.root)
        return True

    async def _wanted(self, tree: Tree) -> bool:
        """Tell whether a tree lost its owner, or has none and something in it can go on, or may be blocked no more."""
        if tree.owner is not None:
            return tree.owner == self._myself or not owner.alive(tree.owner)
        asked = tree.root in self._asked
        if not asked:
            root = await self._store.head(tree.scope, tree.root)
            if root is None or root.birth.execution_mode == "manual":
                return False
        if tree.root in self._afresh:
            if asked or any(head.blocked is not None for head in await self._store.descendants(tree.scope, tree.root)):
                return True
            self._afresh.discard(tree.root)
        return bool(await self._store.due(tree.root, time.time(), limit=1))

    async def _due(self) -> Sequence[str]:
        found: list[str] = []
        for driven in [*self._trees.values()]:
            try:
                due = await self._store.due(driven.root, time.time())
            except ProctorError as error:
                _log.warning("what is due in session %s is asked again soon: %s", driven.root, error)
                continue
            if self._trees.get(driven.root) is driven:
                self._tree_of.update(dict.fromkeys(due, driven))
                found.extend(due)
        return found

    def _deliver(self, driven: Driven, session_ids: Sequence[str]) -> None:
        self._tree_of.update(dict.fromkeys(session_ids, driven))
        if self._engine is not None:
            self._engine.enqueue(session_ids)

    def _leave(self, driven: Driven) -> None:
        """Drive a tree no more: nothing runs for it from now on."""
        del self._trees[driven.root]
        ours = [session_id for session_id, tree in self._tree_of.items() if tree is driven]
        for session_id in ours:
            del self._tree_of[session_id]
        if self._engine is not None:
            self._engine.cancel(ours)

    async def _count(self, driven: Driven) -> None:
        """Count the time since this was done last; where the database is busy, the next time is soon."""
        now = time.monotonic()
        with suppress(DatabaseBusy):
            await self._sessions.count_time(driven.scope, driven.root, now - driven.counted)
            driven.counted = now

    async def _check_ours(self, driven: Driven) -> None:
        """Raise TreeOwned if another process has taken the tree meanwhile: it took this one for dead."""
        tree = await self._store.tree(driven.scope, driven.root)
        if tree is not None and tree.owner is not None and tree.owner != self._myself:
            raise TreeOwned(session_id=driven.root, owner=tree.owner)

    async def _end_what_ended(self, driven: Driven) -> None:
        """End what runs for sessions that somebody cancelled, or whose time is up.

        One that has only just ended by itself may be hit too: what it would still have told is found to be due.
        """
        for session_id in [*driven.advancing]:
            head = await self._store.head(driven.scope, session_id)
            if self._engine is not None and (head is None or head.status in TERMINAL):
                self._engine.cancel((session_id,))

    async def _advance(self, session_id: str) -> None:
        """Advance a session; what goes wrong ends the driving of its tree, and of no other."""
        driven = self._tree_of.get(session_id)
        if driven is None:
            return
        driven.at_hand.add(session_id)
        driven.advancing.add(session_id)
        try:
            await driven.runner.advance(session_id)
        except Exception as error:  # noqa: BLE001 # told to whoever drives the tree
            driven.fault = error
        finally:
            driven.at_hand.discard(session_id)
            driven.advancing.discard(session_id)
        if session_id == driven.root or driven.fault is not None:
            driven.turned.set()

    async def _ended(self, driven: Driven) -> Head:
        """Look at the root after each of its turns here, and every second: another process may have cancelled it."""
        while True:
            driven.turned.clear()
            head = await self._sessions.head(driven.scope, driven.root)
            if head.status in TERMINAL:
                return head
            if driven.fault is not None:
                raise driven.fault
            if self._work is not None and self._work.done():
                self._work.result()
            await self._check_ours(driven)
            if time.monotonic() - driven.counted >= COUNT_S:
                await self._count(driven)
            await self._end_what_ended(driven)
            if not driven.at_hand:
                heads = await self._store.descendants(driven.scope, driven.root)
                if _nothing_can_go_on(heads):
                    self._halted.add(driven.root)
                    return heads[0]
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await driven.turned.wait()


def _over(drive: "asyncio.Future[Head]") -> bool:
    """Tell whether a tree has been driven as far as it goes, or may be tried again.

    One that went wrong for another reason than its disks, its database or another owner is left alone until the next
    start.
    """
    return drive.done() and not drive.cancelled() and isinstance(drive.exception(), PASSING)


def _tell(root: str, drive: "asyncio.Future[Head]") -> None:
    if drive.cancelled() or (error := drive.exception()) is None:
        return
    told = str(error) if isinstance(error, ProctorError) else repr(error)
    until = "for a moment" if isinstance(error, PASSING) else "until the next start"
    _log.error("session %s is left alone %s: %s", root, until, told)


def _nothing_can_go_on(heads: Sequence[Head]) -> bool:
    """Tell whether what is open in a tree is blocked or paused, or waits for children that are."""
    return all(
        head.status in TERMINAL
        or head.blocked is not None
        or (head.paused and head.pending is None)
        or (head.parked == "children" and (head.paused or head.open_children > 0))
        for head in heads
    )
