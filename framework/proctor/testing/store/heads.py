"""Made-up heads, trees and changes of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypedDict, Unpack

from proctor.contracts.access import Token
from proctor.contracts.store import Change, Committed, Owner, Store, Tree
from proctor.domain.event import News
from proctor.domain.head import Birth, Head, Pending
from proctor.domain.interaction import Command
from proctor.domain.json import JsonObject
from proctor.domain.scope import Scope
from proctor.domain.session import SessionStatus
from proctor.domain.workflow import PinnedStep, PinnedWorkflow
from proctor.errors import ProctorError

HERE, ELSEWHERE = Scope("acme", "one", "ann"), Scope("acme", "two", "ann")
WORKFLOW = PinnedWorkflow("testing", ("initialize",), {"initialize": PinnedStep("initialize", {"ok": "@next"})})
COMMAND = Command("process", {"argv": ["true"]}, step="initialize", at=5.0)
OWNER = Owner("host", "boot", 7, 1.5)


class BirthFields(TypedDict, total=False):
    """What can be otherwise about a new head."""

    scope: Scope
    created_at: float
    parent: str | None
    key: str
    attempt: int
    depth: int
    priority: int


class HeadFields(TypedDict, total=False):
    """What can change about a head."""

    version: int
    status: SessionStatus
    paused: bool
    blocked: str | None
    state: JsonObject
    outcome: str | None
    last_error: str | None
    sequence: int
    pending: Pending | None
    parked: str | None
    open_children: int
    fence: int
    lease_until: float | None
    owner: str | None


class TokenFields(TypedDict, total=False):
    """What can be otherwise about a token."""

    digest: str
    expires_at: float | None
    revoked_at: float | None


def newborn(session: str, root: str = "root", **fields: Unpack[BirthFields]) -> Head:
    """Give a head that is not stored yet."""
    birth = Birth(
        id=session,
        root=root,
        workflow="testing",
        scope=HERE,
        created_at=1.0,
        subject={"name": session},
        parent=None if session == root else root,
        key=session,
    )
    return Head(replace(birth, **fields))


def plant(session: str = "root", *, fingerprint: str | None = None, scope: Scope = HERE, at: float = 1.0) -> Change:
    """Give the change that creates a tree."""
    head = replace(newborn(session, session, scope=scope, created_at=at), version=1)
    return Change(head, tree=Tree(session, scope, (WORKFLOW,), fingerprint))


def step(head: Head, **changes: Unpack[HeadFields]) -> Head:
    """Give the next version of a head."""
    return replace(replace(head, version=head.version + 1), **changes)


def told(*words: str, session: str = "root") -> tuple[News, ...]:
    """Give an activity for each word."""
    return tuple(News(session, "activity", 2.0, {"word": word}) for word in words)


def token(name: str = "ci", **fields: Unpack[TokenFields]) -> Token:
    """Give a token."""
    return replace(Token(f"hash of {name}", name, "operator", HERE, created_at=1.0), **fields)


async def spawn(store: Store, *children: Head) -> tuple[Head, Committed]:
    """Create a tree whose root is parked for these children."""
    root = plant().head
    await store.commit(plant())
    parked = step(root, pending=Pending(1, COMMAND, 5.0), parked="children", fence=1)
    return parked, await store.commit(Change(parked, children=children))


async def end(store: Store, session: str, status: SessionStatus = "complete") -> Committed:
    """End a session."""
    return await store.commit(Change(step(await present(store, session), status=status)))


async def present(store: Store, session: str) -> Head:
    """Read a head that is there."""
    head = await store.head(HERE, session)
    assert head is not None, f"{session} is not there"
    return head


async def shared(store: Store, root: str) -> Tree:
    """Read what a tree that is there shares."""
    tree = await store.tree(HERE, root)
    assert tree is not None, f"{root} is not there"
    return tree


async def root_of(store: Store, scope: Scope, fingerprint: str) -> str | None:
    """Name the active root that is about this."""
    tree = await store.find_tree(scope, fingerprint)
    return None if tree is None else tree.root


@contextmanager
def refused(error: type[ProctorError]) -> Iterator[None]:
    """See that something is refused with this error."""
    try:
        yield
    except error:
        return
    raise AssertionError(f"{error.__name__} was expected")
