"""What a client is told of a fault that has no type."""

import pytest
from graphql import GraphQLError

from proctor.api.caller import Caller
from proctor.api.execution import told
from proctor.errors import DatabaseUnusable, GitFailed, ProctorError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DatabaseUnusable(database="/srv/secret/proctor.db", reason="the disk is full"), "database_unusable"),
        (GitFailed(what="fetch", exit_code=128, message="/srv/secret/cache is locked"), "git_failed"),
    ],
)
async def test_nothing_of_the_servers_folders(caller: Caller, error: ProctorError, code: str) -> None:
    shown = told(GraphQLError(str(error), original_error=error), caller)
    assert "secret" not in shown.message
    assert shown.extensions == {"code": code}
