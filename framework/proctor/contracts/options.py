"""The settings of a plugin that has none."""

from pydantic import BaseModel, ConfigDict


class NoOptions(BaseModel):
    """No settings: naming one is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
