"""What can be asked for again by its id alone."""

from datetime import UTC, datetime

import strawberry

from proctor.api.caller import Caller

Info = strawberry.Info[Caller, None]


@strawberry.interface
class Node:
    """Something with an id under which `node` gives it again."""

    id: strawberry.ID
    """Opaque, and unique among all things of this server."""


def moment(seconds: float) -> datetime:
    """Give a point in time as the schema shows it."""
    return datetime.fromtimestamp(seconds, UTC)


def maybe_moment(seconds: float | None) -> datetime | None:
    """Give a point in time, if there is one."""
    return None if seconds is None else moment(seconds)
