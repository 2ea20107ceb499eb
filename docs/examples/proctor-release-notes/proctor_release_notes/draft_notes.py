"""Writes the section, and the changelog with it."""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from proctor import OK, Command, Context, Outcome, Result, Scope, Session, Step, Workspace
from proctor_release_notes.memory import Collected, fault, recall

PROGRAM = """\
import sys
from pathlib import Path

changelog, section = Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8")
text = changelog.read_text(encoding="utf-8") if changelog.exists() else "# Changelog\\n"
head, heading, tail = text.partition("\\n## ")
changelog.write_text(f"{head.rstrip()}\\n\\n{section.strip()}\\n{heading}{tail}", encoding="utf-8")
"""
SECONDS = 60.0


class DraftOptions(BaseModel):
    """Where the notes go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    changelog: str = "CHANGELOG.md"
    heading: str = "Unreleased"


class DraftNotes(Step):
    """Puts the section in front of the older ones, and brings the file back: so it becomes a blob that can land."""

    name = "draft_notes"
    workflow = "release_notes"
    Options = DraftOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Write it in a workspace at the session's commit."""
        assert isinstance(options, DraftOptions)
        subject = Context.from_json(session.subject)
        return Command(
            "process",
            {
                "argv": ["{proctor_python}", "{inputs}/write.py", options.changelog, "{inputs}/section.md"],
                "inputs": {"write.py": PROGRAM, "section.md": _section(session, options)},
                "collect": [options.changelog],
                "seconds": SECONDS,
            },
            Workspace(subject.repository, subject.base),
        )

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Keep the file and the text."""
        assert isinstance(options, DraftOptions)
        if result.status != OK or options.changelog not in result.files:
            return fault(result)
        kept = {path: blob for path, blob in result.files.items() if path == options.changelog}
        return Outcome(replace(result, error_message=None), {"files": kept, "notes": _section(session, options)})


def _section(session: Session, options: DraftOptions) -> str:
    """Give the text that is wanted, or else a line for each commit."""
    memory = recall(session)
    lines = memory.wanted or _lines(memory.collected)
    return f"## {options.heading}\n\n{lines.strip()}\n"


def _lines(collected: Collected | None) -> str:
    return "\n".join(f"- {commit.subject} ({commit.id[:10]})" for commit in (collected.commits if collected else ()))
