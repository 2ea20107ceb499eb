"""On whose behalf a call is made."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """Account, project and user. Every read and write takes one; a session is visible in its account and project."""

    account: str = "local"
    project: str = "local"
    user: str = "local"
    """Who calls: for the audit, and no border."""
