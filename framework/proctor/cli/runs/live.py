"""A run as a tree that is drawn again and again on a terminal. It never needs more lines than there are."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.control import Control
from rich.live import Live
from rich.text import Text

from proctor.cli.program import command
from proctor.cli.tree.view import DROP, FIX, SessionView, TreeView
from proctor.cli.wording import SHORT_ID, clock, count, first_line, gist, shortened

FRAMES_PER_SECOND = 10
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SIGNS = {
    "proven": ("✓", "green"),
    "complete": ("✓", "green"),
    "partial": ("◐", "yellow"),
    "none": ("○", "yellow"),
    "failed": ("✗", "red"),
    "blocked": ("!", "red"),
    "paused": ("‖", "yellow"),
    "cancelled": ("–", "dim"),
}
"""State -> its sign and colour."""
NARROW, WIDE, WIDEST = 60, 100, 140
"""Columns from which on there is room for coverage, and for what a step is doing; and that an eye can follow."""
COVERAGE, TIME = 11, 6
"""Widths of columns."""
BARS = range(5, 51)
"""Columns that the bar may have; with less room there is none, for the percentage is beside it."""


@asynccontextmanager
async def drawn(
    console: Console, view: TreeView, word: Callable[[], str | None], anew: Callable[[], None], database: str = ""
) -> AsyncIterator[None]:
    """Draw `view` until the block is left.

    `word` gives what is said beside the title, if anything. `anew` prints what stood above the tree: a window that
    gets another size is cleared, for nobody knows how it broke the lines that it had. `database` ends commands.
    """
    begun = time.monotonic()

    def picture() -> RenderableType:
        tick = int((time.monotonic() - begun) * FRAMES_PER_SECOND)
        return frame(view, time.time(), console.width, console.height, tick=tick, word=word(), database=database)

    async def redraw(live: Live) -> None:
        size = console.size
        while True:
            if console.size != size:
                size = console.size
                console.control(Control.home(), Control.clear())
                anew()
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
    view: TreeView,
    now: float,
    width: int,
    height: int,
    *,
    tick: int = 0,
    word: str | None = None,
    database: str = "",
) -> RenderableType:
    """Draw the tree as it is `now` into at most `height` - 1 lines."""
    root = view.root
    if root is None:
        return Text("")
    steps = [_step(root, step, tick) for step in root.line]
    split = _current(root) + 1
    feet = [*([_counts(view)] if view.components else []), *_hints(view, width, database)]
    room = max(1, height - 1 - 1 - len(steps) - len(feet))
    return Group(
        _title(view, root, now, width, word or _held(view, database)),
        *steps[:split],
        *_rows(view, room, now, width, tick),
        *feet,
        *steps[split:],
    )


def _title(view: TreeView, root: SessionView, now: float, width: int, word: str | None) -> Text:
    time_text = clock(view.elapsed(now))
    name = shortened(root.name, max(10, width // 3))
    spent = f"  {told}" if (told := view.spending.told()) else ""
    done = f" {int(view.progress * 100):3} %  {time_text}"
    rest = Text.assemble(done, (f"  {word}" if word else "", "yellow"), spent)
    bar = min(BARS[-1], width - cell_len(name) - len("  ") - rest.cell_len)
    bar = bar if bar in BARS else 0
    full = int(bar * view.progress)
    return Text.assemble(
        (name, "bold"), "  ", ("━" * full, "cyan"), ("─" * (bar - full), "bright_black"), rest,
        no_wrap=True, overflow="ellipsis",
    )  # fmt: skip


def _held(view: TreeView, database: str) -> str | None:
    """Say what keeps the tree from going on, and for a pause the command that ends it."""
    paused = view.paused()
    if paused:
        return f"paused: {command(f'sessions resume {paused[0].id[:SHORT_ID]}{database}')}"
    blocked = view.root.blocked if view.root else None
    return f"blocked: {first_line(blocked)}" if blocked else None


def _hints(view: TreeView, width: int, database: str) -> Iterator[Text]:
    """Name the command that answers who waits, or shows why a component ended badly: the worst, of several the last."""
    if (asking := view.asking()) is not None:
        way = command(f"sessions answer {asking.id[:SHORT_ID]}")
        yield from _hint("answer", way, database, asking.name, width)
    elif (bad := view.trouble()) is not None:
        way = command(f"sessions show {bad.id[:SHORT_ID]}")
        yield from _hint(f"why {bad.verdict}", way, database, bad.name, width)


def _hint(label: str, way: str, database: str, name: str, width: int) -> Iterator[Text]:
    """Write a command so that it can be copied: the widest form that fits, else in two lines that a shell joins."""
    whole = f"{way}{database}"
    forms = [f"  {label}: {whole}  {name}", f"  {label}: {whole}", f"  {whole}"]
    lines = next(([form] for form in forms if cell_len(form) <= width), [f"  {label}: {way} \\", f"   {database}"])
    yield from (Text(line, "dim", no_wrap=True, overflow="ellipsis") for line in lines)


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
    """Choose what fits: all, in their order; else those that run, that need a look, that ended last, that wait."""
    if len(ordered) <= room:
        return [*ordered]
    running = [each for each in ordered if each.is_running]
    ended = sorted(
        (each for each in ordered if each.ended is not None),
        key=lambda each: (each.verdict != "failed", -(each.ended or 0.0)),
    )
    waiting = [each for each in ordered if each.began is None and each.ended is None]
    return [*running, *ended, *waiting][:room]


def _rows(view: TreeView, room: int, now: float, width: int, tick: int) -> Iterator[Text]:
    """Write a line for each: sign, name, state, coverage, time. The state gets the room that is left."""
    ordered = view.ordered()
    names = _names(view, width)
    column = min(max(map(cell_len, names.values()), default=0), max(12, width * 2 // 5))
    coverages = COVERAGE if width >= NARROW else 0
    states = max(8, min(width, WIDEST) - len("  ✓ ") - column - coverages - TIME - 3)
    for each in _chosen(ordered, room):
        sign, colour = _sign(each, tick)
        name = shortened(names[each.id], column)
        state, product = _state(each, width), each.made()
        coverage = product.coverage if each.ended is not None and product.tests else ""
        shown = f"{coverage:>{coverages}}" if coverage and coverages else ""
        state.truncate(states + coverages - len(shown), overflow="ellipsis", pad=True)
        time_text = clock(each.seconds(now)) if each.began is not None or each.earlier else ""
        yield Text.assemble(
            ("  " + sign, colour), " ", (name, "" if each.began is not None else "dim"),
            " " * (column - cell_len(name)), "  ", state, shown, (f"{time_text:>{TIME}}", "dim"),
            no_wrap=True, overflow="ellipsis",
        )  # fmt: skip


def _names(view: TreeView, width: int) -> dict[str, str]:
    """Give each component's name; where there is little room, without the package that all of them begin with."""
    package = f"{view.root.name}." if view.root else ""
    every = view.components.values()
    spare = width < NARROW and all(each.name.startswith(package) for each in every)
    return {each.id: each.name[len(package) - 1 :] if spare and package else each.name for each in every}


def _sign(session: SessionView, tick: int) -> tuple[str, str]:
    if session.ended is not None or (session.state in ("blocked", "paused") and session.step is None):
        return SIGNS.get(session.state, ("✓", "green"))
    if session.is_running:
        return SPINNER[tick % len(SPINNER)], "yellow" if session.rounds else "cyan"
    return "·", "dim"


def _state(session: SessionView, width: int) -> Text:
    text = Text(overflow="ellipsis", no_wrap=True)
    if session.attempt > 1:
        text.append(f"attempt {session.attempt}", "yellow")
        text.append(" · " if session.ended is not None or session.state != "running" or session.step else "")
    if session.ended is not None:
        return text.append_text(_ended(session))
    if session.blocked:
        return text.append(f"blocked: {first_line(session.blocked)}", "red")
    if session.paused and session.step is None:
        return text.append("paused", "yellow")
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
    line = f"  {count(len(view.components), 'component')}: {', '.join(told)}"
    return Text(line, "dim", no_wrap=True, overflow="ellipsis")


def _order(state: tuple[str, int]) -> tuple[int, str]:
    known = ["running", *SIGNS, "waiting"]
    return (known.index(state[0]) if state[0] in known else len(known), state[0])
