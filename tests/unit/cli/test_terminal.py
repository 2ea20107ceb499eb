import pytest
from rich.console import Console

from proctor.cli.reports.terminal import Hints, report
from proctor.cli.runs.about import StrangerStep
from proctor.cli.tree.summary import summarise

LINT = StrangerStep("component_testing", "lint", "acme", "1.0")


def reported(story, hints=None, width=100):
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        report(console, summarise(story.view), hints or Hints())
    return capture.get()


def test_it_shows_the_table_the_totals_and_how_to_look_at_the_branch(story):
    story.root()
    story.proven("larder.shelf")
    story.land()
    text = reported(story, Hints(git="git -C /srv/larder", strangers=(LINT,), interpreter="Python 3.12"))
    assert "✓ proven" in text
    assert "40 → 88 %" in text
    assert "1 component: 1 proven · 3 tests" in text
    assert "  to read it  git -C /srv/larder log -p -1 tests-for-larder --\n" in text
    assert "  to try it   git -C /srv/larder switch tests-for-larder\n" in text
    assert "  to take it  git -C /srv/larder merge tests-for-larder\n" in text
    assert "The step component_testing.lint (acme 1.0) took part: it never ran." in text
    assert "The tests ran with Python 3.12." in text


def test_it_says_where_the_tests_are_and_that_the_checkout_is_as_it_was(story, product):
    story.root()
    for name in ("oven", "shelf"):
        story.end(story.child(name), outcome="proven", product=product(files={f"tests/unit/test_{name}.py": "b10b"}))
    story.land()
    assert "one commit: 3 tests in tests/unit/. Your checkout is as it was." in reported(story)


def test_a_branch_whose_name_a_shell_would_read_is_quoted(story):
    story.root()
    story.end("root", product={"branch": "tests;$(x)"})
    text = reported(story)
    assert "Landed on the branch tests;$(x)." in text
    for words in ("log -p -1 'tests;$(x)' --", "switch 'tests;$(x)'", "merge 'tests;$(x)'"):
        assert f"git {words}\n" in text


def test_what_is_complete_without_a_branch_has_not_landed_on_one(story):
    story.root()
    story.end("root", product={})
    assert "Complete. No branch was made." in reported(story)


def test_where_no_test_ran_none_is_said_to_have_run(story, product):
    story.root()
    story.end(story.child("larder.oven"), "cancelled")
    story.end("root", "cancelled")
    assert "The tests run with Python 3.12." in reported(story, Hints(interpreter="Python 3.12"))
    story.end(story.child("larder.shelf"), outcome="none", product=product(tests=0, dropped=2))
    assert "The tests ran with Python 3.12." in reported(story, Hints(interpreter="Python 3.12"))


def test_it_says_how_the_steps_of_others_went(story):
    story.root()
    for name, status in (("larder.a", "ok"), ("larder.b", "error"), ("larder.c", "ok")):
        story.done(story.child(name), "lint", status)
    assert "(acme 1.0) took part: 1 error, 2 ok." in reported(story, Hints(strangers=(LINT,)))


def test_a_step_that_waits_for_an_answer_has_not_been_passed_over(story):
    story.root()
    story.tell(story.child("larder.a"), "interaction_started", step="lint", sequence=1)
    story.tell("larder.a-1", "interaction_parked", waits_for="external", question="Is it tidy?")
    assert "(acme 1.0) took part: it waits for an answer." in reported(story, Hints(strangers=(LINT,)))
    story.tell("larder.a-1", "interaction_completed", step="lint", sequence=1, status="ok")
    assert "(acme 1.0) took part: 1 ok." in reported(story, Hints(strangers=(LINT,)))


def test_what_was_removed_at_landing_is_named(story):
    story.root()
    story.tell("root", "session_changed", status="complete", product={"removed": [{"test": "test_x", "reason": "red"}]})
    assert "test_x  red" in reported(story)


def test_a_suspected_bug_shows_example_expectation_and_line(story, product):
    story.root()
    bug = {"test": "test_f", "message": "got 356", "example": "fahrenheit(180)", "expected": "350", "line": 11}
    story.end(story.child("larder.oven"), outcome="proven", product=product(suspected_bugs=[bug]))
    story.land()
    text = reported(story)
    for part in ("larder.oven, line 11", "test_f", "fahrenheit(180)", "expected  350", "got 356"):
        assert part in text


def test_a_long_value_stays_in_its_column_and_of_a_very_long_one_the_rest_is_in_the_report(story, product):
    story.root()
    bugs = [
        {"test": "test_f", "message": "word " * 30 + "end", "expected": "row 0\nrow 1"},
        {"test": "test_g", "message": "word " * 800 + "end", "expected": "3"},
    ]
    story.end(story.child("larder.oven"), outcome="proven", product=product(suspected_bugs=bugs))
    lines = reported(story, width=80).splitlines()
    first = lines.index("    expected  row 0")
    words = " ".join(["word"] * 13)
    assert lines[first + 1 : first + 5] == [
        "              row 1",
        f"    found     {words}",
        f"              {words}",
        "              word word word word end",
    ]
    [rest] = [line for line in lines if "more lines" in line]
    assert rest == "              … 46 more lines; the JSON report has them"
    assert max(map(len, lines[first:])) <= 80


def test_one_reason_of_many_components_is_told_once(story):
    story.root()
    for name in ("larder.a", "larder.b"):
        story.end(story.child(name), "failed", error="there is no such agent")
    story.end("root", "failed", error="nothing to land")
    text = reported(story, Hints(database=" --database sqlite:///x.db"))
    assert "larder.a, larder.b  there is no such agent" in text
    assert text.count("no such agent") == 1
    assert "Failed: nothing to land" in text
    assert "proctor sessions show root --database sqlite:///x.db" in text


@pytest.mark.parametrize(("status", "says"), [("cancelled", "Cancelled. No branch"), ("active", "Not finished.")])
def test_it_says_what_to_do_when_nothing_landed(story, status, says):
    story.root()
    story.tell("root", "session_changed", status=status)
    assert says in reported(story)


def test_what_blocks_is_told_once_with_what_to_do(story):
    story.root()
    for name in ("larder.a", "larder.b"):
        story.tell(story.child(name), "session_changed", status="active", blocked="The plugin x is not installed.")
    text = reported(story)
    assert "! blocked" in text
    assert text.count("The plugin x is not installed.") == 1
    assert "Blocked: The plugin x" in text
    assert "proctor sessions continue root, once that is put right" in text


def test_a_pause_is_told_once_with_what_ends_it(story):
    story.root()
    for each in ("root", story.child("larder.a"), story.child("larder.b")):
        story.tell(each, "session_changed", status="active", paused=True)
    text = reported(story)
    assert "Blocked" not in text
    assert text.count("proctor sessions resume") == 1
    assert "proctor sessions resume root" in text
    assert summarise(story.view).exit_code() == 1


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_what_ended_badly_is_tried_again_with_what_is_proven_kept(story, status):
    story.root()
    story.end("root", status, error="nothing to land")
    text = reported(story, Hints(database=" --database sqlite:///x.db"))
    assert "proctor sessions retry root --database sqlite:///x.db" in text
    assert "the same command" not in text


def test_a_retry_is_offered_only_where_it_can_help(story):
    story.root()
    story.end("root", "failed", error="nothing to land")
    assert "sessions retry root, if it was bad luck" in reported(story)
    refused = reported(story, Hints(refused=True))
    assert "retry" not in refused
    assert "begin anew: proctor run PATH\n" in refused
    assert "run 'my shop' --database x\n" in reported(story, Hints(path="'my shop'", database=" --database x"))


def test_no_luck_is_involved_where_an_agent_would_do_the_same_again(story, product):
    story.root()
    story.end(story.child("larder.oven"), outcome="none", product=product(tests=0, reason="importing it runs it"))
    story.end("root", "failed", error="nothing to land")
    assert "retry" not in reported(story, Hints(deterministic=True))
    assert "sessions retry root, if it was bad luck" in reported(story)
    story.end(story.child("larder.shelf"), "failed", error="it took too long")
    assert "sessions retry root, if it was bad luck" in reported(story, Hints(deterministic=True))


def test_an_only_test_that_is_a_suspected_bug_is_told_once(story, product):
    story.root()
    bug = {"test": "test_f", "message": "356", "expected": "350"}
    dropped = {"test": "tests/test_oven.py::test_f", "reason": "run_tests: AssertionError"}
    made = {"suspected_bugs": [bug], "dropped": 1, "dropped_tests": [dropped], "reason": "run_tests: AssertionError"}
    story.end(story.child("larder.oven"), outcome="none", product=product(tests=0, **made))
    story.end(story.child("larder.shelf"), outcome="partial", product=product(**made))
    text = reported(story)
    assert "  larder.oven  its only test is the suspected bug above\n" in text
    assert "AssertionError" not in text
    assert "Dropped tests" not in text


def test_prose_never_breaks_within_a_word_and_commands_never_break(story):
    story.root()
    story.end("root", "failed", error="word " * 40 + "end")
    hints = Hints(
        notices=("pytest cannot collect " + "tests/test_oven.py, " * 8 + "x",), database=f" --database {'x' * 99}"
    )
    lines = [line for line in reported(story, hints, width=60).splitlines() if "--database" not in line]
    assert max(map(len, lines)) <= 60
    assert f"sessions show root --database {'x' * 99}\n" in reported(story, hints, width=60)


def test_the_place_of_a_fault_stays_however_long_its_message_is(story):
    story.root()
    story.end("root", "failed", error=f"finalize raised {'x' * 300}, at boomer.py:11")
    assert "…, at boomer.py:11\n" in reported(story, width=400)


def test_what_befell_all_components_was_no_bad_luck(story):
    story.root()
    for name in ("larder.a", "larder.b"):
        story.end(story.child(name), "failed", error="/nowhere/agent cannot be started")
    story.end("root", "failed", error="nothing to land")
    assert "sessions retry root, once that is put right: the commit and the settings stay" in reported(story)
    story.end(story.child("larder.c"), "failed", error="the agent took too long")
    assert "sessions retry root, if it was bad luck" in reported(story)


@pytest.mark.parametrize("verdict", ["failed", "none", "partial"])
def test_the_command_that_shows_why_is_named_for_whatever_is_not_proven(story, product, verdict):
    story.root()
    made = product(
        tests=3 if verdict == "partial" else 0,
        dropped=1,
        dropped_tests=[{"test": "tests/test_oven.py::test_hot", "reason": "assert 3 == 4"}],
        reason="assert 3 == 4",
    )
    status = "failed" if verdict == "failed" else "complete"
    story.end(story.child("larder.oven"), status, outcome=verdict, product=made, error="assert 3 == 4")
    text = reported(story)
    assert "assert 3 == 4" in text
    assert "    proctor sessions show larder.o\n" in text


def test_a_reason_never_fills_the_screen(story):
    story.root()
    for number in range(30):
        story.end(story.child(f"larder.module_{number:02}"), "failed", error="\n".join(["x" * 5000] * 50))
    missing = reported(story, width=80).split("Without tests")[1].split("Not finished")[0]
    assert "and 25 more" in missing
    assert len(missing.splitlines()) < 25


def test_in_a_narrow_window_names_stay_and_figures_go(story):
    story.root()
    story.proven("larder.oven")
    story.proven("larder.international_shipping_documents")
    for hints in (Hints(), Hints(with_sessions=True)):
        table = reported(story, hints, width=40).split("2 components")[0]
        assert "larder.oven" in table
        assert "✓ proven" in table
        assert max(map(len, table.splitlines())) <= 40


def test_it_fits_80_columns(story):
    story.root()
    story.proven("company.department.project.package.subpackage.the_module_itself")
    story.land()
    table = reported(story, width=80).split("1 component")[0]
    assert max(len(line) for line in table.splitlines()) <= 80
    assert "40 → 88 %" in table


def test_what_should_be_known_of_the_package_is_told(story):
    story.root()
    assert "Note: 2 existing tests fail.\n" in reported(story, Hints(notices=("2 existing tests fail",)))
