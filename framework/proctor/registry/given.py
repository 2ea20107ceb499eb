"""What the options of steps are made from."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from proctor.domain.json import EMPTY, JsonObject
from proctor.errors import InvalidSetting
from proctor.installed import Plugin
from proctor.registry.loading import asked, broken

Options = Mapping[str, JsonObject]
"""Full name of a step, `<workflow>.<step>` -> its settings."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the options of steps are made from."""

    options: Options
    defaults: JsonObject
    wishes: JsonObject

    def resolved(self, plugin: Plugin, model: type[BaseModel]) -> JsonObject:
        """Give a step's options, checked, with its own defaults filled in. Raises InvalidSetting or PluginBroken."""
        own = self.options.get(plugin.name, EMPTY)
        given = {**self._of(model, self.defaults), **own, **self._of(model, self.wishes)}
        try:
            resolved: JsonObject = asked(
                plugin,
                lambda: model.model_validate(given).model_dump(mode="json"),
                doing="being given its options",
                who="its Options",
                lets=(ValidationError,),
            )
        except ValidationError as error:
            if not own:
                raise broken(plugin, f"it refuses {_faults(error)}") from error
            where = f"the options of {plugin.name}, a step of {plugin.distribution} {plugin.version},"
            raise InvalidSetting(reason=_faults(error), where=where) from error
        return resolved

    def _of(self, model: type[BaseModel], values: JsonObject) -> JsonObject:
        return {name: value for name, value in values.items() if name in model.model_fields}


def _faults(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
