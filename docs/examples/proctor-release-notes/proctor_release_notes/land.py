"""Commits the changelog on a branch of its own."""

from pydantic import BaseModel, ConfigDict

from proctor import ERROR, OK, Command, Context, Outcome, Result, Scope, Session, Step, Workspace
from proctor_release_notes.memory import recall


class LandOptions(BaseModel):
    """Where the notes land, and in whose name.

    Proctor fills in options of these names: `branch` is what `--branch` says, the author is git's `user.name`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    branch: str | None = None
    """None: release-notes, or, if that is taken, release-notes-2, -3, …"""
    author_name: str = ""
    author_email: str = ""


class Land(Step):
    """Hands the file over. The user's checkout is never touched; whoever wants the commit merges the branch."""

    name = "land"
    workflow = "release_notes"
    Options = LandOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Land what was approved. The date is the session's, so that landing again gives the same commit."""
        assert isinstance(options, LandOptions)
        subject = Context.from_json(session.subject)
        return Command(
            "land",
            {
                "title": f"Add release notes for {subject.name}",
                "branch": options.branch or "release-notes",
                "explicit_branch": options.branch is not None,
                "author_name": options.author_name,
                "author_email": options.author_email,
                "date": session.created_at,
            },
            Workspace(subject.repository, subject.base, recall(session).files),
        )

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Say where it landed. What must not land will not the next time either."""
        if result.status == ERROR:
            return Outcome(result, session_status="failed")
        if result.status != OK:
            return Outcome(result)
        return Outcome(result, product={name: result.data.get(name) for name in ("branch", "commit", "files")})
