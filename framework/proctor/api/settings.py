"""The settings of the server: `[api]` in the user's file, `PROCTOR_API__*` variables, and flags."""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proctor.api.limits import Limits
from proctor.config import Settings, settings_file
from proctor.errors import InvalidSetting

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures whose check needs no secret; none and the HMAC family are not among them on purpose."""


class JwtSettings(BaseModel):
    """`[api.jwt]`: whose signed tokens are accepted on a shared server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    audience: str
    jwks: str
    """URL or path of the issuer's public keys."""
    algorithms: list[Algorithm] = Field(default=["RS256"], min_length=1)
    leeway: float = Field(30.0, ge=0, le=300)
    """Seconds by which clocks may differ."""
    role_claim: str = "proctor_role"
    account_claim: str = "proctor_account"
    project_claim: str = "proctor_project"


class ApiSettings(BaseModel):
    """`[api]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_file: Path = Field(default_factory=lambda: platformdirs.user_state_path("proctor") / "token")
    """Where the local server's token lies."""
    hosts: list[str] = []
    """Names under which the server is reached, beside those of this machine's loopback."""
    origins: list[str] = []
    """Web pages' origins that may use it, such as http://localhost:5173, beside its own."""
    repositories: list[Path] = []
    """A shared server makes sessions only for repositories that are one of these folders or lie in one."""
    jwt: JwtSettings | None = None
    drain: int = Field(20, ge=0)
    """Seconds that requests under way get to end when the server is told to stop."""
    keep_alive: float = Field(15.0, gt=0)
    """Seconds between signs of life on a silent event stream."""
    limits: Limits = Limits()


class ServerSettings(Settings):
    """Everything that can be set for a server."""

    token: str | None = Field(None, min_length=16)
    """The local server's token, `PROCTOR_TOKEN`; made at random and kept in a file unless given."""
    api: ApiSettings = ApiSettings()


def load(**flags: object) -> ServerSettings:
    """Read the settings; flags that are None do not count. Raises InvalidSetting."""
    try:
        return ServerSettings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type] # pydantic checks them
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InvalidSetting(reason=f"{name}: {first['msg']}", where=settings_file()) from error
    except ValueError as error:
        raise InvalidSetting(reason=error, where=settings_file()) from error
