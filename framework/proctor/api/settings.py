"""The settings of the server: `[api]` in the user's file, `PROCTOR_API__*` variables, and flags."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import SettingsError

from proctor.api.limits import Limits
from proctor.config import Settings
from proctor.errors import InvalidSetting
from proctor.settings_file import settings_file

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures whose check needs no secret; none and the HMAC family are not among them on purpose."""


class JwtSettings(BaseModel):
    """`[api.jwt]`: whose signed tokens are accepted on a shared server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    """Who signs."""
    audience: str
    """For whom."""
    jwks: str
    """URL or path of the issuer's public keys."""
    algorithms: list[Algorithm] = Field(default=["RS256"], min_length=1)
    """Signatures that are accepted; their check needs no secret."""
    leeway: float = Field(30.0, ge=0, le=300)
    """Seconds by which clocks may differ."""
    role_claim: str = "proctor_role"
    """Claim with the role."""
    account_claim: str = "proctor_account"
    """Claim with the account."""
    project_claim: str = "proctor_project"
    """Claim with the project."""


class ApiSettings(BaseModel):
    """`[api]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_file: Path = Field(default_factory=lambda: platformdirs.user_state_path("proctor") / "token")
    """Where the local token lies; `token` in the user's state folder unless named."""
    hosts: list[str] = []
    """Names under which the server is reached, beside those of this machine's loopback."""
    origins: list[str] = []
    """Web pages' origins that may use it, such as http://localhost:5173, beside its own."""
    repositories: list[Path] = []
    """A shared server makes sessions only for repositories that are one of these folders or lie in one."""
    jwt: JwtSettings | None = None
    """Whose signed tokens a shared server accepts."""
    drain: int = Field(20, ge=0)
    """Seconds that requests under way get to end when the server is told to stop."""
    keep_alive: float = Field(15.0, gt=0)
    """Seconds between signs of life on a silent event stream."""
    limits: Limits = Limits()
    """How much one caller may ask."""


def _sendable(token: str) -> str:
    if not all("!" <= character <= "~" for character in token):
        raise ValueError("a token has printable ASCII characters alone, and no blanks: else no client could send it")
    return token


class ServerSettings(Settings):
    """Everything that can be set for a server."""

    token: Annotated[str, Field(min_length=16, max_length=8192), AfterValidator(_sendable)] | None = None
    """The local server's token, `PROCTOR_TOKEN`; made at random and kept in a file unless given."""
    api: ApiSettings = ApiSettings()


def load(**flags: object) -> ServerSettings:
    """Read the settings; flags that are None do not count. Raises InvalidSetting."""
    try:
        return ServerSettings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type] # pydantic checks them
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InvalidSetting(reason=f"{name}: {first['msg']}", where=_place(first["loc"], flags)) from error
    except SettingsError as error:
        where = "the PROCTOR_ variables, in which lists and tables are JSON,"
        raise InvalidSetting(reason=error, where=where) from error
    except ValueError as error:
        raise InvalidSetting(reason=error, where=settings_file()) from error


def _place(setting: Sequence[int | str], flags: Mapping[str, object]) -> str:
    """Say where a setting was made: by a flag, in a variable of its own or of what it is part of, or in the file."""
    names = [str(part) for part in setting]
    if names and flags.get(names[0]) is not None:
        return f"--{names[0].replace('_', '-')}"
    variables = {name.upper(): name for name in os.environ}
    for length in range(len(names), 0, -1):
        if found := variables.get(f"PROCTOR_{'__'.join(names[:length])}".upper()):
            return found
    return str(settings_file())
