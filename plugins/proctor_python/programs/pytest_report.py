"""Write one JSON line for everything that happens in a test run (a pytest plugin; pytest 6 and newer).

`PROCTOR_PYTEST` names a JSON file: `report` (the path of the lines), `seconds` and `test_seconds` (limits), `only`
(node ids, or null for all), `seed` (to shuffle, or null), `measure` (source files), `per_test`, `spare` (a folder
with a coverage package, or null). Each line is written at once, so that a crash loses nothing:

    {"kind": "collected", "tests": [node id...]}            in the order in which they will run
    {"kind": "importing", "path"} before a test file is, and null after it
    {"kind": "uncollected", "path", "message"}
    {"kind": "start", "test"} and {"kind": "test", "test", "outcome", "message", "duration", "found"}
                    `found` of one that failed: "LEFT == RIGHT" as source, each whole up to VALUE characters, or the
                    exception with its message up to MESSAGE_LIMIT; "" if neither is known
    {"kind": "stopped", "test", "message"}                   a limit was reached; the process ends
    {"kind": "coverage", "files", "per_test", "reason"}      `files` null: not measured, for this reason
    {"kind": "end"}
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import random
import reprlib
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import pytest
from proctor_coverage import Measurement

MESSAGE_LIMIT = 4_000
VALUE = 2_000
"""Characters of a value; of a longer one the beginning and the end are told, and `...` between them."""
GRACE = 5.0
IMPORTING = 3
"""So many times as long as a test may it take to import a file: it may be the first to import a large package."""
_HERE = str(Path(__file__).resolve().parent)
_STOPPED = 70
_RANK = {"passed": 0, "xpassed": 1, "xfailed": 1, "skipped": 1, "failed": 2, "error": 3}


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\\x00")


def _leave_path() -> None:
    """Take our own folder from the import path, so that no test ever meets it, and let the import root come first."""
    entries = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry != _HERE]
    os.environ["PYTHONPATH"] = os.pathsep.join(entries)
    sys.path[:] = _first(entries[0], [entry for entry in sys.path if entry != _HERE])


def _first(wanted: str, path: List[str]) -> List[str]:
    """Move an entry to the front: `python -m` puts the working folder there, which may have a package of that name."""
    return [wanted, *(entry for entry in path if entry != wanted)] if wanted in path else path


class Report:
    """The lines of one run, and the watch over its limits."""

    def __init__(self, config: Dict[str, Any]) -> None:
        """Start watching, then measuring: nothing of the user's was imported so far."""
        self.config = config
        self.pid = os.getpid()
        self.path = Path(config["report"])
        self.running: Optional[str] = None
        self.broken = False
        self.outcome: Dict[str, Any] = {}
        self.compared = ("", "")
        self.run_ends = time.monotonic() + config["seconds"]
        self.limit, self.test_ends = config["seconds"], self.run_ends
        self.main = threading.main_thread().ident
        self.done = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()
        self.measurement = Measurement(config["measure"], config["spare"])

    def write(self, kind: str, **entry: object) -> None:
        """Add one line; forked children of a test stay silent."""
        if os.getpid() == self.pid:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"kind": kind, **entry}) + "\n")

    def write_coverage(self) -> None:
        """Add what was measured so far."""
        files = self.measurement.result()
        per_test = self.measurement.per_context() if self.config["per_test"] else {}
        self.write("coverage", files=files, per_test=per_test, reason=self.measurement.reason)

    def begin(self, test: str) -> None:
        """Note which test is running."""
        self.running, self.compared = test, ("", "")
        self.outcome = {"outcome": "passed", "message": "", "duration": 0.0, "found": ""}
        self._set_limit(self.config["test_seconds"])
        self.write("start", test=test)
        if self.config["per_test"]:
            self.measurement.context(test)

    @contextlib.contextmanager
    def importing(self, path: str) -> Iterator[None]:
        """Note which file is imported, and watch how long that takes."""
        self._set_limit(IMPORTING * self.config["test_seconds"])
        self.write("importing", path=path)
        yield
        faulthandler.cancel_dump_traceback_later()
        self.test_ends = self.run_ends
        self.write("importing", path=None)

    def _set_limit(self, seconds: float) -> None:
        self.limit, self.test_ends = seconds, time.monotonic() + seconds
        # Python's own watch needs the interpreter lock, which an endless loop in C may hold.
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=sys.__stderr__ or 2)

    def judge(self, report: pytest.TestReport) -> None:
        """Let a phase of the running test change its outcome: an error beats a failure beats anything else."""
        self.outcome["duration"] = round(self.outcome["duration"] + report.duration, 4)
        outcome = _outcome(report)
        if _RANK[outcome] > _RANK[self.outcome["outcome"]]:
            self.outcome.update(outcome=outcome, message=_message(report))
            self.outcome["found"] = self._found(report) if report.failed else ""

    def _found(self, report: pytest.TestReport) -> str:
        """Tell which comparison failed; a `pytest.raises` may have caught the last one, another failure came then."""
        crash = str(getattr(getattr(report.longrepr, "reprcrash", None), "message", ""))
        sign, values = self.compared
        failed = crash.startswith(("assert ", "AssertionError: ")) and f" {sign} " in crash
        return _clean(values if sign and failed else crash[:MESSAGE_LIMIT])

    def finish(self) -> None:
        """Write the outcome of the running test."""
        faulthandler.cancel_dump_traceback_later()
        if self.broken:  # every later test would fail for it: go on in a new process
            self.write("stopped", test=self.running, message="this test closed sys.stdout or sys.stderr")
            os._exit(_STOPPED)
        if self.running is not None:
            self.write("test", test=self.running, **self.outcome)
        self.running, self.test_ends = None, self.run_ends
        if self.config["per_test"]:
            self.measurement.context("")

    def _watch(self) -> None:
        while not self.done.wait(0.1):
            now = time.monotonic()
            if now > self.run_ends or now > self.test_ends:
                self._stop(self.config["seconds"] if now > self.run_ends else self.limit)
        time.sleep(GRACE)
        os._exit(_STOPPED)  # a thread of some test does not end; all is written

    def _stop(self, seconds: float) -> None:
        frame = sys._current_frames().get(self.main or 0)  # noqa: SLF001  the documented way to see another thread
        where = "".join(traceback.format_stack(frame, limit=8)) if frame else ""
        message = f"stopped after {seconds:g} s; it was here:\n{where}"
        self.write("stopped", test=self.running, message=_clean(message)[-MESSAGE_LIMIT:])
        with contextlib.suppress(BaseException):
            self.write_coverage()
        os._exit(_STOPPED)


def _outcome(report: pytest.TestReport) -> str:
    expected = hasattr(report, "wasxfail")
    if report.failed:
        return "failed" if report.when == "call" else "error"
    if report.skipped:
        return "xfailed" if expected else "skipped"
    return "xpassed" if expected and report.when == "call" else "passed"


def _message(report: Any) -> str:  # test and collection reports, of any version
    if hasattr(report, "wasxfail"):
        return _clean(str(report.wasxfail))[-MESSAGE_LIMIT:]
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):  # a skip: path, line, reason
        return _clean(str(longrepr[2]))[-MESSAGE_LIMIT:]
    try:
        return _clean(str(longrepr or ""))[-MESSAGE_LIMIT:]
    except Exception as error:  # noqa: BLE001  an object of the test that cannot be printed
        return f"the failure cannot be shown: {type(error).__name__}"


def _source(value: object) -> str:
    shown = reprlib.Repr()
    shown.maxlevel = 20
    for limit in ("string", "other", "long", "list", "tuple", "dict", "set", "frozenset", "deque", "array"):
        setattr(shown, f"max{limit}", VALUE)
    text = shown.repr(value)
    return text if len(text) <= VALUE else f"{text[: VALUE // 2]}...{text[-VALUE // 2 :]}"


def _open() -> Report:
    config = json.loads(Path(os.environ.pop("PROCTOR_PYTEST")).read_text(encoding="utf-8"))
    _leave_path()
    return Report(config)


REPORT = _open()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """Keep the wanted tests, shuffle them if asked, and say what will run."""
    only = REPORT.config["only"]
    if only is not None:
        wanted = set(only)
        items[:] = [item for item in items if _clean(item.nodeid) in wanted]
    if REPORT.config["seed"] is not None:
        random.Random(REPORT.config["seed"]).shuffle(items)  # noqa: S311  an order, not a secret
    REPORT.write("collected", tests=[_clean(item.nodeid) for item in items])


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Bracket the import of a test file; one that would end pytest is only not collected."""
    if not isinstance(collector, pytest.Module):
        yield
        return
    with REPORT.importing(_clean(collector.nodeid)):
        outcome: Any = yield
    if outcome.excinfo is not None and issubclass(outcome.excinfo[0], (SystemExit, KeyboardInterrupt)):
        message = f"importing it raised {outcome.excinfo[0].__name__}: {_clean(str(outcome.excinfo[1]))}"
        outcome.force_result(pytest.CollectReport(collector.nodeid, "failed", message, []))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Say what could not be collected; a file that skips itself counts, too."""
    if report.failed or report.skipped:
        REPORT.write("uncollected", path=_clean(report.nodeid), message=_message(report), skipped=report.skipped)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Bracket one test; what stops the whole session in it leaves it unfinished."""
    REPORT.begin(_clean(item.nodeid))
    yield


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_call() -> Iterator[None]:
    """Notice a test that closes what pytest captures."""
    streams = (sys.stdout, sys.stderr)
    yield
    REPORT.broken = any(stream.closed for stream in streams)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> None:
    """Note both values of a comparison that fails; pytest itself shortens them in what it says of it."""
    REPORT.compared = ("", "")
    with contextlib.suppress(Exception):  # a `__repr__` of the test's may raise
        REPORT.compared = (op, f"{_source(left)} {op} {_source(right)}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take in one phase of a test."""
    if REPORT.running is not None:
        REPORT.judge(report)


@pytest.hookimpl(trylast=True)
def pytest_runtest_logfinish() -> None:
    """Close the running test."""
    REPORT.finish()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Write what was measured."""
    faulthandler.cancel_dump_traceback_later()
    REPORT.done.set()
    REPORT.write_coverage()
    REPORT.write("end")
