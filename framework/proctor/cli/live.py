"""A run as a tree that is drawn again and again on a terminal. It never needs more lines than there are."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from proctor.cli.view import DROP, FIX, SessionView, TreeView
from proctor.cli.wording import change, clock, count, first_line, gist, shortened

FRAMES_PER_SECOND = 10
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SIGNS = {
    "proven": ("✓", "green"),
    "complete": ("✓", "green"),
    "partial": ("◐", "yellow"),
    "none": ("○", "yellow"),
    "failed": ("✗", "red"),
    "blocked": ("!", "red"),
    "cancelled": ("–", "dim"),
}
"""State -> its sign and colour."""
NARROW, WIDE, WIDEST = 60, 100, 140
"""Columns from which on there is room for coverage, and for what a step is doing; and that an eye can follow."""
COVERAGE, TIME = 11, 6
"""Widths of columns."""


@asynccontextmanager
async def drawn(console: Console, view: TreeView, word: Callable[[], str | None]) -> AsyncIterator[None]:
    """Draw `view` until the block is left; `word` gives what is said beside the title, if anything."""
    begun = time.monotonic()

    def picture() -> RenderableType:
        tick = int((time.monotonic() - begun) * FRAMES_PER_SECOND)
        return frame(view, time.time(), console.width, console.height, tick=tick, word=word())

    async def redraw(live: Live) -> None:
        while True:
            live.update(picture(), refresh=True)
            await asyncio.sleep(1 / FRAMES_PER_SECOND)

    with Live(console=console, auto_refresh=False, transient=True) as live:
        drawing = asyncio.ensure_future(redraw(live))
        try:
            yield
        finally:
            drawing.cancel()
            with suppress(asyncio.CancelledError):
                await drawing


def frame(
    view: TreeView, now: float, width: int, height: int, *, tick: int = 0, word: str | None = None
) -> RenderableType:
    """Draw the tree as it is `now` into at most `height` - 1 lines."""
    root = view.root
    if root is None:
        return Text("")
    steps = [_step(root, step, tick) for step in root.line]
    split = _current(root) + 1
    room = max(1, height - 1 - 2 - len(steps))
    return Group(
        _title(view, root, now, width, word),
        *steps[:split],
        *_rows(_chosen(view.ordered(), room), now, width, tick),
        *([_counts(view)] if view.components else []),
        *steps[split:],
    )


def _title(view: TreeView, root: SessionView, now: float, width: int, word: str | None) -> Text:
    time_text = clock((root.ended or now) - root.created)
    name = shortened(root.name, max(10, width // 3))
    spent = f"  {told}" if (told := view.spending.told()) else ""
    bar = max(10, min(50, width - len(name) - len(time_text) - len(spent) - len(word or "") - 12))
    full = round(bar * view.progress)
    return Text.assemble(
        (name, "bold"), "  ", ("━" * full, "cyan"), ("━" * (bar - full), "bright_black"),
        f" {int(view.progress * 100):3} %  {time_text}", spent, (f"  {word}" if word else "", "yellow"),
        no_wrap=True, overflow="ellipsis",
    )  # fmt: skip


def _current(root: SessionView) -> int:
    """Give the place of the step below which the components hang: the one that spawned them, or the one at hand."""
    return root.line.index(root.step) if root.step in root.line else min(root.passed, len(root.line) - 1)


def _step(root: SessionView, step: str, tick: int) -> Text:
    place = root.line.index(step)
    if step == root.step:
        text = _line(SPINNER[tick % len(SPINNER)], "cyan", step, "bold")
    elif place < root.passed:
        return _line("✓", "green", step, "")
    else:
        return _line("·", "dim", step, "dim")
    found = gist(root.doing or (root.found if root.last and root.last[0] == step else None))
    text.append(f"  {found}" if found else "", "dim")
    return text


def _line(sign: str, colour: str, what: str, style: str) -> Text:
    return Text.assemble((sign, colour), " ", (what, style), no_wrap=True, overflow="ellipsis")


def _chosen(ordered: Sequence[SessionView], room: int) -> list[SessionView]:
    """Choose what fits: all, in their order; else those that run, then those that ended last."""
    if len(ordered) <= room:
        return [*ordered]
    running = [each for each in ordered if each.is_running]
    ended = sorted((each for each in ordered if each.ended is not None), key=lambda each: -(each.ended or 0.0))
    waiting = [each for each in ordered if each.began is None]
    return [*running, *ended, *waiting][:room]


def _rows(sessions: Sequence[SessionView], now: float, width: int, tick: int) -> Iterator[Text]:
    """Write a line for each: sign, name, state, coverage, time. The state gets the room that is left."""
    names = min(max((len(each.name) for each in sessions), default=0), max(12, width * 2 // 5))
    coverages = COVERAGE if width >= NARROW else 0
    states = max(8, min(width, WIDEST) - len("  ✓ ") - names - coverages - TIME - 3)
    for each in sessions:
        sign, colour = _sign(each, tick)
        name = shortened(each.name, names)
        state, product = _state(each, width), each.made()
        state.truncate(states, overflow="ellipsis", pad=True)
        coverage = change(product.before, product.after) if each.ended is not None and product.tests else ""
        time_text = clock(each.seconds(now)) if each.began is not None else ""
        yield Text.assemble(
            ("  " + sign, colour), " ", (f"{name:{names}}", "" if each.began is not None else "dim"), "  ", state,
            f"{coverage[:coverages]:>{coverages}}", (f"{time_text:>{TIME}}", "dim"),
            no_wrap=True, overflow="ellipsis",
        )  # fmt: skip


def _sign(session: SessionView, tick: int) -> tuple[str, str]:
    if session.ended is not None:
        return SIGNS.get(session.verdict, ("✓", "green"))
    if session.is_running:
        return SPINNER[tick % len(SPINNER)], "yellow" if session.rounds else "cyan"
    return "·", "dim"


def _state(session: SessionView, width: int) -> Text:
    text = Text(overflow="ellipsis", no_wrap=True)
    if session.attempt > 1:
        text.append(f"attempt {session.attempt} · ", "yellow")
    if session.ended is not None:
        return text.append_text(_ended(session))
    if session.blocked:
        return text.append(f"blocked: {first_line(session.blocked)}", "red")
    if session.began is None:
        return text.append("waiting", "dim")
    if session.rounds:
        text.append(f"fix round {session.rounds}", "yellow")
    if session.step and session.step != FIX:
        text.append(" · " if session.rounds else "")
        text.append(session.step, "yellow" if session.step == DROP else "")
    note = gist(session.doing or (session.found if session.step in (FIX, DROP) else None))
    if note and width >= WIDE:
        text.append(f"  {note}", "dim")
    return text


def _ended(session: SessionView) -> Text:
    _, colour = SIGNS.get(session.verdict, ("", "green"))
    product, text = session.made(), Text(session.verdict, colour)
    if product.tests:
        text.append(f"  {count(product.tests, 'test')}")
    elif why := first_line(session.error if session.status == "failed" else product.reason):
        text.append(f"  {why}", "dim")
    return text


def _counts(view: TreeView) -> Text:
    told = [f"{number} {state}" for state, number in sorted(view.counts().items(), key=_order)]
    return Text("  " + count(len(view.components), "component") + ": " + ", ".join(told), "dim", no_wrap=True)


def _order(state: tuple[str, int]) -> tuple[int, str]:
    known = ["running", *SIGNS, "waiting"]
    return (known.index(state[0]) if state[0] in known else len(known), state[0])
