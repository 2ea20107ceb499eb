"""Which trees a server tries again."""

import asyncio

import pytest

from proctor.domain.head import Head
from proctor.driver import _over
from proctor.errors import DatabaseBusy, DatabaseUnusable


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (DatabaseBusy(database="d", seconds=10), True),
        (DatabaseUnusable(database="d", reason="its disk is full"), True),
        (ValueError("a fault"), False),
    ],
)
async def test_a_tree_is_tried_again_unless_it_went_wrong_by_itself(error: Exception, again: bool) -> None:
    drive: asyncio.Future[Head] = asyncio.get_running_loop().create_future()
    drive.set_exception(error)
    assert _over(drive) is again
