"""What a plugin may meet: sessions in every condition, results of every status, text of every kind."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from proctor.domain.interaction import Result, Usage
from proctor.domain.orchestrator import Completed
from proctor.domain.session import AgentChoice, Limits, Remaining, Session, SessionStatus
from proctor.domain.workflow import ERROR, FAULT, WARNING
from proctor.testing.factories import a_child

TEXTS: Mapping[str, str] = {
    "no text": "",
    "a NUL": "a\0b",
    "a lone surrogate": "a\ud800b",
    "a megabyte of text": "x" * 1024**2,
    "right-to-left text": "\u202eשלום\u202c",
    "control characters": "\x1b[31m\r\n\t\x07",
    "markup and placeholders": "{0} %s $HOME `id` '\";--<b>",
}


def any_sessions(session: Session) -> Iterator[tuple[str, Session]]:
    """Vary what the framework says of a session; what its own steps have put into it stays as it is."""
    yield "the session as given", session
    yield "a second attempt", replace(session, attempt=2)
    yield "a session with nothing left to spend", replace(session, limits=Limits(fixes=0), remaining=Remaining(0, 0))
    yield "a session that a client drives", replace(session, execution_mode="manual")
    yield "a session with a deterministic agent", replace(session, agent=AgentChoice("somebody", deterministic=True))
    yield "a step that is repeated", replace(session, last_completed=Completed(7, "somebody_elses_step", "error"))
    yield "state of another plugin", replace(session, state={**session.state, "somebody_elses": [*TEXTS.values()]})
    statuses: tuple[SessionStatus, ...] = ("failed", "cancelled", "active", "complete")
    children = tuple(a_child(status, attempt=attempt) for attempt, status in enumerate(statuses, start=1))
    for count in range(1, len(children) + 1):
        yield f"{count} attempts at a child", replace(session, children=children[:count])


def any_results(good: Result | None) -> Iterator[tuple[str, Result]]:
    """Vary a good result, if one is known; and give every other status, without data and with odd text."""
    if good is not None:
        yield "the result as given", good
        yield "a result with odd numbers", replace(good, exit_code=-9, duration_s=1e9, usage=Usage(1, 2, 3.5))
        for name, text in TEXTS.items():
            yield f"a result with {name}", replace(good, stdout=text, stderr=text, error_message=text)
    for status in (WARNING, ERROR, FAULT):
        yield f"status {status} without data", Result(status, {})
        for name, text in TEXTS.items():
            yield f"status {status} with {name}", Result(status, {}, error_message=text, stdout=text, stderr=text)
        if good is not None:
            yield f"status {status} with data", replace(good, status=status, error_message="it went wrong", exit_code=1)
