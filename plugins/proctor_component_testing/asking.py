"""What both steps that ask an agent share."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from proctor import Command, Finding, Json, Outcome, Result, Session
from proctor_component_testing.state import Memory, component, recall


class AskOptions(BaseModel):
    """How long an agent may take for one task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: float = Field(1800.0, gt=0)
    """Time for the agent."""


def agent_command(session: Session, options: AskOptions, text: str, findings: Sequence[Finding] = ()) -> Command:
    """Give the command that asks the session's agent."""
    memory = recall(session)
    return Command(
        "agent",
        {
            "agent": session.agent.name,
            "text": text,
            "component": component(session).to_json(),
            "target": memory.target,
            "may_write": memory.may_write,
            "findings": [finding.to_json() for finding in findings],
            "previous": memory.previous,
            "conversation_id": memory.conversation_id,
            "environment": {"PROCTOR_PYTHON": memory.python.executable},
            "seconds": options.seconds,
        },
        workspace=memory.workspace,
    )


def answered(session: Session, result: Result, status: str, state: dict[str, Json] | None = None) -> Outcome:
    """Take over the files that the agent wrote, and what it said."""
    memory, data = recall(session), result.data
    deleted = set(_texts(data.get("deleted")))
    files = {
        path: blob for path, blob in {**memory.files, **_allowed(memory, result.files)}.items() if path not in deleted
    }
    remembered: dict[str, Json] = {
        "files": files,
        "suspected_bugs": _with(memory.suspected_bugs, data.get("suspected_bugs")),
        "conversation_id": data.get("conversation_id") or memory.conversation_id,
        "discarded": list(_texts(data.get("discarded"))),
        "reason": result.error_message or memory.reason,
        **(state or {}),
    }
    return Outcome(replace(result, status=status), remembered)


def _allowed(memory: Memory, files: Mapping[str, str]) -> dict[str, str]:
    """Pass over files that nobody asked for: whoever executed the command may be anybody."""
    target, folder = memory.may_write
    return {path: blob for path, blob in files.items() if path == target or path.startswith(folder)}


def wrote(session: Session, outcome: Outcome) -> bool:
    """Tell whether there is a test file after an answer."""
    files = outcome.state["files"]
    return isinstance(files, Mapping) and recall(session).target in files


def _with(known: Sequence[Mapping[str, JsonValue]], told: Json) -> list[Json]:
    """Give all suspected bugs, each once however often it is told."""
    bugs: list[Json] = list(known)
    for bug in told if isinstance(told, (list, tuple)) else ():
        if isinstance(bug, Mapping) and bug not in bugs:
            bugs.append(bug)
    return bugs


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, (list, tuple)) else ()
