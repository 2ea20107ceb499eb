import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.executors.output import BoundedOutput


@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(2, 60))
def test_beginning_and_end_are_kept_however_the_pieces_come(pieces: list[bytes], limit: int) -> None:
    output, whole, half = BoundedOutput(limit), b"".join(pieces), limit // 2
    for piece in pieces:
        output.add(piece)
    if len(whole) <= 2 * half:
        assert output.text() == whole.decode(errors="replace")
        return
    head, tail = whole[:half].decode(errors="replace"), whole[-half:].decode(errors="replace")
    assert output.text() == f"{head}\n[… {len(whole) - 2 * half:,} bytes left out …]\n{tail}"


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff\xfe", "ü".encode()])
def test_any_bytes_are_text(data: bytes) -> None:
    output = BoundedOutput(100)
    output.add(data)
    assert output.text() == data.decode(errors="replace")
