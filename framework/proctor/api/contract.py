"""Compares two schemas: what a change of the contract means for those who use it."""

from dataclasses import dataclass
from typing import Literal

from graphql import build_schema
from graphql.utilities import BreakingChangeType, DangerousChangeType, find_schema_changes

Weight = Literal["breaking", "dangerous", "safe"]
"""Breaking: operations fail. Dangerous: a client may meet what it does not know. Safe: anything else."""
WEIGHTS: tuple[Weight, ...] = ("breaking", "dangerous", "safe")


@dataclass(frozen=True, slots=True)
class Difference:
    """A change of the contract."""

    weight: Weight
    text: str


def differences(agreed: str, current: str) -> list[Difference]:
    """Name what has changed, the worst first. Raises GraphQLError or TypeError if one is no schema."""
    changes = find_schema_changes(build_schema(agreed), build_schema(current))
    found = [Difference(_weight(change.type), change.description) for change in changes]
    if agreed != current and not found:
        found = [Difference("safe", "Only the order or the spacing is another.")]
    return sorted(found, key=lambda difference: WEIGHTS.index(difference.weight))


def _weight(kind: object) -> Weight:
    if isinstance(kind, BreakingChangeType):
        return "breaking"
    return "dangerous" if isinstance(kind, DangerousChangeType) else "safe"
