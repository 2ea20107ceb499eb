from rich.console import Console

from proctor.cli.output import console
from proctor.cli.reports.terminal import Hints, report
from proctor.cli.runs.lines import lines_of
from proctor.cli.runs.live import frame
from proctor.cli.tree.summary import summarise

LIMITS = {"seconds": None, "tokens": None, "money": 2.0}
USAGE = {"input_tokens": 12000, "output_tokens": 345, "cost_usd": 0.42}


def begun(story, limits=None):
    more = {"limits": limits} if limits else {}
    story.tell("root", "session_created", workflow="context_testing", parent=None, subject={"name": "larder"}, **more)


def asked(story, session, usage=USAGE):
    story.tell(session, "interaction_completed", step="generate_tests", sequence=1, status="ok", usage=usage)


def title(story, width):
    page = Console(width=width, height=24, force_terminal=True, color_system=None)
    with page.capture() as capture:
        page.print(frame(story.view, story.now, width, 24))
    return capture.get().splitlines()[0]


def test_without_agents_that_tell_and_without_a_budget_nothing_is_said(story):
    begun(story)
    story.proven("larder.jars")
    assert story.view.spending.told() == ""


def test_what_was_spent_is_told_of_all_attempts_with_the_budgets_that_are_set(story):
    begun(story, LIMITS | {"tokens": 500_000, "seconds": 3600.0})
    asked(story, story.child("larder.jars"))
    story.child("larder.jars", attempt=2)
    asked(story, "larder.jars-1")
    assert story.view.spending.told() == "0.84 of 2.00 USD · 24,690 of 500,000 tokens · at most 1:00:00"


def test_the_title_tells_it_while_a_run_is_under_way(story):
    begun(story)
    asked(story, story.child("larder.jars"))
    assert title(story, 100).endswith("0.42 USD · 12,345 tokens")
    assert len(title(story, 40)) <= 40


def test_plain_lines_tell_each_turn_of_an_agent(story):
    begun(story, LIMITS)
    session = story.child("larder.jars")
    asked(story, session)
    asked(story, session)
    (line,) = lines_of(story.view, *story.heard[-1])
    assert line.endswith(
        "larder.jars: generate_tests: 0.42 USD · 12,345 tokens; in all 0.84 of 2.00 USD · 24,690 tokens"
    )


def test_a_run_that_was_opened_again_has_its_budget_anew(story):
    begun(story, LIMITS)
    asked(story, story.child("larder.jars"))
    story.end("root", "failed", error="all is spent")
    story.tell("root", "session_changed", status="active")
    assert story.view.spending.told() == "0.00 of 2.00 USD · 12,345 tokens"
    asked(story, "larder.jars-1", USAGE | {"cost_usd": 0.25})
    assert story.view.spending.told() == "0.25 of 2.00 USD · 24,690 tokens"


def test_the_end_tells_it_and_why_something_has_no_tests(story, capsys):
    begun(story, LIMITS)
    asked(story, story.child("larder.jars"))
    why = "limits.money: the 2.00 USD of this run are spent (`[limits] money = …` allows more)"
    for name in ("larder.tins", "larder.sacks"):
        story.end(story.child(name), "failed", error=why)
    story.end("root", product={"branch": "b", "commit": "c", "tests": 3})
    summary = summarise(story.view)
    report(console(), summary, Hints())
    told = capsys.readouterr().out
    assert "0.42 of 2.00 USD · 12,345 tokens" in told
    assert "larder.sacks, larder.tins  limits.money: the 2.00 USD" in " ".join(told.split("\n")).replace("   ", " ")
    assert summary.to_json()["spent"] == {**USAGE, "limits": {"money": 2.0}}


def test_what_a_stranger_got_wrong_does_no_harm(story):
    begun(story, {"money": "much", "tokens": None})
    asked(story, story.child("larder.jars"), {"input_tokens": "many", "cost_usd": None})
    assert story.view.spending.told() == ""
