"""On whose behalf, and with which rights, an operation is executed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from proctor.app import App
from proctor.domain.scope import Scope

Role = Literal["viewer", "operator", "admin"]
"""A viewer reads; an operator also starts, submits, cancels and creates; an admin also manages tokens."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The context of every resolver."""

    app: App
    scope: Scope
    role: Role
    request_id: str
    repositories: tuple[Path, ...] | None = None
    """Folders about whose repositories sessions may be created; None is anywhere."""

    @property
    def may_write(self) -> bool:
        """Tell whether mutations are open to this caller."""
        return self.role != "viewer"

    def may_create(self, path: str) -> bool:
        """Tell whether sessions may be created about what lies at a path."""
        if self.repositories is None:
            return True
        place = Path(path).resolve()
        return any(place.is_relative_to(folder.resolve()) for folder in self.repositories)
