from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from proctor.cli.tree.view import SessionView, TreeView
from proctor.domain.event import Event, EventKind
from proctor.domain.json import Json, JsonObject

LINES = {
    "context_testing": ("initialize", "spawn_component_testing_sessions", "finalize"),
    "component_testing": (
        "initialize", "generate_tests", "run_tests", "check_stability", "check_coverage", "finalize",
    ),
}  # fmt: skip


@dataclass
class Story:
    """Tells what happens in a tree, a second later each time, and keeps a view of it."""

    view: TreeView = field(default_factory=lambda: TreeView(LINES))
    events: list[Event] = field(default_factory=list)
    heard: list[tuple[Event, SessionView | None]] = field(default_factory=list)
    now: float = 1000.0

    def tell(self, session: str, kind: EventKind, **data: Json) -> SessionView | None:
        self.now += 1
        event = Event("root", len(self.events) + 1, session, kind, self.now, data)
        self.events.append(event)
        about = self.view.apply(event)
        self.heard.append((event, about))
        return about

    def root(self, name: str = "larder") -> None:
        self.tell("root", "session_created", workflow="context_testing", parent=None, subject={"name": name})
        self.done("root", "initialize")
        self.begin("root", "spawn_component_testing_sessions", sequence=2)

    def child(self, name: str, attempt: int = 1, priority: int = 0) -> str:
        session = f"{name}-{attempt}"
        self.tell(
            session, "session_created", workflow="component_testing", parent="root", key=name,
            attempt=attempt, priority=priority, subject={"name": name, "path": f"{name}.py"},
        )  # fmt: skip
        return session

    def begin(self, session: str, step: str, sequence: int = 1) -> None:
        self.tell(session, "interaction_started", step=step, sequence=sequence)

    def done(self, session: str, step: str, status: str = "ok", message: str | None = None, sequence: int = 1) -> None:
        self.begin(session, step, sequence)
        self.tell(session, "interaction_completed", step=step, sequence=sequence, status=status, message=message)

    def end(
        self,
        session: str,
        status: str = "complete",
        outcome: str | None = None,
        product: JsonObject | None = None,
        error: str | None = None,
    ) -> None:
        self.tell(session, "session_changed", status=status, outcome=outcome, product=product, error=error)

    def proven(self, name: str, tests: int = 3) -> str:
        session = self.child(name)
        for number, step in enumerate(LINES["component_testing"], 1):
            self.done(session, step, sequence=number)
        self.end(session, outcome="proven", product=product(tests=tests))
        return session

    def land(self, components: list[Mapping[str, Json]] | None = None) -> None:
        self.done("root", "finalize")
        made = {"branch": "tests-for-larder", "commit": "c0ffee" * 7, "tests": 3, "components": components or []}
        self.end("root", product=made)


def product(**facts: Json) -> JsonObject:
    return {"files": {}, "tests": 3, "dropped": 0, "coverage": {"before": 40.0, "after": 87.6}, **facts}


@pytest.fixture(autouse=True)
def _usual_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have 80 columns, however wide the terminal of whoever runs the tests is."""
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture(name="product")
def product_() -> object:
    return product
