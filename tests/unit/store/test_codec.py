from dataclasses import fields
from types import MappingProxyType
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proctor.contracts.store import Answer, Owner, Tree
from proctor.domain.event import Event, News
from proctor.domain.head import Birth, Head, Pending
from proctor.domain.interaction import ChildSpec, Command, Interaction, Result, Usage, Workspace
from proctor.domain.orchestrator import Completed
from proctor.domain.scope import Scope
from proctor.domain.session import AgentChoice, Limits
from proctor.domain.workflow import PinnedStep, PinnedWorkflow
from proctor.store import codec

unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
counts = st.integers(-(2**63), 2**63 - 1)
amounts = st.floats(allow_nan=False, allow_infinity=False)
maybe = st.none()
leaves = maybe | st.booleans() | counts | amounts | words
objects = st.dictionaries(
    words,
    st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=5
    ),
    max_size=3,
)
files = st.dictionaries(words, words, max_size=2)
workspaces = st.builds(Workspace, words, words, files)
children = st.builds(ChildSpec, words, words, objects, counts, counts, objects)
commands = st.builds(
    Command, words, objects, maybe | workspaces, st.lists(children, max_size=2).map(tuple), objects, words, amounts
)
usages = st.builds(Usage, counts, counts, amounts)
results = st.builds(Result, words, objects, maybe | counts, maybe | words, words, words, files, maybe | usages, amounts)
interactions = st.builds(
    Interaction,
    counts,
    commands,
    maybe | results,
    st.sampled_from(["completed", "abandoned"]),
    maybe | amounts,
    maybe | words,
)
scopes = st.builds(Scope, words, words, words)
births = st.builds(
    Birth,
    words,
    words,
    words,
    scopes,
    amounts,
    objects,
    st.builds(AgentChoice, words, st.booleans()),
    st.builds(Limits, counts, counts, counts, counts, counts, counts),
    st.sampled_from(["manual", "auto"]),
    maybe | words,
    words,
    counts,
    counts,
    counts,
)
heads = st.builds(
    Head,
    birth=births,
    status=st.sampled_from(["active", "complete", "failed", "cancelled"]),
    paused=st.booleans(),
    blocked=maybe | words,
    state=objects,
    outcome=maybe | words,
    product=maybe | objects,
    last_error=maybe | words,
    sequence=counts,
    last_completed=maybe | st.builds(Completed, counts, words, words),
    pending=maybe | st.builds(Pending, counts, commands, amounts, maybe | results, maybe | words),
    parked=st.sampled_from([None, "children", "external"]),
    open_children=counts,
    fence=counts,
    lease_until=maybe | amounts,
    owner=maybe | words,
    repeats=counts,
    same_failure=counts,
    failure=maybe | words,
    abandoned=counts,
    version=st.integers(1, 2**63 - 1),
)
steps = st.builds(PinnedStep, words, files, objects, words, words, maybe | words, maybe | words)
workflows = st.builds(
    PinnedWorkflow, words, st.lists(words, max_size=3).map(tuple), st.dictionaries(words, steps, max_size=2)
)
owners = st.builds(Owner, words, words, counts, amounts)
trees = st.builds(
    Tree, words, scopes, st.lists(workflows, max_size=2).map(tuple), maybe | words, maybe | owners, spent=usages
)


def _stored(head: Head) -> Head:
    """What a read of the row gives: the columns in the order of the SELECT."""
    row = codec.head_row(head)
    status, paused, blocked, parked, open_children, _, _, sequence, fence, lease, owner, present, version, _ = row
    columns = (status, int(paused), blocked, parked, open_children, sequence, fence, lease, owner, version, present)
    return codec.head((codec.document(head.birth), *columns))


@unhurried
@given(heads)
def test_a_head_comes_back(head: Head) -> None:
    assert _stored(head) == head


@unhurried
@given(interactions)
def test_an_interaction_comes_back(interaction: Interaction) -> None:
    assert codec.interaction((codec.document(interaction),)) == interaction


@unhurried
@given(trees)
def test_a_tree_comes_back(tree: Tree) -> None:
    written = codec.tree_parameters(tree, 1.0, active=True)
    columns = [written[name] for name in ("root", "account", "project", "user", "fingerprint", "owner")]
    spent = [written[name] for name in ("input_tokens", "output_tokens", "cost_usd")]
    assert codec.tree((*columns, 0, 0, 0, *spent, written["workflows"])) == tree


@unhurried
@given(st.builds(News, words, st.just("activity"), amounts, objects))
def test_news_come_back_as_an_event(news: News) -> None:
    event = codec.event(("root", 7, *codec.news(news)))
    assert event == Event("root", 7, news.session_id, news.kind, news.at, news.data)


@unhurried
@given(st.builds(Answer, words, words, words, words, objects))
def test_an_answer_comes_back(answer: Answer) -> None:
    written = codec.answer_parameters(answer, 0.0)
    assert codec.answer(tuple(written[name] for name in ("session", "operation", "key", "digest", "answer"))) == answer


@unhurried
@given(
    st.recursive(
        leaves | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_whatever_is_encoded_is_text_that_every_database_holds(value: Any) -> None:
    encoded = codec.document(value)
    encoded.encode()
    assert "\0" not in encoded
    assert "\\u0000" not in encoded.replace("\\\\", "")
    assert codec.document(orjson.loads(encoded)) == encoded


def test_cleaning_reaches_into_values_of_the_domain() -> None:
    command = Command("process\0", MappingProxyType({"a\ud800": ("\0",)}))
    decoded = codec.interaction((codec.document(Interaction(1, command)),))
    assert decoded.command == Command("process\ufffd", {"a\ufffd": ["\ufffd"]})


def test_a_backslash_before_u0000_is_no_nul() -> None:
    assert orjson.loads(codec.document({"a": "\\u0000"})) == {"a": "\\u0000"}


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        codec.document({"a": object()})


def test_a_field_with_a_default_may_be_missing_in_what_an_older_program_wrote() -> None:
    old = '{"sequence": 1, "command": {"kind": "none", "workspace": null, "children": []}, "result": null}'
    assert codec.interaction((old,)) == Interaction(1, Command("none"))


def test_no_field_of_a_head_is_forgotten() -> None:
    birth = Birth("id", "root", "testing", Scope(), 1.0, {})
    bare = Head(birth)
    full = Head(
        birth=Birth("child", "root", "testing", Scope("a", "b", "c"), 2.0, {"x": 1}, parent="root", key="k"),
        status="failed",
        paused=True,
        blocked="why",
        state={"a": 1},
        outcome="none",
        product={"b": 2},
        last_error="oh",
        sequence=1,
        last_completed=Completed(1, "step", "ok"),
        pending=Pending(2, Command("none"), 1.0, Result("ok"), "me"),
        parked="children",
        open_children=3,
        fence=4,
        lease_until=5.0,
        owner="me",
        repeats=6,
        same_failure=7,
        failure="digest",
        abandoned=8,
        counted_from=1,
        version=9,
    )
    same = [field.name for field in fields(Head) if getattr(full, field.name) == getattr(bare, field.name)]
    assert same == []
    assert _stored(full) == full
