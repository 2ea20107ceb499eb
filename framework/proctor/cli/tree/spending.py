"""What a run has spent, and of how much: fed by its events, as the view of its tree is."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from proctor.cli.tree.product import mapping, whole
from proctor.cli.wording import clock
from proctor.domain.budget import amount
from proctor.domain.event import Event
from proctor.domain.interaction import Usage
from proctor.domain.json import Json, JsonObject


@dataclass(slots=True)
class Spending:
    """What the agents of a tree consumed, as far as they told."""

    usage: Usage | None = None
    """Since its root was created; None while nothing was told."""
    limits: JsonObject = field(default_factory=dict)
    """The budgets of the whole tree that are set: seconds, tokens, money."""
    _before: Usage = field(default_factory=Usage)
    """What was spent when the root was opened again, and counts no more against the limits."""

    def apply(self, event: Event) -> None:
        """Take an event in."""
        if event.kind == "session_created" and event.data.get("parent") is None:
            self.limits = {name: value for name, value in mapping(event.data.get("limits")).items() if value}
        elif event.kind == "interaction_completed" and (usage := reported(event)) is not None:
            self.usage = usage + (self.usage or Usage())

    def begin_anew(self) -> None:
        """Count anew: the root was opened again."""
        self._before = self.usage or Usage()

    def told(self) -> str:
        """Say what was spent, and the limits; empty if there is nothing to say."""
        return " · ".join(self._parts())

    def to_json(self) -> JsonObject:
        """Give the form for machines."""
        return {**asdict(self.usage or Usage()), "limits": dict(self.limits)}

    def _parts(self) -> Iterator[str]:
        usage, money, tokens = self.usage or Usage(), _number(self.limits.get("money")), self.limits.get("tokens")
        if money is not None:
            yield f"{amount(usage.cost_usd - self._before.cost_usd)} of {amount(money)} USD"
        elif usage.cost_usd:
            yield f"{amount(usage.cost_usd)} USD"
        if tokens is not None:
            yield f"{_tokens(usage) - _tokens(self._before):,} of {whole(tokens):,} tokens"
        elif _tokens(usage):
            yield f"{_tokens(usage):,} tokens"
        if (seconds := _number(self.limits.get("seconds"))) is not None:
            yield f"at most {clock(seconds)}"


def reported(event: Event) -> Usage | None:
    """Give what an agent reported to have consumed for the interaction that an event tells of."""
    told = mapping(event.data.get("usage"))
    if not told:
        return None
    cost = _number(told.get("cost_usd")) or 0.0
    return Usage(whole(told.get("input_tokens")), whole(told.get("output_tokens")), cost)


def of_one(usage: Usage) -> str:
    """Say what one turn cost."""
    return Spending(usage).told() or "nothing"


def _tokens(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) else None
