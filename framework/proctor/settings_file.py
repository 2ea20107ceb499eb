"""Where the user's settings are. Finding that out costs nothing; reading them takes a library along."""

import os
from pathlib import Path

import platformdirs

PREFIX = "PROCTOR_"


def settings_file() -> Path:
    """Give the place of the user's settings: `PROCTOR_CONFIG`, or config.toml in the user's configuration folder."""
    named = os.environ.get(f"{PREFIX}CONFIG")
    return Path(named) if named else platformdirs.user_config_path("proctor") / "config.toml"


def all_is_default() -> bool:
    """Tell whether the user has set nothing at all, in no file and by no variable: then nothing needs to be read."""
    return not (settings_file().exists() or any(name.upper().startswith(PREFIX) for name in os.environ))
