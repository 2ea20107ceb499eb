"""A document is read again as it was written, and what is none is refused in words."""

import orjson
import pytest

from proctor.domain.head import Birth, Head
from proctor.domain.interaction import Command, Interaction, Result
from proctor.domain.scope import Scope
from proctor.domain.workflow import PinnedStep, PinnedWorkflow
from proctor.history import History, Recorded, Unreadable, read, write
from proctor.history.document import Entry

WORKFLOW = PinnedWorkflow("flow", ("work",), {"work": PinnedStep("work")})
INTERACTION = Interaction(1, Command("none", step="work", at=1.0), Result("ok"), "completed", 2.0, came={})
HEAD = Head(Birth("s1", "s1", "flow", Scope(), 1.0, {}), "complete", sequence=1, version=3)
ENTRIES = (Entry("s1", "session_created"), Entry("s1", "interaction_started", 1))
HISTORY = History("0.1.0", (WORKFLOW,), (Recorded(HEAD, {"a": 1}, (INTERACTION,)),), ENTRIES, "/usr/bin/python3")


def test_it_is_read_as_it_was_written() -> None:
    assert read(write(HISTORY)) == HISTORY


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"nothing", "it is no JSON"),
        (b"[]", "it is no recorded history; `proctor sessions export ID` writes one"),
        (b'{"v": 1}', "it is no recorded history"),
        (b'{"proctor_history": 99}', "it has version 99, and this Proctor reads up to 1"),
        (b'{"proctor_history": 1}', "it is damaged: History lacks proctor, workflows, sessions, entries"),
    ],
)
def test_what_is_no_history_is_refused(document: bytes, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read(document)


CREATED = {"session": "s1", "kind": "session_created"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sessions", []),
        ("sessions", [{"head": 1}]),
        ("workflows", []),
        ("entries", [{"session": "another", "kind": "session_created"}]),
        ("entries", "many"),
        ("entries", [{"session": "s1", "kind": "interaction_started", "sequence": 1}]),
        ("entries", [CREATED, {"session": "s1", "kind": "interaction_started", "sequence": 9}]),
        ("entries", [CREATED, {"session": "s1", "kind": "interaction_completed", "sequence": 2}]),
    ],
)
def test_a_damaged_one_is_refused(name: str, value: object) -> None:
    document = {**orjson.loads(write(HISTORY)), name: value}
    with pytest.raises(Unreadable, match="it is damaged"):
        read(orjson.dumps(document))
