"""A change of a session: encoded on the caller's side, written by the writer inside its transaction."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from proctor.contracts.store import Change, Committed
from proctor.domain.budget import too_many, used_up
from proctor.domain.head import Head
from proctor.domain.session import TERMINAL
from proctor.errors import Conflict
from proctor.store import codec
from proctor.store.batch import SQL, Batch
from proctor.store.codec import Parameters, Row

_WAITS_FOR_NOBODY = ("active", False, None, "children", 0)
"""Status, paused, blocked, parked and open_children of a session that is parked and can go on."""


@dataclass(frozen=True, slots=True)
class Newborn:
    """A session that is not stored yet, as rows."""

    id: str
    session: Row
    birth: Row

    def insert(self, batch: Batch) -> bool:
        """Insert the session, or say that it is there already."""
        if not batch.execute(SQL["insert_session"], self.session).rowcount:
            return False
        batch.execute(SQL["insert_birth"], self.birth)
        return True


@dataclass(frozen=True, slots=True)
class EncodedChange:
    """A change as rows. The head is a newborn, or the row of one that is stored."""

    change: Change
    at: float
    head: Newborn | Row
    closed: Row | None
    children: tuple[Newborn, ...]
    news: tuple[Row, ...]
    answer: Parameters | None
    tree: Parameters | None

    def write(self, batch: Batch) -> Committed:
        """Write the rows. Raises Conflict; the caller then takes back what was written."""
        if isinstance(self.head, Newborn):
            self._insert(batch, self.head)
            awake: tuple[str, ...] = ()
        else:
            awake = self._update(batch, self.head)
        self._append(batch)
        self._check_budgets(batch)
        born = {child.id for child in self.children if child.insert(batch)}
        head = self._parked(batch) if self.change.head.parked == "children" else self.change.head
        if _waits_for_nobody(head):
            awake = (*awake, head.id)
        self._count(batch, born)
        return Committed(head, (*(child.id for child in self.children if child.id in born), *awake))

    def _insert(self, batch: Batch, head: Newborn) -> None:
        if not head.insert(batch):
            raise Conflict(session_id=head.id)
        if self.tree is None:
            return
        if not batch.execute(SQL["insert_tree"], self.tree).rowcount:
            raise Conflict(session_id=head.id)
        batch.execute(SQL["insert_pins"], self.tree)

    def _update(self, batch: Batch, row: Row) -> tuple[str, ...]:
        """Replace the head; if that ends the session, tell its tree or its parent, and name a parent that wakes."""
        head, parent = self.change.head, self.change.head.birth.parent
        ends = head.status in TERMINAL and batch.execute(SQL["status"], (head.id,)).fetchone() == ("active",)
        if not batch.execute(SQL["update_session"], row).rowcount:
            raise Conflict(session_id=head.id)
        if self.change.reopens and parent is None and not batch.execute(SQL["reopen_tree"], (head.id,)).rowcount:
            raise Conflict(session_id=head.id)
        if ends and parent is None:
            batch.execute(SQL["end_tree"], (self.at, head.id))
        if ends and parent is not None:
            row = batch.execute(SQL["child_ended"], (parent,)).fetchone()
            return (parent,) if row == _WAITS_FOR_NOBODY else ()
        return ()

    def _append(self, batch: Batch) -> None:
        if self.closed:
            batch.execute(SQL["insert_interaction"], self.closed)
        if self.answer and not batch.execute(SQL["insert_answer"], self.answer).rowcount:
            raise Conflict(session_id=self.change.head.id)

    def _check_budgets(self, batch: Batch) -> None:
        """See that what begins here may begin still: others have spent meanwhile."""
        within = self.change.within
        if within is None:
            return
        spent = batch.spent(self.change.head.birth.root).plus(self.change.spent)
        crowded = self.children and too_many(within, spent.sessions + len(self.children))
        if crowded or used_up(within, spent):
            raise Conflict(session_id=self.change.head.id)

    def _parked(self, batch: Batch) -> Head:
        (count,) = batch.execute(SQL["count_open_children"], {"id": self.change.head.id}).fetchone()
        return replace(self.change.head, open_children=count)

    def _count(self, batch: Batch, born: Collection[str]) -> None:
        """Append the news, but not the creation of children that were there already."""
        unborn = {(child.id, "session_created") for child in self.children if child.id not in born}
        news = tuple(item for item in self.news if item[:2] not in unborn) if unborn else self.news
        sessions = len(born) + isinstance(self.head, Newborn)
        if news or sessions or self.change.spent:
            batch.add(self.change.head.birth.root, news, sessions=sessions, spent=self.change.spent)
        if self.change.executed is not None:
            since, until = self.change.executed
            batch.count_time(self.change.head.birth.root, since, until)


def encode(change: Change, now: float) -> EncodedChange:
    """Encode a change as rows."""
    head, closed = change.head, change.closed
    return EncodedChange(
        change=change,
        at=now,
        head=_newborn(head) if head.version == 1 else codec.head_row(head),
        closed=(head.id, closed.sequence, codec.document(closed)) if closed else None,
        children=tuple(_newborn(child) for child in change.children),
        news=tuple(codec.news(item) for item in change.news),
        answer=codec.answer_parameters(change.answer, now) if change.answer else None,
        tree=codec.tree_parameters(change.tree, now, active=head.status == "active") if change.tree else None,
    )


def _newborn(head: Head) -> Newborn:
    return Newborn(head.id, codec.newborn_row(head), (head.id, codec.document(head.birth)))


def _waits_for_nobody(head: Head) -> bool:
    """Tell whether a head is parked for children, has none open, and may go on."""
    return (head.status, head.paused, head.blocked, head.parked, head.open_children) == _WAITS_FOR_NOBODY
