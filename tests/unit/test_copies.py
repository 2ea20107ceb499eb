"""What a stranger does to a copy is never seen in what was copied."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from proctor.copies import copy_of_result, copy_of_session
from proctor.domain.interaction import Result
from proctor.domain.session import ChildSummary
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
    copied = copy_of_session(session)
    assert copied == session
    for name in ("state", "subject"):
        assert not shared(getattr(session, name), getattr(copied, name))
    for name in ("subject", "product"):
        assert not shared(getattr(child, name), getattr(copied.children[0], name))


@given(OBJECTS, st.dictionaries(st.text(max_size=3), st.text(max_size=3)))
def test_a_result_shares_nothing_with_its_copy(data: dict[str, object], files: dict[str, str]) -> None:
    result = Result("ok", data, files=files)  # type: ignore[arg-type]
    copied = copy_of_result(result)
    assert copied == result
    assert not shared(result.data, copied.data)
    assert copied.files is not result.files
