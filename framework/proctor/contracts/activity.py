"""What happens while a command is carried out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor.domain.json import EMPTY, JsonObject

ActivityKind: TypeAlias = Literal["activity", "output"]


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happens while a command is carried out: a line of output, an agent's message or tool call."""

    kind: ActivityKind
    """`output`: a piece of what a process printed. `activity`: anything else."""
    text: str
    data: JsonObject = EMPTY
    """More on it, for programs."""


Emit = Callable[[Activity], None]
"""Never blocks; too much of it is dropped and counted."""
