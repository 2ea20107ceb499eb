"""The child sessions that a command wants: those that exist, and those that are to be made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from proctor.contracts.store import Store
from proctor.domain.budget import Spent, too_many
from proctor.domain.head import Head
from proctor.domain.interaction import ChildSpec, Command
from proctor.domain.scope import Scope


@dataclass(frozen=True, slots=True)
class Brood:
    """The children of a session, as a command of it wants them."""

    parent: Head
    wanted: Sequence[ChildSpec]
    existing: Sequence[Head]
    """By key and attempt."""

    @classmethod
    async def of(cls, store: Store, scope: Scope, parent: Head, command: Command) -> "Brood":
        """Look for what exists, if the command wants any."""
        return cls(parent, command.children, await store.children(scope, parent.id) if command.children else ())

    def refused(self, spent: Spent) -> str | None:
        """Say why there is no room for what is wanted. New attempts may be left out, and nothing else."""
        tried = {child.birth.key for child in self.existing}
        if all(spec.key in tried for spec in self._missing()[self._room(spent) :]):
            return None
        return too_many(self.parent.birth.limits, spent.sessions + len(self._missing()))

    def born(self, spent: Spent, new_id: Callable[[], str], now: float) -> tuple[Head, ...]:
        """Make those that do not exist, as long as there is room."""
        return tuple(self._child(spec, new_id(), now) for spec in self._missing()[: self._room(spent)])

    def named(self, command: Command, born: Sequence[Head]) -> Command:
        """Name them in the command; a new attempt that was left out by the one before it."""
        if not self.wanted:
            return command
        known = {(child.birth.key, child.birth.attempt): child.id for child in (*self.existing, *born)}
        newest = {child.birth.key: child.id for child in self.existing}
        ids = [known.get((spec.key, spec.attempt)) or newest[spec.key] for spec in self.wanted]
        return replace(command, metadata={**command.metadata, "child_session_ids": ids})

    def _missing(self) -> list[ChildSpec]:
        known = {(child.birth.key, child.birth.attempt) for child in self.existing}
        wanted = {(spec.key, spec.attempt): spec for spec in self.wanted}
        return [spec for key, spec in wanted.items() if key not in known]

    def _room(self, spent: Spent) -> int:
        return max(0, self.parent.birth.limits.sessions - spent.sessions)

    def _child(self, spec: ChildSpec, session_id: str, now: float) -> Head:
        birth = replace(
            self.parent.birth,
            id=session_id,
            workflow=spec.workflow,
            created_at=now,
            subject=spec.subject,
            parent=self.parent.id,
            key=spec.key,
            attempt=spec.attempt,
            depth=self.parent.birth.depth + 1,
            priority=spec.priority,
        )
        return Head(birth, state=spec.state, version=1)
