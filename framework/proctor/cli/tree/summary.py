"""What came of a run: the components, the totals, the suspected bugs, and the exit code that says so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from proctor.cli.lazy import CANCELLED, FAILED
from proctor.cli.tree.product import Product, mappings, text, whole
from proctor.cli.tree.spending import Spending
from proctor.cli.tree.view import SessionView, TreeView
from proctor.domain.json import EMPTY, JsonObject


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one component."""

    name: str
    session_id: str
    verdict: str
    """proven, partial, none, failed, cancelled; blocked, paused, running or waiting while it has not ended."""
    attempts: int
    seconds: float | None
    product: Product
    error: str | None = None

    @property
    def why(self) -> str | None:
        """Say why there are no tests, where there are none."""
        if self.verdict in ("failed", "blocked"):
            return self.error
        return None if self.product.tests else self.product.reason

    @property
    def lack(self) -> str | None:
        """Say the same to people, who have read of the suspected bugs already."""
        if self.verdict in ("failed", "blocked") or not self.product.only_bugs:
            return self.why
        several = self.product.dropped > 1
        return f"its only {'tests are' if several else 'test is'} the suspected {'bugs' if several else 'bug'} above"

    def to_json(self) -> JsonObject:
        """Give the form for machines."""
        made = self.product
        return {
            "name": self.name,
            "session": self.session_id,
            "outcome": self.verdict,
            "tests": made.tests,
            "dropped": made.dropped,
            "coverage": {"before": made.before, "after": made.after},
            "attempts": self.attempts,
            "seconds": self.seconds,
            "reason": self.why,
            "suspected_bugs": [asdict(bug) for bug in made.bugs],
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a tree."""

    session_id: str
    status: str
    rows: tuple[Row, ...]
    tests: int
    branch: str | None
    commit: str | None
    error: str | None
    seconds: float | None
    blocked: tuple[str, ...] = ()
    """What keeps it from going on, each reason once."""
    paused: tuple[str, ...] = ()
    """Sessions that have to be resumed before it goes on."""
    removed: Mapping[str, str] = EMPTY
    """Tests that were proven alone but did not land, and why."""
    judged: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """How often a step got a status: by workflow, step and status."""
    spending: Spending = field(default_factory=Spending)
    """What was spent, and of how much."""
    asking: frozenset[tuple[str, str]] = frozenset()
    """Steps that wait for an answer: workflow and step."""

    @property
    def landed(self) -> bool:
        """Whether there is a branch with tests."""
        return self.status == "complete"

    @property
    def tested(self) -> bool:
        """Whether it is certain that tests were run."""
        made = (row.product for row in self.rows)
        return self.landed or any(each.tests or each.dropped or each.bugs for each in made)

    def exit_code(self) -> int:
        """Give 0 for landed, also in part, 1 for failed, blocked or paused, 130 for cancelled."""
        if self.status == "cancelled" or (self.status == "active" and not self.blocked and not self.paused):
            return CANCELLED
        return 0 if self.landed else FAILED

    def to_json(self) -> JsonObject:
        """Give the form for machines."""
        return {
            "session": self.session_id,
            "status": self.status,
            "branch": self.branch,
            "commit": self.commit,
            "tests": self.tests,
            "removed": dict(self.removed),
            "error": self.error,
            "blocked": list(self.blocked),
            "paused": list(self.paused),
            "seconds": self.seconds,
            "spent": self.spending.to_json(),
            "components": [row.to_json() for row in self.rows],
        }


def summarise(view: TreeView) -> Summary:
    """Sum up a tree. What the root's product says of a component goes before what the component itself says."""
    root = view.root
    assert root is not None
    final = {text(each.get("name")): each for each in mappings(root.product.get("components"))}
    rows = tuple(_corrected(_row(each), final) for each in view.ordered())
    return Summary(
        session_id=root.id,
        status=root.status,
        rows=rows,
        tests=whole(root.product.get("tests")),
        branch=text(root.product.get("branch")),
        commit=text(root.product.get("commit")),
        error=root.error,
        seconds=None if root.ended is None else view.elapsed(root.ended),
        blocked=tuple(dict.fromkeys(each.blocked for each in (root, *view.ordered()) if each.blocked)),
        paused=tuple(each.id for each in view.paused()),
        removed={
            str(each.get("test")): text(each.get("reason")) or "" for each in mappings(root.product.get("removed"))
        },
        judged=dict(view.judged),
        spending=view.spending,
        asking=frozenset(
            (each.workflow, each.step) for each in (root, *view.ordered()) if each.step and each.is_asking
        ),
    )


def _row(session: SessionView) -> Row:
    seconds = session.seconds(session.ended) if session.began is not None and session.ended is not None else None
    error = session.blocked or session.error
    return Row(session.name, session.id, session.state, session.attempt, seconds, session.made(), error)


def _corrected(row: Row, final: Mapping[str | None, JsonObject]) -> Row:
    """Take over what the last step found: at landing, some tests may have been dropped still."""
    entry = final.get(row.name)
    if entry is None:
        return row
    own, landed = row.product, Product.read(entry)
    product = replace(
        landed,
        reason=landed.reason or own.reason,
        bugs=landed.bugs or own.bugs,
        dropped_tests=landed.dropped_tests or own.dropped_tests,
        files=landed.files or own.files,
        notices=landed.notices or own.notices,
        before=own.before if landed.before is None else landed.before,
        after=own.after if landed.after is None else landed.after,
    )
    return replace(row, product=product, verdict=text(entry.get("outcome")) or row.verdict)
