"""The kit for stores catches stores that break a rule."""
# ruff: noqa: ARG005 # a wrong plugin need not use what it is given

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from contract.broken import Breaks

from proctor.contracts.retention import Pruned, Terms
from proctor.contracts.store import Store
from proctor.store import SqliteStore, open_store
from proctor.testing import StoreContract

Wrong = Callable[[SqliteStore], Callable[..., Any]]


def forgets_where(store: SqliteStore) -> Callable[..., Any]:
    events = store.events
    return lambda scope, root, after=0, **more: events(scope, root, **more)


def knows_no_scope(store: SqliteStore) -> Callable[..., Any]:
    rows = store._rows
    return lambda _scope, session: _head(rows, session)


async def _head(rows: Callable[..., Sequence[Any]], session: str) -> object:
    return rows("head", (session, "acme", "one")) or None


def gives_away(_store: SqliteStore) -> Callable[..., Any]:
    return lambda root, owner, expected: _later(True)


def backwards(store: SqliteStore) -> Callable[..., Any]:
    due = store.due

    async def reversed_due(root: str, now: float, **more: Any) -> Sequence[str]:
        return [*reversed(await due(root, now, **more))]

    return reversed_due


def does_nothing(_store: SqliteStore) -> Callable[..., Any]:
    return lambda *_arguments: _later(None)


def takes_all(store: SqliteStore) -> Callable[..., Any]:
    prune = store.prune
    return lambda _terms: prune(Terms(10e9, 10e9, 10e9, 10e9))


def finds_none(_store: SqliteStore) -> Callable[..., Any]:
    return lambda _terms: _later([])


def gives_nothing(_store: SqliteStore) -> Callable[..., Any]:
    return lambda *_arguments: _later(Pruned())


async def _later(value: object) -> object:
    return value


@pytest.mark.parametrize(
    ("method", "wrong", "rule"),
    [
        ("events", forgets_where, "events_are_numbered_without_gaps_in_every_tree"),
        ("head", knows_no_scope, "what_lies_outside_the_scope_does_not_exist"),
        ("own", gives_away, "a_tree_has_one_owner"),
        ("due", backwards, "what_is_due_comes_by_priority_then_creation"),
        ("answer", does_nothing, "an_answer_is_kept_with_its_change"),
        ("tell", does_nothing, "nobody_can_tell_of_a_tree_that_is_not_there"),
        ("get", does_nothing, "blobs_are_known_by_their_content"),
        ("token", does_nothing, "a_token_is_found_by_its_hash_alone"),
        ("commit", does_nothing, "a_head_reads_as_it_was_written"),
        ("prune", gives_nothing, "a_tree_that_is_over_is_forgotten_whole"),
        ("prune", gives_nothing, "the_audit_forgets_its_oldest_entries"),
        ("prune", takes_all, "nothing_is_forgotten_before_its_time"),
        ("prunable", gives_nothing, "a_tree_that_is_over_is_forgotten_whole"),
        ("orphans", finds_none, "a_blob_that_a_session_names_is_kept"),
        ("claim", gives_away, "a_chore_is_claimed_once_in_its_time"),
    ],
)
def test_a_store_with_one_wrong_method_breaks_a_rule(method: str, wrong: Wrong, rule: str) -> None:
    class Kit(StoreContract):
        async def open(self) -> Store:
            store = await open_store(f"sqlite://{self.folder}/proctor.db")
            setattr(store, method, wrong(store))
            return store

    assert Breaks(Kit)[rule] != ""


def test_what_a_store_cannot_do_is_declared() -> None:
    class Fleeting(StoreContract):
        lasting = shared = False

    assert {*StoreContract.rules()} - {*Fleeting.rules()} == {
        "test_what_was_written_is_there_when_the_store_is_opened_again",
        "test_closing_finishes_what_is_under_way",
        "test_tokens_and_audit_survive",
        "test_waiting_sees_what_another_store_wrote",
    }
