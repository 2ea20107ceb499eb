"""Asks somebody whether the notes may land."""

from dataclasses import replace

from pydantic import BaseModel

from proctor import ERROR, FAULT, NEXT, OK, SELF, Command, NoOptions, Outcome, Result, Scope, Session, Step
from proctor_release_notes.memory import recall


class Approve(Step):
    """Waits for an answer: `ok`; or `error`, with another text in `data.notes`, or with a reason and the end."""

    name = "approve"
    workflow = "release_notes"
    transitions = {OK: NEXT, ERROR: "draft_notes", FAULT: SELF}
    Options = NoOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Show the text."""
        answers = {OK: "they land", ERROR: "data.notes is drafted in their place; without it, all ends here"}
        notes = recall(session).notes
        return Command("external", {"question": "Shall these release notes land?", "notes": notes, "answers": answers})

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Go on, go back, or end."""
        if result.status in (OK, FAULT):
            return Outcome(result)
        notes = result.data.get("notes")
        if isinstance(notes, str) and notes.strip():
            return Outcome(replace(result, status=ERROR, error_message="another text is wanted"), {"wanted": notes})
        reason = f"not approved: {result.error_message or 'no reason was given'}"
        return Outcome(replace(result, status=ERROR, error_message=reason), session_status="failed")
