"""The page for browsers works without a network, and gives the token to nobody."""

import re

from proctor.api.page import graphiql

PAGE = graphiql().decode()


def test_nothing_is_loaded_from_elsewhere_before_somebody_asks_for_it() -> None:
    loaded = re.findall(r"""<\w+[^>]*\s(?:src|href)=["'](?!data:)""", PAGE)
    assert loaded == []


def test_what_is_loaded_then_is_pinned() -> None:
    files = re.findall(r"[\w-]+@[\d.]+/[\w./-]+", PAGE)
    digests = re.findall(r"[\w+/]{64}", PAGE)
    assert len(files) == len(digests) == 4
    assert set(re.findall(r"https?://([^/\s;\"]+)", PAGE)) == {"unpkg.com"}


def test_the_token_is_taken_out_of_the_address() -> None:
    assert "location.hash" in PAGE
    assert 'history.replaceState(null, "", url)' in PAGE
