from hypothesis import given
from hypothesis import strategies as st

from proctor.domain.event import Event


def test_a_component_is_known_by_name_and_step_and_waits_until_it_begins(story):
    story.root()
    session = story.child("larder.oven")
    oven = story.view.components["larder.oven"]
    assert (oven.name, oven.state, oven.step) == ("larder.oven", "waiting", None)
    story.begin(session, "generate_tests")
    assert (oven.state, oven.step) == ("running", "generate_tests")


def test_findings_that_are_sent_to_be_fixed_count_rounds(story):
    story.root()
    session = story.child("larder.oven")
    for round_ in (1, 2):
        story.done(session, "run_tests", "error", f"1 finding\ntest_{round_}: wrong")
        story.done(session, "fix_tests")
        assert story.view.components["larder.oven"].rounds == round_
    assert story.view.components["larder.oven"].found == "1 finding\ntest_2: wrong"


def test_what_the_fixing_says_does_not_hide_what_was_found(story):
    story.root()
    session = story.child("larder.oven")
    story.done(session, "run_tests", "error", "test_a: wrong")
    story.done(session, "fix_tests", "warning", "nothing more")
    assert story.view.components["larder.oven"].found == "test_a: wrong"


def test_the_newest_attempt_counts_and_its_time_is_that_of_all_but_not_of_what_lay_between(story):
    story.root()
    first = story.child("larder.oven")
    story.begin(first, "generate_tests")
    story.end(first, "failed", error="no agent")
    story.now += 3600
    second = story.child("larder.oven", attempt=2)
    oven = story.view.components["larder.oven"]
    assert (oven.id, oven.attempt, oven.state, oven.ended) == (second, 2, "waiting", None)
    assert oven.seconds(story.now) == 1
    story.begin(second, "generate_tests")
    assert oven.seconds(story.now + 5) == 6
    assert story.tell(first, "activity", text="late") is None


def test_an_older_attempt_never_replaces_a_newer_one(story):
    story.root()
    newer = story.child("larder.oven", attempt=2)
    story.child("larder.oven", attempt=1)
    assert story.view.components["larder.oven"].id == newer


def test_what_is_told_of_a_step_is_forgotten_with_it(story):
    story.root()
    session = story.child("larder.oven")
    story.begin(session, "generate_tests", sequence=2)
    story.tell(session, "activity", text="reading", sequence=2)
    oven = story.view.components["larder.oven"]
    assert oven.doing == "reading"
    story.begin(session, "run_tests", sequence=3)
    story.tell(session, "activity", text="late", sequence=2)
    assert oven.doing is None


def test_components_stand_by_priority_then_name(story):
    story.root()
    for name, priority in (("b", 0), ("a", 0), ("z", 5)):
        story.child(name, priority=priority)
    assert [each.name for each in story.view.ordered()] == ["z", "a", "b"]


def test_states_are_counted(story):
    story.root()
    story.proven("larder.shelf")
    story.begin(story.child("larder.oven"), "initialize")
    story.child("larder.clock")
    assert story.view.counts() == {"proven": 1, "running": 1, "waiting": 1}


def test_all_is_done_when_the_root_is_complete(story):
    story.root()
    story.proven("larder.shelf")
    assert 0.8 < story.view.progress < 1
    story.land()
    assert story.view.progress == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "root"]),
            st.sampled_from(
                [
                    "initialize",
                    "generate_tests",
                    "run_tests",
                    "fix_tests",
                    "drop_tests",
                    "finalize",
                    "failed",
                    "complete",
                    "again",
                    "more",
                ]
            ),
            st.sampled_from(["ok", "error", "warning", "fault"]),
        )
    )
)
def test_progress_never_falls(steps):
    from proctor.cli.tree.view import TreeView

    lines = {"w": ("initialize", "generate_tests", "run_tests", "finalize"), "r": ("initialize", "finalize")}
    view, seen, done, attempt = TreeView(lines), 0.0, 0, 1
    view.apply(Event("root", 1, "root", "session_created", 0.0, {"workflow": "r", "parent": None}))
    for name in ("a", "b"):
        data = {"workflow": "w", "parent": "root", "key": name, "attempt": 1}
        view.apply(Event("root", 1, name, "session_created", 0.0, data))
    for session, step, status in steps:
        if step in ("failed", "complete"):
            event = Event("root", 1, session, "session_changed", 1.0, {"status": step})
        elif step in ("again", "more"):
            attempt += 1
            key = "a" if step == "again" else f"c{attempt}"
            data = {"workflow": "w", "parent": "root", "key": key, "attempt": attempt}
            event = Event("root", 1, f"{key}{attempt}", "session_created", 1.0, data)
        else:
            event = Event("root", 1, session, "interaction_completed", 1.0, {"step": step, "status": status})
        view.apply(event)
        assert seen <= view.progress <= 1
        assert done <= view.done <= len(view.components)
        seen, done = view.progress, view.done


def test_what_a_plugin_left_out_or_got_wrong_does_no_harm(story):
    story.root()
    session = story.child("larder.oven")
    story.end(session, outcome="proven", product={"tests": "many", "coverage": 7, "suspected_bugs": [3, {}]})
    made = story.view.components["larder.oven"].made()
    assert (made.tests, made.after, len(made.bugs)) == (0, None, 1)


def test_a_pause_is_no_blockade_and_what_was_paused_together_is_resumed_together(story):
    story.root()
    root = story.tell("root", "session_changed", status="active", paused=True)
    oven = story.tell(story.child("larder.oven"), "session_changed", status="active", paused=True)
    assert (root.state, root.blocked, oven.state) == ("paused", None, "paused")
    assert story.view.paused() == [root]
    story.tell("root", "session_changed", status="active", paused=False)
    assert (root.state, story.view.paused()) == ("running", [oven])


def test_what_was_opened_again_has_not_ended(story):
    story.root()
    story.end("root", "failed", error="nothing to land")
    root = story.tell("root", "session_changed", status="active")
    assert (root.state, root.ended) == ("running", None)


def test_the_worst_and_of_several_the_last_needs_a_look(story):
    story.root()
    story.proven("larder.shelf")
    assert story.view.trouble() is None
    for name in ("larder.a", "larder.b"):
        story.end(story.child(name), "failed", error="no agent")
    story.end(story.child("larder.c"), outcome="none")
    assert story.view.trouble().name == "larder.b"


def test_a_tree_without_components_that_is_complete_is_all_done(story):
    story.tell("root", "session_created", workflow="tidying", parent=None)
    assert story.view.progress == 0
    story.end("root")
    assert story.view.progress == 1


def test_time_in_which_nothing_was_done_is_not_elapsed(story):
    story.root()  # three events and a second each: it was created at 1001
    oven = story.child("larder.oven")
    story.begin(oven, "generate_tests")
    before = story.view.elapsed(story.now)
    for each in ("root", oven):
        story.tell(each, "session_changed", status="active", paused=True)
    story.tell(oven, "interaction_completed", step="generate_tests", sequence=1, status="ok")
    story.now += 3600
    assert story.view.elapsed(story.now) == before + 3  # what was under way when it was paused counts
    for each in ("root", oven):
        story.tell(each, "session_changed", status="active", paused=False)
    story.end("root", "cancelled")
    story.now += 86_400
    assert story.view.elapsed(story.now) == before + 5
    story.tell("root", "session_changed", status="active")
    assert story.view.elapsed(story.now + 10) == before + 15
    assert story.view.components["larder.oven"].seconds(story.now) < 86_400 + 10


def test_a_pause_is_no_time_of_a_component(story):
    story.root()
    oven = story.child("larder.oven")
    story.done(oven, "initialize")
    story.tell(oven, "session_changed", status="active", paused=True)
    paused_at = story.now
    assert story.view.components["larder.oven"].seconds(paused_at + 600) == 2
    story.now += 600
    story.tell(oven, "session_changed", status="active", paused=False)
    assert story.view.components["larder.oven"].seconds(story.now + 5) == 7
