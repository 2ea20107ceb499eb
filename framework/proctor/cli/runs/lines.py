"""A run as plain lines, one for each thing worth knowing: for logs, pipes and screen readers."""

from collections.abc import Iterator

from proctor.cli.program import command
from proctor.cli.tree.product import Product, SuspectedBug, text
from proctor.cli.tree.spending import of_one, reported
from proctor.cli.tree.view import DROP, EXTERNAL, FIX, TROUBLE, SessionView, TreeView
from proctor.cli.wording import SHORT_ID, clean, clipped, clock, count, duration, first_line, gist
from proctor.domain.event import Event
from proctor.domain.session import TERMINAL
from proctor.domain.workflow import FAULT, OK


def lines_of(view: TreeView, event: Event, session: SessionView, database: str = "") -> Iterator[str]:
    """Tell what is worth knowing of an event that `view` has just taken in; `database` ends the commands in it."""
    usage = reported(event) if event.kind == "interaction_completed" else None
    if event.kind == "interaction_parked" and event.data.get("waits_for") == EXTERNAL:
        told = iter((_asked(event, session, database),))
    elif session is view.root:
        told = _of_root(view, event, session, database)
    else:
        told = _of_component(view, event, session, database)
    spent = [f"{event.data.get('step')}: {of_one(usage)}; in all {view.spending.told()}"] if usage else []
    for line in (*told, *spent):
        yield f"{clock(view.elapsed(event.at)):>7}  {session.name}: {line}"


def _way(verb: str, session: SessionView, database: str) -> str:
    return f"({command(f'sessions {verb} {session.id[:SHORT_ID]}{database}')})"


def _asked(event: Event, session: SessionView, database: str) -> str:
    question = first_line(text(event.data.get("question")))
    return f"{_said(f'{session.step} waits for an answer', question)} {_way('answer', session, database)}"


def _of_root(view: TreeView, event: Event, session: SessionView, database: str) -> Iterator[str]:
    data = event.data
    match event.kind:
        case "interaction_parked" if session.last is None or session.last[0] != session.step:
            yield f"{session.step}: {count(len(view.components), 'component')}"
        case "interaction_completed" | "interaction_abandoned" if not session.repeated:
            yield _completed(event)
        case "session_changed" if session.blocked:
            yield f"blocked: {clipped(first_line(session.blocked))}"
        case "session_changed" if session.paused:
            yield f"paused {_way('resume', session, database)}"
        case "session_changed" if session.status in TERMINAL:
            yield _said(session.status, data.get("error") if session.status == "failed" else None)


def _of_component(view: TreeView, event: Event, session: SessionView, database: str) -> Iterator[str]:
    match event.kind:
        case "interaction_started" if session.step == FIX:
            yield _said(f"fix round {session.rounds}", session.found)
        case "interaction_started" if session.step == DROP:
            yield _said("dropping tests", session.found)
        case "interaction_started" if event.data.get("sequence") == 1:
            yield "started" if session.attempt == 1 else f"started again, attempt {session.attempt}"
        case "interaction_completed" if _is_worth_a_line(event) and not session.repeated:
            yield _completed(event)
        case "interaction_abandoned" if session.status not in TERMINAL:
            yield _completed(event)
        case "session_changed" if session.blocked:
            yield f"blocked: {clipped(first_line(session.blocked))}"
        case "session_changed" if session.paused and not (view.root and view.root.paused):
            yield f"paused {_way('resume', session, database)}"
        case "session_changed" if session.status in TERMINAL:
            yield from _ended(view, session, database)


def _is_worth_a_line(event: Event) -> bool:
    """Whether a component's step dropped tests or went wrong; what checks found is told when it is acted on."""
    step, status = event.data.get("step"), event.data.get("status")
    return step == DROP or status == FAULT or (step == FIX and status != OK)


def _ended(view: TreeView, session: SessionView, database: str) -> Iterator[str]:
    product = session.made()
    for bug in product.bugs:
        yield f"suspected bug: {told(bug)}"
    done = f" · {view.done} of {len(view.components)} done" if session.status == "complete" else ""
    closer = f" {_way('show', session, database)}" if session.verdict in TROUBLE else ""
    yield f"{_result(session, product)}{done}{closer}"


def _result(session: SessionView, product: Product) -> str:
    if session.status == "failed":
        return _said("failed", session.error)
    if session.status == "cancelled":
        return "cancelled"
    if not product.tests:
        return _said(session.verdict, product.reason)
    parts = [session.verdict, count(product.tests, "test")]
    if product.dropped:
        parts.append(f"{product.dropped} dropped")
    if product.after is not None:
        parts.append(f"coverage {product.coverage}")
    return ", ".join([*parts, duration(session.seconds(session.ended or 0.0))])


def told(bug: SuspectedBug) -> str:
    """Tell of a suspected bug in one line."""
    where = f" (line {bug.line})" if bug.line else ""
    if not bug.expected:
        return f"{bug.test}{where}: {clipped(first_line(bug.message))}"
    first = first_line(bug.expected), first_line(bug.message)
    pairs = zip(clean(bug.expected).splitlines(), clean(bug.message).splitlines(), strict=False)
    expected, found = next((pair for pair in pairs if pair[0] != pair[1]), first)
    expected, found = expected.strip(), found.strip()
    pair = enumerate(zip(expected, found, strict=False))
    differs = next((at for at, (one, other) in pair if one != other), min(len(expected), len(found)))
    return f"{bug.test}{where}: expected {clipped(expected, differs)}, found {clipped(found, differs)}"


def _completed(event: Event) -> str:
    data = event.data
    if event.kind == "interaction_abandoned":
        return f"{data.get('step')}: abandoned"
    status = "done" if data.get("status") == OK else str(data.get("status"))
    return _said(f"{data.get('step')}: {status}", data.get("message"))


def _said(what: str, message: object) -> str:
    line = clipped(gist(text(message) if isinstance(message, str) else None))
    return f"{what}: {line}" if line else what
