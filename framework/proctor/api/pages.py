"""Connections: long lists in pages, after Relay's specification. A page goes on at a key, never at an offset."""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import strawberry
from graphql import GraphQLArgument, GraphQLInterfaceType, GraphQLObjectType

from proctor.api.errors import invalid_argument
from proctor.api.limits import PAGES

USUAL = 20

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

    nodes: list[T] = strawberry.field(description="The entries alone.")
    cursor_of: strawberry.Private[Callable[[T], str]]
    has_next: strawberry.Private[bool]
    has_previous: strawberry.Private[bool]

    @strawberry.field(description="The entries with their places.")  # type: ignore[untyped-decorator] # T stays open
    def edges(self) -> list[Edge[T]]:
        """Make the entries with their places."""
        return [Edge(cursor=self.cursor_of(node), node=node) for node in self.nodes]

    @strawberry.field(description="Where the page stands in its list.")  # type: ignore[untyped-decorator] # as above
    def page_info(self) -> PageInfo:
        """Say where the page stands."""
        return PageInfo(
            has_next_page=self.has_next,
            has_previous_page=self.has_previous,
            start_cursor=self.cursor_of(self.nodes[0]) if self.nodes else None,
            end_cursor=self.cursor_of(self.nodes[-1]) if self.nodes else None,
        )


def page(
    nodes: Sequence[T], cursor: Callable[[T], str], *, has_next: bool, has_previous: bool = False
) -> Connection[T]:
    """Make a page of these entries."""
    return Connection(nodes=list(nodes), cursor_of=cursor, has_next=has_next, has_previous=has_previous)


def checked(count: int | None, name: str = "first") -> int:
    """Check the size of a page. That it is not too large is seen to before: `check_cost` knows the server's limit."""
    if count is None:
        return USUAL
    if count < 1:
        raise invalid_argument(name, f"{count} is less than 1.")
    return count


def bound_pages(schema: strawberry.Schema, longest: int) -> None:
    """Let the schema say how long a page may be, and let no page be longer for which nothing is asked."""
    for kind in schema._schema.type_map.values():  # noqa: SLF001 # strawberry has no public name for it
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field in kind.fields.values():
                for name in PAGES & field.args.keys():
                    _bound(field.args[name], longest)


def _bound(argument: GraphQLArgument, longest: int) -> None:
    if isinstance(argument.default_value, int):
        argument.default_value = min(argument.default_value, longest)
    argument.description = re.sub(r"to \d+\.$", f"to {longest}.", argument.description or "")


def placed(cursor: str | None, read: Callable[[str], Place | None], name: str = "after") -> Place | None:
    """Read a cursor, if there is one."""
    if cursor is None:
        return None
    place = read(cursor)
    if place is None:
        raise invalid_argument(name, "it is no cursor of this list. Take it from the list's edges, as it is.")
    return place
