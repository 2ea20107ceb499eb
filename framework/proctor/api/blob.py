"""Stored files: what commands bring back and workspaces are laid out with."""

import base64
import codecs
from collections.abc import Mapping
from typing import Annotated

import strawberry

from proctor.api.caller import Caller
from proctor.api.errors import invalid_argument
from proctor.api.node import Info
from proctor.app.order import carried_along
from proctor.domain.head import Head
from proctor.errors import BlobMissing

LARGEST_PIECE = 256 * 1024

Offset = Annotated[int, strawberry.argument(description="Where the piece begins, in bytes.")]
Length = Annotated[int, strawberry.argument(description="How long it may be, in bytes, up to 262144.")]


@strawberry.type
class BlobPiece:
    """A part of a stored file."""

    offset: int
    """Where it begins, in bytes."""
    next_offset: int | None
    """Where the next piece begins; null at the end of the file."""
    text: str
    """The part as text. No character is cut in two; what is no UTF-8 is shown as U+FFFD."""
    base64: str
    """The same bytes in base64, for files that are no text."""


@strawberry.type
class Blob:
    """A stored file's content."""

    data: strawberry.Private[bytes]
    digest: str
    """Its sha256, in hex digits."""
    size: int
    """Its length in bytes."""

    @strawberry.field
    def piece(self, offset: Offset = 0, length: Length = 65536) -> BlobPiece:
        """Give a part of it. Begin at 0 and go on at `nextOffset`."""
        if not 0 <= offset <= self.size:
            raise invalid_argument("offset", f"{offset} is not from 0 to {self.size}, the size of the file.")
        if not 1 <= length <= LARGEST_PIECE:
            raise invalid_argument("length", f"{length} is not from 1 to {LARGEST_PIECE}.")
        return piece(self.data, offset, length)


@strawberry.type
class File:
    """A file of a workspace or of a result."""

    path: str
    """Relative to the repository's top, with forward slashes."""
    digest: str
    """The sha256 of its content, in hex digits."""

    @strawberry.field
    async def blob(self, info: Info) -> Blob | None:
        """Give its content; null if that is no longer kept."""
        return await load(info, self.digest)


async def carried_in(caller: Caller, head: Head) -> Mapping[str, str]:
    """Give what lies under every workspace of a session's tree: its root says so, and nobody else."""
    root = head if head.id == head.birth.root else await caller.app.sessions.head(caller.scope, head.birth.root)
    return carried_along(root.birth.subject)


async def load(info: Info, digest: str) -> Blob | None:
    """Read a stored file. Only for digests that a visible session names: blobs themselves belong to nobody."""
    try:
        data = await info.context.app.store.get(digest)
    except BlobMissing:
        return None
    return Blob(data=data, digest=digest, size=len(data))


def piece(data: bytes, offset: int, length: int) -> BlobPiece:
    """Cut a piece that ends with a whole character, if a whole one fits at all."""
    part = data[offset : offset + length]
    if offset + len(part) < len(data):
        part = part[: _whole(part)] or part
    end = offset + len(part)
    return BlobPiece(
        offset=offset,
        next_offset=end if end < len(data) else None,
        text=part.decode(errors="replace"),
        base64=base64.b64encode(part).decode(),
    )


def _whole(part: bytes) -> int:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(part)
    return len(part) - len(decoder.getstate()[0])
