from base64 import b64decode

from hypothesis import given
from hypothesis import strategies as st

from proctor.api.blob import piece


def pieces(data: bytes, length: int) -> list[tuple[str, bytes]]:
    found, offset = [], 0
    while True:
        part = piece(data, offset, length)
        found.append((part.text, b64decode(part.base64)))
        if part.next_offset is None:
            return found
        assert part.next_offset > offset
        offset = part.next_offset


@given(st.binary(), st.integers(1, 9))
def test_the_pieces_are_the_file(data: bytes, length: int) -> None:
    assert b"".join(part for _, part in pieces(data, length)) == data


@given(st.text(st.characters(codec="utf-8")), st.integers(4, 9))
def test_no_character_is_cut(text: str, length: int) -> None:
    assert "".join(part for part, _ in pieces(text.encode(), length)) == text
