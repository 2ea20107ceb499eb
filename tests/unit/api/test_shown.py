"""What a client reads of an error, whichever it is."""

import logging
import re
import string

import pytest

from proctor import errors
from proctor.api.errors import InvalidInput, answer_to
from proctor.api.ids import session_gid
from proctor.api.shown import OTHERWISE, WITHHELD, shown
from proctor.errors import ProctorError, UsageError

SESSION = "6ccd176cea2b4081b47b8641e12db4f2"
FOLDER = "/srv/secret"
NUMBERS = {"fence": 1, "current": 2, "seconds": 30, "count": 3, "exit_code": 1}
NAMED_BY_CLIENTS = {"path", "repository", "branch"}
"""Facts that come from what the client itself has named."""
MAY_BE_PATHS = {"file", "where", "database", "message", "owner", "cause", "reason", "session_id"}
RAISED = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, ProctorError) and each not in (ProctorError, UsageError)
]


def raised(kind: type[ProctorError]) -> ProctorError:
    """Raise an error with facts that nobody else should read."""
    names = [name for _, name, _, _ in string.Formatter().parse(kind.__doc__ or "") if name]
    return kind(**{name: fact(kind, name) for name in names})


def fact(kind: type[ProctorError], name: str) -> object:
    if name == "session_id":
        return SESSION
    if name == "path" and kind is errors.CacheBusy:
        return "cache/lock"
    if name == "status":
        return "failed"
    return NUMBERS.get(name, f"{name}: {FOLDER}/{name}.py is at fault" if name in MAY_BE_PATHS else name)


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.code)
def test_no_message_has_the_servers_own_ids_and_folders(kind: type[ProctorError]) -> None:
    error = raised(kind)
    answer = answer_to(error)
    for text in (shown(error), answer.message if answer else ""):
        assert re.search(r"[0-9a-f]{32}", text) is None
        assert FOLDER not in text
        assert "cache/lock" not in text
        assert re.search(r"[{}\n]|  ", text) is None


@pytest.mark.parametrize("kind", [errors.SessionPaused, errors.StaleFence, errors.IdempotencyConflict, errors.Conflict])
def test_a_session_is_named_by_the_id_that_the_schema_gives_it(kind: type[ProctorError]) -> None:
    assert session_gid(SESSION) in shown(raised(kind))


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.code)
def test_what_a_client_named_itself_is_told(kind: type[ProctorError]) -> None:
    named = NAMED_BY_CLIENTS & raised(kind).facts.keys() if kind not in WITHHELD else set()
    assert [name for name in named if name not in shown(raised(kind))] == []


@pytest.mark.parametrize("kind", WITHHELD, ids=lambda kind: kind.code)
def test_what_is_withheld_stands_in_the_log(kind: type[ProctorError], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        error = raised(kind)
        assert str(error) not in shown(error)
    assert str(error) in caplog.text


def test_what_is_told_in_other_words_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    for kind in OTHERWISE:
        shown(raised(kind))
    assert caplog.records == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ImportError: no (/srv/venv/lib/x/__init__.py)", "ImportError: no (…/__init__.py)"),
        ("see https://example.org/docs/page.html", "see https://example.org/docs/page.html"),
        ("3/4 of src/shelf.py", "3/4 of src/shelf.py"),
        ("'/a/b c'", "'…/b c'"),
    ],
)
def test_of_a_path_the_last_name_is_told(text: str, told: str) -> None:
    assert shown(errors.SessionBlocked(session_id=SESSION, reason=text)).endswith(f"is blocked: {told}")


def test_a_message_may_contain_braces() -> None:
    assert "{odd}" in shown(errors.SessionBlocked(session_id=SESSION, reason="{odd}"))


def test_a_fault_of_the_database_is_no_fault_of_the_client() -> None:
    assert answer_to(raised(errors.DatabaseUnusable)) is None
    assert answer_to(raised(errors.DatabaseBusy)) is None
    assert isinstance(answer_to(raised(errors.NoCommit)), InvalidInput)
