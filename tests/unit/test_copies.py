"""What a stranger does to a copy is never seen in what was copied."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from proctor.copies import copied
from proctor.domain.interaction import Result
from proctor.domain.scope import Scope
from proctor.domain.session import ChildSummary, Session
from proctor.testing import a_session

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


def containers(value: object) -> Iterator[object]:
    """Give all that can be changed in a JSON value."""
    if isinstance(value, dict | list):
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from containers(each)


def shared(one: object, other: object) -> set[int]:
    return {id(each) for each in containers(one)} & {id(each) for each in containers(other)}


@given(OBJECTS, OBJECTS, OBJECTS, st.none() | OBJECTS)
def test_a_session_shares_nothing_with_its_copy(
    state: dict[str, object], subject: dict[str, object], about: dict[str, object], product: dict[str, object] | None
) -> None:
    child = ChildSummary("c", "k", about, 0, 1, "complete", None, product, None)  # type: ignore[arg-type]
    session = replace(a_session(), state=state, subject=subject, children=(child,))
    copy = copied(session)
    assert copy == session
    assert isinstance(copy, Session)
    for name in ("state", "subject"):
        assert not shared(getattr(session, name), getattr(copy, name))
    for name in ("subject", "product"):
        assert not shared(getattr(child, name), getattr(copy.children[0], name))


@given(OBJECTS, st.dictionaries(st.text(max_size=3), st.text(max_size=3)))
def test_a_result_shares_nothing_with_its_copy(data: dict[str, object], files: dict[str, str]) -> None:
    result = Result("ok", data, files=files)  # type: ignore[arg-type]
    copy = copied(result)
    assert copy == result
    assert isinstance(copy, Result)
    assert not shared(result.data, copy.data)
    assert copy.files is not result.files


def test_a_scope_that_is_changed_by_force_is_only_a_copy() -> None:
    scope = Scope()
    copy = copied(scope)
    object.__setattr__(copy, "account", "zz")
    assert copy != scope == Scope()
