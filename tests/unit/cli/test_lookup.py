from dataclasses import dataclass, replace

import click
import pytest

from proctor.cli.sessions.lookup import find
from proctor.contracts.store import Change, Tree
from proctor.domain.head import Birth, Head
from proctor.domain.scope import Scope
from proctor.errors import SessionNotFound
from proctor.store import open_store


@dataclass
class Sessions:
    """The part of the app that the lookup asks."""

    store: object
    scope: Scope


async def add(app, session_id, child=None):
    root = Head(Birth(session_id, session_id, "context_testing", app.scope, 1.0, {}), version=1)
    await app.store.commit(Change(root, tree=Tree(session_id, app.scope, ())))
    if child is not None:
        birth = replace(root.birth, id=child, parent=session_id, key="a", depth=1, workflow="component_testing")
        began = replace(root, version=2)
        await app.store.commit(Change(began, children=(Head(birth, version=1),)))


@pytest.fixture
def looked_up(tmp_path):
    import asyncio

    def look_up(prefix):
        async def work():
            store = await open_store(f"sqlite:///{tmp_path / 'proctor.db'}")
            try:
                app = Sessions(store, Scope())
                if not await store.roots(app.scope):
                    await add(app, "aaaa1111", child="cccc3333")
                    await add(app, "aaaa2222")
                return (await find(app, prefix)).id
            finally:
                await store.close()

        return asyncio.run(work())

    return look_up


@pytest.mark.parametrize("prefix", ["aaaa1111", "aaaa1", "AAAA1", " aaaa1 "])
def test_a_root_is_found_by_the_beginning_of_its_id(looked_up, prefix):
    assert looked_up(prefix) == "aaaa1111"


def test_a_child_is_found_too(looked_up):
    assert looked_up("cccc") == "cccc3333"


def test_a_beginning_of_several_is_refused_and_names_them(looked_up):
    with pytest.raises(click.UsageError, match="beginning of 2 sessions: aaaa"):
        looked_up("aaaa")


def test_a_very_short_beginning_is_refused(looked_up):
    with pytest.raises(click.UsageError, match="too short"):
        looked_up("aa")


def test_an_unknown_one_is_refused(looked_up):
    with pytest.raises(SessionNotFound):
        looked_up("dddd")
