"""Which media type an answer has."""

import pytest

from proctor.api.negotiation import EVENTS, JSON, RESPONSE, preferred


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}; charset=utf-8", RESPONSE),
        (f"{RESPONSE}, {JSON}", JSON),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{RESPONSE}, {JSON};q=0.9, {EVENTS}, */*;q=0.1", RESPONSE),
        (f"{JSON};q=0, */*", RESPONSE),
        (f"{RESPONSE};q=nonsense", None),
        ("text/html", None),
        (EVENTS, None),
        ("APPLICATION/JSON", JSON),
        (",;,", None),
    ],
)
def test_the_type_that_is_wanted_most_is_chosen(accept: str | None, chosen: str | None) -> None:
    assert preferred(accept, (JSON, RESPONSE)) == chosen
