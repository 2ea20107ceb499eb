"""Where to look for the target interpreter."""

import sys
from collections.abc import Mapping
from pathlib import Path


def interpreters(environment: Mapping[str, str], repository: Path, explicit: str | None = None) -> list[str]:
    """Return candidates in order: explicit, PROCTOR_PYTHON, VIRTUAL_ENV, the repository's .venv and venv, our own.

    One that the user named is the only candidate: another in its place would be a surprise.
    """
    named = explicit or environment.get("PROCTOR_PYTHON")
    if named:
        return [str(Path(named).expanduser().absolute()) if "/" in named else named]
    homes = [Path(environment["VIRTUAL_ENV"])] if environment.get("VIRTUAL_ENV") else []
    homes += [repository / ".venv", repository / "venv"]
    return [*(str(home / "bin" / "python") for home in homes), sys.executable]
