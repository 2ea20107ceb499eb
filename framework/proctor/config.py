"""The user's settings: a TOML file of one's own, `PROCTOR_*` variables, and flags, the later ones winning.

Whatever makes something run (agents, interpreters, environment, plugins) comes from here and never from the
repository under test.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from proctor.domain.json import JsonObject
from proctor.domain.session import Limits
from proctor.errors import InvalidSetting
from proctor.settings_file import PREFIX, settings_file


class AgentSettings(BaseModel):
    """One agent of the user's own, `[agents.NAME]`: which plugin drives it, and that plugin's options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    plugin: str = "command"
    """Name in the entry-point group `proctor.agents`."""

    def options(self) -> JsonObject:
        """Give what is meant for the plugin."""
        return self.model_extra or {}


class LimitSettings(BaseModel):
    """`[limits]`: what a session, and a whole run, may spend; see the reference of limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repeats: int = Field(5, ge=1)
    """Repeats of one step in a row."""
    same_failure: int = Field(3, ge=1)
    """The same step failing in a row with the same status and message."""
    fixes: int = Field(3, ge=0)
    """Rounds in which an agent is asked to repair; 0: what is bad is dropped at once."""
    attempts: int = Field(2, ge=1)
    """Sessions for one component, the first counted."""
    abandoned: int = Field(3, ge=1)
    """Times in a row that the process of a step was lost."""
    interactions: int = Field(60, ge=1)
    """Interactions in all."""
    seconds: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Whole run: time in which somebody drives it, or a client executes something for it; else it stands still."""
    tokens: int | None = Field(None, ge=1)
    """Whole run: tokens that agents read and write."""
    money: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Whole run: what agents cost, in US dollars."""
    sessions: int = Field(2000, ge=1)
    """Whole run: sessions, retries counted."""

    def limits(self) -> Limits:
        """Give the domain's value."""
        return Limits(**self.model_dump())


class PluginSettings(BaseModel):
    """`[plugins]`: which of those that are installed take part, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    only: list[str] | None = None
    """Distributions whose plugins may load; Proctor's own always do. All that are installed unless named."""
    isolate: bool = False
    """Ask the steps of other distributions in a process of their own."""
    seconds: float = Field(30.0, gt=0, le=3600)
    """Time in which a step has to make a command or to judge a result."""


class ProjectSettings(BaseModel):
    """`[projects."…"]`: what holds for one repository, in place of what holds for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    plugins: list[str] | None = None
    """Distributions whose steps take part in its sessions, in place of `plugins.only`."""
    steps: dict[str, dict[str, JsonValue]] = {}
    """Options of steps, over those that hold for all."""


Days = Annotated[int, Field(ge=1, le=36_500)] | Literal["forever"]


class RetentionSettings(BaseModel):
    """`[retention]`: for how many days what is over is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    events: Days = 30
    """The events of a tree, counted from its end."""
    sessions: Days = 90
    """A tree with all that belongs to it, counted from its end."""
    audit: Days = 365
    """The audit of the API."""
    clones: Days = 30
    """A cache repository, counted from when one of its bases was used last."""
    daily: bool = True
    """Forget by itself, once a day while a run or a server is at work; else only `proctor sessions prune` does."""


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    database: str | None = None
    """`sqlite:///` and an absolute path, or a plain path; `proctor.db` in the user's state folder unless named."""
    workflow: str = "context_testing"
    """What a session does: another plugin's workflow, say."""
    agent: str = "builtin"
    """Who writes the tests."""
    jobs: int = Field(default_factory=lambda: min(8, os.cpu_count() or 1), ge=1, le=1000)
    """Commands that run at once; as many as there are CPUs, at most 8, unless named."""
    python: str | None = None
    """Target interpreter, which runs the tests; the first that starts unless named."""
    agents: dict[str, AgentSettings] = {}
    """Agents of your own, `[agents.NAME]`, each with its plugin and the options of that."""
    environment: list[str] = []
    """Names of further variables that processes may see, the tests' own too."""
    plugins: PluginSettings = PluginSettings()
    """Which plugins take part, and how."""
    steps: dict[str, dict[str, JsonValue]] = {}
    """Options of steps, by full name, `[steps."component_testing.run_tests"]`."""
    limits: LimitSettings = LimitSettings()
    """What a session, and a whole run, may spend."""
    retention: RetentionSettings = RetentionSettings()
    """For how many days what is over is kept."""
    projects: dict[Path, ProjectSettings] = {}
    """What holds for one repository, by its top folder, `[projects."/home/me/shop"]`."""
    api: object = None
    """The settings of `proctor serve`, `[api]`; the commands that serve read them."""
    token: object = None
    """The local server's token, with 16 characters or more; made at random unless given."""
    keep: bool = False
    """Keep the work folders of commands below `kept` in the cache folder, as long as their session is kept."""
    cache: Path = Field(default_factory=lambda: platformdirs.user_cache_path("proctor"))
    """Folder for work folders and copies of repositories, the user's cache folder unless named. It may be deleted when
    nothing runs."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 # no .env: a repository may bring one
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 # see above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let flags win over the environment, and that over the user's file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _readable_file())

    def may_load(self) -> list[str] | None:
        """Name the distributions whose plugins load: those that are wanted for any repository."""
        if self.plugins.only is None:
            return None
        return [*self.plugins.only, *(name for each in self.projects.values() for name in each.plugins or ())]

    def project(self, repository: Path) -> ProjectSettings:
        """Give what holds for one repository, with what holds for all filled in."""
        own = {path.expanduser().resolve(): each for path, each in self.projects.items()}.get(repository.resolve())
        own = own or ProjectSettings()
        steps = {name: {**self.steps.get(name, {}), **own.steps.get(name, {})} for name in self.steps | own.steps}
        return ProjectSettings(plugins=self.plugins.only if own.plugins is None else own.plugins, steps=steps)

    def database_url(self) -> str:
        """Give the database that is meant."""
        return self.database or f"sqlite:///{platformdirs.user_state_path('proctor') / 'proctor.db'}"


def _readable_file() -> Path:
    """Give the settings' place. Raises InvalidSetting if the user named a file that is not there."""
    file = settings_file()
    if os.environ.get("PROCTOR_CONFIG") and not (file.is_file() or file == Path(os.devnull)):
        raise InvalidSetting(reason=f"there is no file {file}", where="PROCTOR_CONFIG")
    return file


def load(**flags: object) -> Settings:
    """Read the settings; flags that are None do not count. Raises InvalidSetting."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InvalidSetting(reason=f"{name}: {first['msg']}", where=_place(first["loc"], flags)) from error
    except ValueError as error:
        raise InvalidSetting(reason=error, where=settings_file()) from error


def _place(setting: tuple[int | str, ...], flags: Mapping[str, object]) -> str:
    """Say where a setting was made, the strongest place first."""
    if not setting:
        return str(settings_file())
    if flags.get(str(setting[0])) is not None:
        return f"--{str(setting[0]).replace('_', '-')}"
    prefix = f"{PREFIX}{setting[0]}".upper()
    named = sorted(name for name in os.environ if name.upper() == prefix or name.upper().startswith(f"{prefix}__"))
    return named[0] if named else str(settings_file())
