"""Connections: long lists in pages, after Relay's specification. A page goes on at a key, never at an offset."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import strawberry

from proctor.api.errors import invalid_argument

LARGEST, USUAL = 100, 20

First = Annotated[int | None, strawberry.argument(description="How many entries to give, from 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Go on behind the entry with this cursor.")]

T = TypeVar("T")
Place = TypeVar("Place")


@strawberry.type
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool
    """There is more behind this page."""
    has_previous_page: bool
    """There is more in front of this page."""
    start_cursor: str | None
    """The cursor of the page's first entry."""
    end_cursor: str | None
    """The cursor of the page's last entry: `after` it, the next page begins."""


# The fields of these two are described at once: each use copies them before `describe` comes.


@strawberry.type(description="An entry of a list, and its place in it.")
class Edge(Generic[T]):
    """An entry of a list, and its place in it."""

    cursor: str = strawberry.field(description="The place. It stays valid whatever happens to the list.")
    node: T = strawberry.field(description="The entry.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """A page of a list."""

    edges: list[Edge[T]] = strawberry.field(description="The entries with their places.")
    nodes: list[T] = strawberry.field(description="The entries alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in its list.")


def page(
    nodes: Sequence[T], cursor: Callable[[T], str], *, has_next: bool, has_previous: bool = False
) -> Connection[T]:
    """Make a page of these entries."""
    edges = [Edge(cursor=cursor(node), node=node) for node in nodes]
    info = PageInfo(
        has_next_page=has_next,
        has_previous_page=has_previous,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, nodes=list(nodes), page_info=info)


def checked(count: int | None, name: str = "first") -> int:
    """Check the size of a page."""
    if count is None:
        return USUAL
    if not 1 <= count <= LARGEST:
        raise invalid_argument(name, f"{count} is not from 1 to {LARGEST}.")
    return count


def placed(cursor: str | None, read: Callable[[str], Place | None], name: str = "after") -> Place | None:
    """Read a cursor, if there is one."""
    if cursor is None:
        return None
    place = read(cursor)
    if place is None:
        raise invalid_argument(name, "it is no cursor of this list. Take it from the list's edges, as it is.")
    return place
