"""What every plugin's model of options, arguments or data has to be."""

from pydantic import BaseModel, ValidationError

from proctor.contracts.answers import size
from proctor.domain.json import JsonObject


def check_options(model: type[BaseModel], given: JsonObject) -> BaseModel:
    """See that options can be read, written down as JSON and read again, as pinning does; give what was read."""
    check_schema(model)
    try:
        first = model.model_validate(given)
    except ValidationError as error:
        missing = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise AssertionError(f"{model.__name__} refuses {dict(given)}, because of: {missing}.") from error
    try:
        written = first.model_dump(mode="json")
        size(written)
        again = model.model_validate(written)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{model.__name__} cannot be kept as JSON: {error}") from error
    assert again == first, f"{model.__name__} is {first!r}, and {again!r} once it was kept as JSON."
    return first


def check_schema(model: type[BaseModel]) -> None:
    """See that a model can be shown to others."""
    try:
        model.model_json_schema()
    except Exception as error:
        raise AssertionError(f"{model.__name__} has no JSON schema: {error}") from error
