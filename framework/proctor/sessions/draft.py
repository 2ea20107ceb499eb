"""Drafts: what a root session is to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.session import AgentChoice, ExecutionMode, Limits


@dataclass(frozen=True, slots=True)
class Draft:
    """What a root session is to be."""

    workflow: str
    subject: JsonObject
    agent: AgentChoice = AgentChoice()
    limits: Limits = Limits()
    execution_mode: ExecutionMode = "auto"
    options: Mapping[str, JsonObject] = field(default_factory=dict)
    """Step's full name -> its options."""
    defaults: JsonObject = EMPTY
    """What a step gets for each of its options that has such a name and is not set."""
    wishes: JsonObject = EMPTY
    """The same, whatever is set: what the caller named."""
    plugins: tuple[str, ...] | None = None
    """Distributions whose steps take part in it; all that are installed unless named."""
    fingerprint: str | None = None
    state: JsonObject = EMPTY
