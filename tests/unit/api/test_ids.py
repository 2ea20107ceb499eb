import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.api import ids

NAMES = st.text(st.characters(codec="utf-8"))
NUMBERS = st.integers(min_value=0, max_value=2**53)
READERS = (ids.session_of, ids.interaction_of, ids.session_place, ids.child_place)


@given(NAMES)
def test_a_session_is_found_by_its_id(session_id: str) -> None:
    assert ids.session_of(ids.session_gid(session_id)) == session_id


@given(NAMES, NUMBERS)
def test_an_interaction_is_found_by_its_id(session_id: str, sequence: int) -> None:
    assert ids.interaction_of(ids.interaction_gid(session_id, sequence)) == (session_id, sequence)


@given(st.floats(allow_nan=False, allow_infinity=False), NAMES)
def test_a_place_among_sessions_is_found(created_at: float, session_id: str) -> None:
    assert ids.session_place(ids.session_cursor(created_at, session_id)) == (created_at, session_id)


@given(NAMES, NUMBERS)
def test_a_place_among_children_is_found(key: str, attempt: int) -> None:
    assert ids.child_place(ids.child_cursor(key, attempt)) == (key, attempt)


@given(NAMES, NAMES, NUMBERS)
def test_a_place_in_a_log_is_found_in_that_log_only(log: str, other: str, number: int) -> None:
    cursor = ids.number_cursor("event", log, number)
    assert ids.number_place("event", log, cursor) == number
    assert ids.number_place("interaction", log, cursor) is None
    assert log == other or ids.number_place("event", other, cursor) is None


@given(st.text())
def test_any_other_text_is_no_id_and_no_cursor(text: str) -> None:
    assert [read(text) for read in READERS] == [None] * len(READERS)
    assert ids.number_place("event", "log", text) is None


@given(NAMES, st.integers(min_value=1))
def test_a_token_has_one_spelling(session_id: str, padding: int) -> None:
    token = ids.session_gid(session_id)
    assert ids.session_of(token + "=" * (padding % 4 + 1)) is None
    assert ids.session_of(" " + token) is None


@pytest.mark.parametrize(
    "parts", ['["Session"]', '["Session",1]', '["Session",null]', "{}", "[[[[", "[true]", "[1e999]"]
)
def test_a_token_of_another_shape_is_none(parts: str) -> None:
    import base64

    token = base64.urlsafe_b64encode(parts.encode()).decode().rstrip("=")
    assert [read(token) for read in READERS] == [None] * len(READERS)
