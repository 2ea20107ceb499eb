"""What can be chosen for a plugin that is to be written. It stands alone, for it is needed to say what there is."""

from typing import Literal, get_args

Kind = Literal["step", "workflow", "agent", "executor"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Relation = Literal["after", "before", "replaces", "wraps"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
