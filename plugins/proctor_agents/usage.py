"""What a command line tells of the tokens and the money that it consumed.

It writes them to the file that $PROCTOR_USAGE names, or prints them in a format that is named after its program:

    claude-code   the message of the type `result` of `claude -p --output-format json` or `stream-json`. `modelUsage`
                  has every model that was asked; what a cache gave or took is not in `inputTokens`, but beside it.
    codex         the event `turn.completed` of `codex exec --json`. `usage` counts from the beginning of the thread;
                  what a cache gave is in `input_tokens`. Of money it tells nothing.

Both restate what they told before, so the last one counts.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from proctor import Usage

Format = Literal["claude-code", "codex"]
Tokens = Annotated[int, Field(ge=0, le=10**12)]
Dollars = Annotated[float, Field(ge=0, le=10**6, allow_inf_nan=False)]
"""More than one task can consume: whoever tells so is mistaken."""


class Told(BaseModel):
    """What the file that $PROCTOR_USAGE names holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_tokens: Tokens = 0
    output_tokens: Tokens = 0
    cost_usd: Dollars = 0.0


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    input_tokens: Tokens = 0
    cache_read_input_tokens: Tokens = 0
    cache_creation_input_tokens: Tokens = 0
    output_tokens: Tokens = 0

    def read(self) -> int:
        return self.input_tokens + self.cache_read_input_tokens + self.cache_creation_input_tokens


class _ClaudeResult(BaseModel):
    model_config = ConfigDict(frozen=True)

    type: Literal["result"]
    total_cost_usd: Dollars
    models: dict[str, _Model] = Field(alias="modelUsage")


class _CodexTokens(BaseModel):
    model_config = ConfigDict(frozen=True)

    input_tokens: Tokens
    output_tokens: Tokens


class _CodexTurn(BaseModel):
    model_config = ConfigDict(frozen=True)

    type: Literal["turn.completed"]
    usage: _CodexTokens


Line = TypeVar("Line", bound=BaseModel)


def written(text: str) -> Usage | None:
    """Read what was written to $PROCTOR_USAGE; None if that is nothing. Raises ValueError, with a reason for people."""
    if not text.strip():
        return None
    try:
        told = Told.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(": ".join([*map(str, first["loc"]), first["msg"]])[:300]) from error
    return Usage(told.input_tokens, told.output_tokens, told.cost_usd)


def printed(output: str, form: Format) -> Usage | None:
    """Find it in what was printed; None if it is not there."""
    return _READERS[form](output)


def _of_claude(output: str) -> Usage | None:
    if (result := _last(output, _ClaudeResult)) is None:
        return None
    models = result.models.values()
    return Usage(sum(map(_Model.read, models)), sum(each.output_tokens for each in models), result.total_cost_usd)


def _of_codex(output: str) -> Usage | None:
    turn = _last(output, _CodexTurn)
    return Usage(turn.usage.input_tokens, turn.usage.output_tokens) if turn else None


def _last(output: str, kind: type[Line]) -> Line | None:
    """Give the last line that is of this kind."""
    for line in reversed(output.split("\n")):
        with suppress(ValidationError):
            return kind.model_validate_json(line)
    return None


_READERS: Mapping[Format, Callable[[str], Usage | None]] = {"claude-code": _of_claude, "codex": _of_codex}
