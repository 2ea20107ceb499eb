import pytest
from rich.console import Console

from proctor.cli.live import frame


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
