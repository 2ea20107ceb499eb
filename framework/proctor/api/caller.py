"""On whose behalf, and with which rights, an operation is executed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from proctor.api.act import Act
from proctor.app import App
from proctor.domain.scope import Scope
from proctor.errors import NoSuchPath

Role = Literal["viewer", "operator", "admin"]
"""A viewer reads; an operator also starts, submits, cancels and creates. To the API an admin is no more than that."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The context of every resolver."""

    app: App
    scope: Scope
    role: Role
    request_id: str
    repositories: tuple[Path, ...] | None = None
    """Folders about whose repositories sessions may be created; None is anywhere."""
    acts: list[Act] = field(default_factory=list, compare=False)
    """What the mutations of this operation did so far, for the audit."""

    @property
    def may_write(self) -> bool:
        """Tell whether mutations are open to this caller."""
        return self.role != "viewer"

    def may_create(self, path: str) -> bool:
        """Tell whether sessions may be created about what lies at a path. Raises NoSuchPath if nothing can."""
        if self.repositories is None:
            return True
        try:
            place = Path(path).resolve()
        except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a NUL in it
            raise NoSuchPath(path=path, base="HEAD") from error
        return any(place.is_relative_to(folder.resolve()) for folder in self.repositories)
