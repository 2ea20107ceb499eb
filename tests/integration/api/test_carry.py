"""What `proctor run` can be asked for can be asked of a server too: in a real repository, with the same refusals."""

from pathlib import Path
from typing import Any

import pytest
from repositories import UserRepository

from proctor.api.caller import Caller
from proctor.api.ids import session_of
from proctor.api.schema import build_schema
from proctor.app import App, Order
from proctor.domain.scope import Scope

SCHEMA = build_schema()
CREATE = """mutation ($input: CreateSessionInput!) {
  createSession(input: $input) {
    __typename
    ... on CreateSessionSuccess { isContinued session { id carried { path blob { piece { text } } } } }
    ... on Error { code message }
  }
}"""


@pytest.fixture
def user(tmp_path: Path) -> UserRepository:
    user = UserRepository(tmp_path / "user")
    user.write("build/_version.py", "VERSION = 1\n")
    return user


async def create(app: App, user: UserRepository, *, folders: tuple[Path, ...] | None = None, **given: Any) -> Any:
    caller = Caller(app, app.scope, "operator", "request", folders)
    asked = {"idempotencyKey": "k", "path": str(user.top / "shop"), **given}
    result = await SCHEMA.execute(CREATE, {"input": asked}, caller)
    assert result.errors is None
    assert result.data is not None
    return result.data["createSession"]


async def test_files_are_carried_along_and_given_back(app: App, user: UserRepository) -> None:
    file = user.top / "build" / "_version.py"
    created = await create(app, user, carry=[str(file)])
    assert created["session"]["carried"] == [
        {"path": "build/_version.py", "blob": {"piece": {"text": "VERSION = 1\n"}}}
    ]
    begun = await app.orders.begin(Order(user.top / "shop", carry=(file,)))
    assert (begun.session_id, begun.continued) == (session_of(created["session"]["id"]), True)


async def test_a_repeated_call_gives_the_same_session_whatever_the_file_says_by_then(
    app: App, user: UserRepository
) -> None:
    file = user.top / "build" / "_version.py"
    first = await create(app, user, carry=[str(file)])
    file.write_text("VERSION = 2\n")
    assert (await create(app, user, carry=[str(file)]))["session"] == first["session"]
    other = await create(app, user, carry=[str(file)], idempotencyKey="another")
    assert other["session"]["id"] != first["session"]["id"]


@pytest.mark.parametrize("path", ["shop/cart.py", "build", "build/missing", "../outside"])
async def test_what_cannot_be_carried_is_told_without_the_servers_folders(
    app: App, user: UserRepository, path: str
) -> None:
    answer = await create(app, user, carry=[str(user.top / path)])
    assert (answer["__typename"], answer["code"]) == ("InvalidInput", "cannot_carry")
    assert "--carry" not in answer["message"]
    assert str(user.top.parent) not in answer["message"]


async def test_a_file_is_carried_only_out_of_folders_that_are_allowed(app: App, user: UserRepository) -> None:
    shop, file = user.top / "shop", user.top / "build" / "_version.py"
    (shop / "version.log").symlink_to(file)
    for carry in (file, shop / "version.log"):
        assert (await create(app, user, folders=(shop,), carry=[str(carry)]))["__typename"] == "Forbidden"
    assert (await create(app, user, folders=(user.top,), carry=[str(file)]))["__typename"] == "CreateSessionSuccess"


async def test_required_tests_are_pinned_in_the_step_that_judges_them(app: App, user: UserRepository) -> None:
    created = await create(app, user, requireTests=True)
    tree = await app.store.tree(Scope(), session_of(created["session"]["id"]) or "")
    assert tree is not None
    steps = {(workflow.name, step.name): step for workflow in tree.workflows for step in workflow.steps.values()}
    assert steps["component_testing", "finalize"].options["require_tests"] is True
    begun = await app.orders.begin(Order(user.top / "shop", require_tests=True))
    assert begun.session_id == session_of(created["session"]["id"])
