"""Lands the proven tests of all components as one commit on a branch."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proctor import (
    ERROR,
    FAULT,
    OK,
    ChildSummary,
    Command,
    Json,
    JsonObject,
    Outcome,
    Result,
    Scope,
    Session,
    Step,
    Workspace,
)
from proctor_context_testing.report import body, components, title
from proctor_context_testing.spawn_component_testing_sessions import newest_attempts, shortened
from proctor_context_testing.state import context, recall
from proctor_python import program
from proctor_python.verify import Arguments, Verify

SPARE_S = 60.0
REMOVED = 20
"""So many removed tests are named when nothing is left."""
SHARES = {"files": 12 * 1024, "removed": 12 * 1024, "components": 34 * 1024, "notices": 2 * 1024}
"""Bytes of JSON that each list may have in the product, which may have 64 KiB. The result's data has them whole."""


class FinalizeOptions(BaseModel):
    """Where the tests land, and in whose name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    branch: str | None = None
    """Branch to create; made from the context's name, with -2, -3, … if it is taken, unless named."""
    author_name: str = ""
    """Author of the commit; git's `user.name` unless named."""
    author_email: str = ""
    """The same; git's `user.email` unless named."""
    seconds: float = Field(600.0, gt=0)
    """Time for the existing and the new tests together."""
    test_seconds: float = Field(60.0, gt=0)
    """Time for one test."""


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
                "trailers": {"Proctor-Session": session.id},
            },
            workspace=Workspace(subject.repository, subject.base, overlay),
        )

    async def handle_result(self, scope: Scope, session: Session, result: Result, options: BaseModel) -> Outcome:
        """Say what landed, or why nothing could."""
        if result.status not in (OK, ERROR):
            return Outcome(result)
        if result.status == ERROR and "code" in result.data:
            return Outcome(result, session_status="failed")
        try:
            verified = Verify.model_validate(result.data["report"])
        except (KeyError, ValidationError) as error:
            return Outcome(_unread(result, error))
        if result.status == ERROR:
            return Outcome(replace(result, error_message=_nothing_left(result, verified)), session_status="failed")
        told = _told(session, result, verified)
        landed: list[Json] = [{"test": test.test, "duration": test.duration} for test in verified.tests]
        suite = verified.suite.model_dump(mode="json")
        return Outcome(replace(result, data={**told, "landed": landed, "suite": suite}), product=_product(told))


def _unread(result: Result, error: Exception) -> Result:
    """Say that nobody knows what `verify` found; it may know better the next time."""
    if result.status == ERROR:
        said = (result.stderr or result.stdout).strip()[-2000:]
        return replace(result, error_message=f"{result.error_message or 'verify ended badly'}\n{said}".strip())
    return replace(result, status=FAULT, error_message=f"the report cannot be read: {error}")


def _nothing_left(result: Result, verified: Verify) -> str | None:
    """Say what kept every test from landing; an exit code alone tells nobody."""
    if verified.tests:
        return result.error_message
    reasons = [f"{gone.test}: {shortened(gone.reason)}" for gone in verified.removed[:REMOVED]]
    said = [verified.message] if verified.message else []
    return "\n".join(["No new test is left after all of them ran with the existing suite.", *said, *reasons])


def _overlay(newest: Mapping[str, ChildSummary]) -> dict[str, str]:
    overlay: dict[str, str] = {}
    for child in newest.values():
        files = (child.product or {}).get("files")
        if child.status == "complete" and isinstance(files, Mapping):
            overlay.update({path: str(blob) for path, blob in files.items()})
    return overlay


def _told(session: Session, result: Result, verified: Verify) -> dict[str, Json]:
    landed = Counter(test.test.partition("::")[0] for test in verified.tests)
    return {
        "branch": result.data.get("branch"),
        "commit": result.data.get("commit"),
        "files": result.data.get("files"),
        "tests": len(verified.tests),
        "removed": [{"test": gone.test, "reason": shortened(gone.reason)} for gone in verified.removed],
        "components": list[Json](components(session, recall(session), landed)),
        **({"notices": list[Json](told)} if (told := recall(session).notices) else {}),
    }


def _product(told: Mapping[str, Json]) -> JsonObject:
    """Give what may stand in a product: of long lists the beginning, and how much was left out."""
    lists = {name: value for name, value in told.items() if isinstance(value, list)}
    first = {name: _first(value, SHARES[name]) for name, value in lists.items()}
    left_out = {name: len(value) - len(first[name]) for name, value in lists.items() if len(value) > len(first[name])}
    return {**told, **first, **({"left_out": left_out} if left_out else {})}


def _first(items: Sequence[Json], size: int) -> list[Json]:
    sizes = accumulate(len(json.dumps(item)) + 2 for item in items)
    return [item for item, total in zip(items, sizes, strict=True) if total <= size]
