import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from proctor.cli.runs.live import frame


def drawn(story, width=80, height=24, **more):
    console = Console(width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(frame(story.view, story.now, width, height, **more))
    return capture.get().splitlines()


def crowd(story, number=30, name="larder.module_{:02}"):
    story.root()
    for index in range(number):
        story.child(name.format(index))


def test_before_anything_happened_there_is_nothing_to_draw(story):
    assert drawn(story) == [""]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_thirty_components_fit_into_24_rows(story, width):
    crowd(story)
    for index in (28, 29):
        story.begin(f"larder.module_{index}-1", "generate_tests")
    story.end("larder.module_03-1", outcome="none", product={"reason": "nothing to test"})
    lines = drawn(story, width)
    assert len(lines) <= 23
    assert max(map(len, lines)) <= width


def test_what_runs_is_always_shown_and_the_rest_is_counted(story):
    crowd(story)
    for index in (28, 29):
        story.begin(f"larder.module_{index}-1", "generate_tests")
    text = "\n".join(drawn(story))
    assert "larder.module_28" in text
    assert "larder.module_29" in text
    assert "30 components: 2 running, 28 waiting" in text


def test_the_picture_keeps_its_height_while_components_end(story):
    crowd(story)
    heights = set()
    for index in range(30):
        story.begin(f"larder.module_{index:02}-1", "run_tests")
        heights.add(len(drawn(story)))
        story.end(f"larder.module_{index:02}-1", outcome="proven")
        heights.add(len(drawn(story)))
    assert len(heights) == 1


def test_more_running_ones_than_lines_are_cut(story):
    crowd(story, 40)
    for index in range(40):
        story.begin(f"larder.module_{index:02}-1", "run_tests")
    assert len(drawn(story)) <= 23
    assert len(drawn(story, height=5)) <= 7


def test_a_fix_round_is_seen_through_all_its_steps(story):
    story.root()
    session = story.child("larder.oven")
    story.done(session, "run_tests", "error", "test_a: wrong")
    story.begin(session, "fix_tests")
    assert any("larder.oven" in line and "fix round 1" in line for line in drawn(story))
    story.tell(session, "interaction_completed", step="fix_tests", status="ok", message=None)
    story.begin(session, "run_tests")
    assert any("fix round 1 · run_tests" in line for line in drawn(story))


def test_a_long_name_keeps_its_end(story):
    story.root()
    story.begin(story.child("company.department.project.package.subpackage.the_module_itself"), "run_tests")
    (line,) = [line for line in drawn(story) if "the_module_itself" in line]
    assert "…" in line
    assert "run_tests" in line


def test_a_wide_window_tells_what_a_step_is_doing(story):
    story.root()
    session = story.child("larder.oven")
    story.begin(session, "generate_tests")
    story.tell(session, "activity", text="reading oven.py", sequence=1)
    assert "reading oven.py" in "\n".join(drawn(story, 140))
    assert "reading oven.py" not in "\n".join(drawn(story, 80))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    name=st.text(st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1, max_size=90),
    width=st.integers(20, 250),
    height=st.integers(10, 60),
    number=st.integers(0, 40),
    said=st.text(max_size=300),
    word=st.none() | st.just("cancelling… (Ctrl-C again to end at once)"),
)
def test_whatever_happens_nothing_wraps_and_nothing_is_taller_than_the_window(
    story, name, width, height, number, said, word
):
    story = type(story)()
    crowd(story, number, f"larder.{name}_{{:02}}")
    for at, status in enumerate(("failed", "complete", "cancelled")[:number]):
        story.end(f"larder.{name}_{at:02}-1", status, error=said, outcome="none")
    for at in range(3, min(number, 8)):
        story.begin(f"larder.{name}_{at:02}-1", "generate_tests")
        story.tell(f"larder.{name}_{at:02}-1", "activity", text=said, sequence=1)
    lines = drawn(story, width, height, word=word)
    assert len(lines) <= height - 1
    assert max(map(cell_len, lines)) <= width


def test_columns_stay_where_they_are_while_other_rows_are_shown(story):
    crowd(story, 40)
    story.child("larder.zone.international.shipping")
    before = drawn(story)
    story.begin("larder.zone.international.shipping-1", "run_tests")
    (row,) = [line for line in drawn(story) if "shipping" in line]
    assert row.index("run_tests") == before[3].index("waiting")


def test_a_failed_component_stays_in_sight_with_the_command_that_shows_why(story):
    crowd(story)
    story.end("larder.module_00-1", "failed", error="no agent")
    for index in range(1, 30):
        story.begin(f"larder.module_{index:02}-1", "run_tests")
        story.end(f"larder.module_{index:02}-1", outcome="proven")
    text = "\n".join(drawn(story, database=" --database x"))
    assert "✗ larder.module_00" in text
    assert "why failed: proctor sessions show larder.m --database x" in text
    assert "  proctor sessions show larder.m" in drawn(story, 40)


def test_a_command_that_is_wider_than_the_window_is_told_in_two_lines_that_a_shell_joins(story):
    crowd(story, 3)
    story.end("larder.module_00-1", "failed", error="no agent")
    database = " --database sqlite:////tmp/a/rather/long/place/proctor.db"
    foot = drawn(story, 70, database=database)[-3:-1]
    assert " ".join(foot).replace(" \\ ", "").split() == f"why failed: proctor sessions show larder.m{database}".split()


def test_whoever_is_asked_reads_the_command_that_answers(story):
    crowd(story, 3)
    story.begin("root", "approve", sequence=3)
    story.tell("root", "interaction_parked", waits_for="external", question="Land 12 tests?")
    assert any(
        "answer: proctor sessions answer root --database x" in line for line in drawn(story, database=" --database x")
    )
    story.tell("root", "interaction_completed", step="approve", status="ok", message=None)
    assert not any("answer:" in line for line in drawn(story))


def test_without_colours_the_bar_tells_what_is_done_too(story):
    story.root()
    story.proven("larder.shelf")
    story.child("larder.oven")
    assert "━─" in drawn(story)[0]


def test_in_a_narrow_window_names_leave_out_what_they_all_begin_with(story):
    crowd(story, 3)
    assert any("· .module_01" in line for line in drawn(story, 40))
    assert any("· larder.module_01" in line for line in drawn(story, 80))


def test_a_new_attempt_is_told_also_between_two_steps(story):
    story.root()
    story.done(story.child("larder.oven", attempt=2), "initialize")
    (row,) = [line for line in drawn(story) if "larder.oven" in line]
    assert "attempt 2  " in row


def test_a_pause_is_told_in_the_title_with_the_command_that_ends_it(story):
    crowd(story, 3)
    for each in ("root", "larder.module_00-1", "larder.module_01-1", "larder.module_02-1"):
        story.tell(each, "session_changed", status="active", paused=True)
    lines = drawn(story)
    assert "paused: proctor sessions resume root" in lines[0]
    assert any("3 components: 3 paused" in line for line in lines)


def test_budgets_never_push_out_what_is_said_beside_the_title(story):
    story.tell(
        "root", "session_created", workflow="context_testing", parent=None, subject={"name": "larder"},
        limits={"money": 2.0, "tokens": 1000, "seconds": 900},
    )  # fmt: skip
    assert (
        "cancelling… (Ctrl-C again to end at once)" in drawn(story, word="cancelling… (Ctrl-C again to end at once)")[0]
    )
    assert "of 2.00 USD" in drawn(story)[0]


def test_a_window_of_another_size_is_drawn_anew(story, monkeypatch):
    import asyncio

    from proctor.cli.runs import live

    monkeypatch.setattr(live, "FRAMES_PER_SECOND", 1000)
    crowd(story, 3)
    console, heads = Console(width=80, height=24, force_terminal=True, file=io.StringIO()), []

    async def watched():
        redrawn = asyncio.Event()

        def anew():
            heads.append(console.width)
            redrawn.set()

        async with live.drawn(console, story.view, lambda: None, anew):
            await asyncio.sleep(0)
            console.width = 60
            await redrawn.wait()

    asyncio.run(asyncio.wait_for(watched(), 10))
    assert heads == [60]
    assert "\x1b[H\x1b[2J" in console.file.getvalue()


def test_markup_in_foreign_text_is_only_text(story):
    story.root()
    session = story.child("larder.[red]oven")
    story.end(session, "failed", error="[bold]no[/bold] agent")
    text = "\n".join(drawn(story, 120))
    assert "larder.[red]oven" in text
    assert "[bold]no[/bold] agent" in text


def test_a_word_stands_beside_the_title(story):
    story.root()
    assert "cancelling…" in drawn(story, word="cancelling…")[0]
