"""Lands the proven tests of all components as one commit on a branch."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proctor import ERROR, OK, ChildSummary, Command, Json, JsonObject, Outcome, Result, Scope, Session, Step, Workspace
from proctor_context_testing.report import body, components, title
from proctor_context_testing.spawn_component_testing_sessions import newest_attempts
from proctor_context_testing.state import context, recall
from proctor_python import program
from proctor_python.verify import Arguments, Verify

SPARE_S = 60.0


class FinalizeOptions(BaseModel):
    """Where the tests land, and in whose name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    branch: str | None = None
    """None: a name made from the context's, with -2, -3, … if it is taken."""
    author_name: str = ""
    author_email: str = ""
    seconds: float = Field(600.0, gt=0)
    """For verifying: the existing suite together with the new tests."""
    test_seconds: float = Field(60.0, gt=0)


class Finalize(Step):
    """Verifies all new tests together with the existing suite, commits what is left, and publishes the branch."""

    name = "finalize"
    workflow = "context_testing"
    Options = FinalizeOptions

    async def get_command(self, scope: Scope, session: Session, options: BaseModel) -> Command:
        """Lay the accepted files over the base commit and land them."""
        assert isinstance(options, FinalizeOptions)
        subject, memory, overlay = context(session), recall(session), _overlay(newest_attempts(session))
        arguments = Arguments(
            target=memory.python,
            ours=tuple(sorted(path for path in overlay if path.endswith(".py"))),
            paths=memory.suite.paths,
            suite=memory.suite.outcomes,
            seconds=options.seconds,
            test_seconds=options.test_seconds,
        )
        return Command(
            "land",
            {
                "verify": {
                    "argv": list(program.argv("verify")),
                    "inputs": program.inputs("verify", arguments),
                    "seconds": options.seconds + SPARE_S,
                },
                "title": title(subject),
                "body": body(session, memory),
                "branch": options.branch or memory.branch,
                "explicit_branch": options.branch is not None,
                "author_name": options.author_name,
                "author_email": options.author_email,
                "date": session.created_at,
            },
            workspace=Workspace(subject.repository, subject.base, overlay),
        )

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Say what landed, or why nothing could."""
        if result.status == ERROR:
            return Outcome(result, session_status="failed")
        if result.status != OK:
            return Outcome(result)
        try:
            verified = Verify.model_validate(result.data["report"])
        except (KeyError, ValidationError) as error:
            return Outcome(replace(result, status="fault", error_message=f"the report cannot be read: {error}"))
        product = _product(session, result, verified)
        return Outcome(
            replace(result, data={**product, "suite": verified.suite.model_dump(mode="json")}), product=product
        )


def _overlay(newest: Mapping[str, ChildSummary]) -> dict[str, str]:
    overlay: dict[str, str] = {}
    for child in newest.values():
        files = (child.product or {}).get("files")
        if child.status == "complete" and isinstance(files, Mapping):
            overlay.update({path: str(blob) for path, blob in files.items()})
    return overlay


def _product(session: Session, result: Result, verified: Verify) -> JsonObject:
    removed: list[Json] = [gone.model_dump(mode="json") for gone in verified.removed]
    return {
        "branch": result.data.get("branch"),
        "commit": result.data.get("commit"),
        "files": result.data.get("files"),
        "tests": len(verified.tests),
        "removed": removed,
        "components": components(session, recall(session)),
    }
