"""Reports of a run for pull requests, continuous integration and programs: what they tell, and writing them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from proctor import __version__
from proctor.app import App, open_app
from proctor.cli.lazy import FAILED, Refusal
from proctor.cli.reports.files import Format, format_of
from proctor.cli.runs.about import StrangerStep, strangers
from proctor.cli.runs.running import interpreter
from proctor.cli.sessions.lookup import find
from proctor.cli.tree.past import log_of, view_of
from proctor.cli.tree.product import DroppedTest, Product, mapping, mappings, text, texts, whole
from proctor.cli.tree.summary import Row, Summary, summarise
from proctor.config import Settings
from proctor.domain.head import Head
from proctor.domain.json import EMPTY, JsonObject


@dataclass(frozen=True, slots=True)
class Delivered:
    """A test that landed."""

    test: str
    """Its name in pytest."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one component, with its tests by name."""

    row: Row
    delivered: tuple[Delivered, ...]
    """Empty also for a session whose last step did not tell the names."""
    dropped: tuple[DroppedTest, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of a session tree."""

    name: str
    workflow: str
    agent: str
    repository: str
    base: str
    created_at: float
    interpreter: str | None
    summary: Summary
    parts: tuple[Part, ...]
    strangers: tuple[StrangerStep, ...]
    notices: tuple[str, ...]
    version: str = __version__


async def write_reports(app: App, session_id: str, files: Sequence[Path]) -> list[str]:
    """Write a report of a session's tree into each file, in the format that its suffix names.

    Whatever the tree's status is. What cannot be written keeps no other from being written, and is told.
    """
    if not files:
        return []
    report = await told(app, await app.sessions.head(app.scope, session_id))
    return [problem for file in files if (problem := _written(file, rendered(report, format_of(file))))]


async def document(settings: Settings, prefix: str, wanted: Format) -> str:
    """Give the report of the tree that the session belongs to whose id begins with `prefix`."""
    async with open_app(settings) as app:
        return rendered(await told(app, await find(app, prefix)), wanted)


def rendered(report: Report, wanted: Format) -> str:
    """Write a report in a format."""
    from proctor.cli.reports import json, junit, markdown

    ways: Mapping[Format, Callable[[Report], str]] = {
        "markdown": markdown.markdown,
        "junit": junit.junit,
        "json": json.json,
    }
    return ways[wanted](report)


def save(file: Path, report: str) -> None:
    """Write a report to a file. Raises Refusal."""
    if problem := _written(file, report):
        raise Refusal(problem, FAILED)


async def told(app: App, head: Head) -> Report:
    """Gather what is to be told of the whole tree that a session belongs to."""
    root = await app.sessions.head(app.scope, head.birth.root)
    tree = await app.store.tree(app.scope, root.id)
    assert tree is not None
    summary = summarise(await view_of(app, tree))
    landing = await _landing(app, root)
    subject = root.birth.subject
    return Report(
        name=text(subject.get("name")) or root.birth.workflow,
        workflow=root.birth.workflow,
        agent=root.birth.agent.name,
        repository=text(subject.get("repository")) or "",
        base=text(subject.get("base")) or "",
        created_at=root.birth.created_at,
        interpreter=interpreter(root),
        summary=summary,
        parts=tuple(_part(row, summary, landing) for row in summary.rows),
        strangers=strangers(tree),
        notices=tuple(_notices(root, summary, landing)),
    )


async def _landing(app: App, root: Head) -> JsonObject:
    """Give the data of the root's last result that tells which tests landed; the product has no room for that."""
    results = [each.result for each in await log_of(app, root) if each.result is not None]
    return next((result.data for result in reversed(results) if "landed" in result.data), EMPTY)


def _part(row: Row, summary: Summary, landing: JsonObject) -> Part:
    delivered = (
        Delivered(text(each.get("test")) or "", seconds if isinstance(seconds := each.get("duration"), float) else 0.0)
        for each in mappings(landing.get("landed"))
    )
    removed = [DroppedTest.read(each) for each in mappings(landing.get("removed"))]
    removed = removed or [DroppedTest(test, reason) for test, reason in summary.removed.items()]
    return Part(
        row,
        tuple(each for each in delivered if _is_of(row.product, each.test)),
        (*row.product.dropped_tests, *(each for each in removed if _is_of(row.product, each.test))),
    )


def _is_of(product: Product, test: str) -> bool:
    return test.partition("::")[0] in product.files


def _notices(root: Head, summary: Summary, landing: JsonObject) -> Iterator[str]:
    """Say what somebody should know who trusts the outcome."""
    product = root.product or EMPTY
    yield from texts(product.get("notices")) or texts(root.state.get("notices"))
    yield from (f"{row.name}: {each}" for row in summary.rows for each in row.product.notices)
    for what, number in mapping(product.get("left_out")).items():
        yield f"the account of {what} was too long to keep: {whole(number)} of them are not told"
    for test in texts(mapping(landing.get("suite")).get("not_ours")):
        yield f"a test of the existing suite failed for reasons of its own: {test}"


def _written(file: Path, report: str) -> str | None:
    """Write a file, or say why that cannot be done."""
    try:
        file.write_text(report, encoding="utf-8")
    except OSError as error:
        return f"the report {file} cannot be written: {error.strerror}"
    return None
