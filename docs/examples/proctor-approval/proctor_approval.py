"""A step for Proctor: somebody is asked before the tests land."""

from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from proctor import ERROR, FAULT, OK, ChildSummary, Command, Context, Outcome, Result, Scope, Session, Step


class ApproveOptions(BaseModel):
    """What the question has to name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    branch: str | None = None
    """Proctor gives what `--branch` says to every step with an option of this name."""


class Summary(BaseModel):
    """What the question says of one component; read from what its session produced."""

    tests: int = 0
    dropped: int = 0


class Approve(Step):
    """Waits until somebody answers: `ok`, and the tests land; `error`, and the session fails with their reason.

    It needs no table of its own. `ok` goes on, and a refusal ends the session in the verdict itself. A `fault` says
    that nobody could answer; then the same is asked again.
    """

    name = "approve"
    workflow = "context_testing"
    before = "finalize"
    Options = ApproveOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Ask. Nobody executes a command of the kind `external`: it waits for whoever submits its result."""
        assert isinstance(options, ApproveOptions)
        context, tested = Context.from_json(session.subject), _tested(session)
        branch = options.branch or session.state["branch"]
        tests = sum(_summary(child).tests for child in tested)
        return Command(
            "external",
            {
                "question": f"Shall {_count(tests, 'test')} of {context.name} land on {branch}?",
                "components": [_line(child) for child in tested],
                "answers": {OK: "they land", ERROR: "they do not; errorMessage says why"},
            },
            metadata={"tests": tests, "components": [child.key for child in tested]},
        )

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Go on, or end the session with the reason that was given."""
        if result.status in (OK, FAULT):
            return Outcome(result)
        reason = f"not approved: {result.error_message or 'no reason was given'}"
        return Outcome(replace(result, status=ERROR, error_message=reason), session_status="failed")


def _tested(session: Session) -> list[ChildSummary]:
    """Give the last attempt at each component, if it came to an end."""
    newest = {child.key: child for child in sorted(session.children, key=lambda child: child.attempt)}
    return [child for _, child in sorted(newest.items()) if child.status == "complete"]


def _summary(child: ChildSummary) -> Summary:
    return Summary.model_validate(child.product or {})


def _line(child: ChildSummary) -> str:
    summary = _summary(child)
    dropped = f", {summary.dropped} dropped" if summary.dropped else ""
    return f"{child.key}: {child.outcome}, {_count(summary.tests, 'test')}{dropped}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
