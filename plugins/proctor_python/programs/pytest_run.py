"""Run pytest in the target and gather what its report lines say, whatever becomes of the process."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Set

import target

RESTARTS = 5
_BROKEN = (3, 4)  # pytest's exit codes for an error of its own, and for options that it does not understand
_CONFIGS = {  # file: what it must hold
    "pytest.ini": "",
    ".pytest.ini": "",
    "pytest.toml": "",
    ".pytest.toml": "",
    "pyproject.toml": "[tool.pytest",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
}
_OPTIONS = (
    *("-p", "pytest_report", "-p", "no:cacheprovider", "-o", "addopts="),
    *("-p", "no:randomly"),  # the order is the files' own, or ours
    *("--continue-on-collection-errors", "-q"),
)
_GRACE = 15.0
_NOTED = {  # kind of line: where what it says is noted
    "collected": ("collected", "tests"),
    "importing": ("importing", "path"),
    "start": ("running", "test"),
    "stopped": ("stopped", "message"),
}


@dataclass(frozen=True)
class Plan:
    """What to run: files or folders, limits in seconds, and what to watch."""

    paths: Sequence[str]
    seconds: float
    test_seconds: float
    measure: Sequence[str] = ()
    per_test: bool = False
    seed: Optional[int] = None
    shuffle: bool = False
    only: Optional[Sequence[str]] = None
    ignore: Sequence[str] = ()


@dataclass
class Outcomes:
    """What came of a run.

    `tests`: node id -> {outcome, message, duration, found}; an outcome is passed, failed, error, skipped, xfailed or
    xpassed.
    `unreached`: tests that the run did not come to. `uncollected`: path -> message. `coverage`: file -> lines and arcs.
    `ended` is False when pytest itself broke down or ran out of time; `message` then says how. `broken` is True when it
    could not even begin, which no test is to blame for.
    """

    tests: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    unreached: List[str] = field(default_factory=list)
    uncollected: Dict[str, str] = field(default_factory=dict)
    coverage: Optional[Dict[str, Any]] = None
    per_test: Dict[str, Any] = field(default_factory=dict)
    not_measured: str = ""
    ended: bool = False
    broken: bool = False
    message: str = ""

    def good(self, test: str) -> bool:
        """Tell whether the test passed in this run."""
        return bool(self.tests.get(test, {}).get("outcome") == "passed")

    def bad(self) -> List[str]:
        """Return the tests that failed or had an error."""
        return [test for test, entry in self.tests.items() if entry["outcome"] in ("failed", "error")]


@dataclass
class _Part:
    """The report lines of one process."""

    collected: Optional[List[str]] = None
    importing: Optional[str] = None
    running: Optional[str] = None
    stopped: str = ""
    ended: bool = False
    measured: bool = False
    finished: target.Finished = field(default_factory=lambda: target.Finished(None, ""))


def run(where: target.Target, plan: Plan) -> Outcomes:
    """Run the tests; one that hangs or ends the interpreter is named, and the others run without it.

    The same holds for a file that does so while it is imported.
    """
    outcomes, ends = Outcomes(), time.monotonic() + plan.seconds
    culprits: Set[str] = set()
    only = plan.only
    for _ in range(RESTARTS + 1):
        left = ends - time.monotonic()
        part = _once(where, plan, only, max(left, 1.0), outcomes)
        outcomes.ended = part.ended
        if part.collected is None and part.importing and time.monotonic() < ends:
            plan = _without(plan, part.importing)
            outcomes.message = outcomes.uncollected[part.importing] = target.end(_how(part), 4_000)
            if not plan.paths:
                break
            continue
        outcomes.broken = _is_broken(part, outcomes)
        missing = [test for test in part.collected or () if test not in outcomes.tests]
        if part.running in missing:
            _blame(outcomes, part)
            culprits.add(part.running)
            missing.remove(part.running)
        outcomes.unreached, outcomes.message = missing, _how(part)
        if part.running is None or not part.collected or time.monotonic() > ends:
            break
        lost = bool(plan.measure) and not part.measured  # what ran is measured again
        only = [test for test in part.collected if test not in culprits] if lost else missing
        if not only:
            outcomes.ended = True
            break
    return outcomes


def _is_broken(part: _Part, outcomes: Outcomes) -> bool:
    """Tell whether pytest could not even begin: no file is to blame then."""
    return part.running is None and not outcomes.tests and part.finished.exit_code in _BROKEN


def _without(plan: Plan, path: str) -> Plan:
    """Leave out a file; one that is named itself would be run, ignored or not."""
    return replace(plan, paths=[other for other in plan.paths if other != path], ignore=[*plan.ignore, path])


def as_list(outcomes: Outcomes, room: int = 1_000_000) -> List[Dict[str, Any]]:
    """Return one entry a test, their messages in `room` characters; those not reached are errors that say why.

    A case that is skipped while another of its test passes is left out: what it needs is not on this machine.
    """
    limit = max(200, min(4_000, room // max(len(outcomes.tests), 1)))
    proven = {test.partition("[")[0] for test, entry in outcomes.tests.items() if entry["outcome"] == "passed"}
    done = [
        {"test": test, **entry, "message": target.end(entry["message"], limit), "found": entry.get("found", "")[:limit]}
        for test, entry in outcomes.tests.items()
        if entry["outcome"] != "skipped" or test.partition("[")[0] not in proven
    ]
    message = f"not reached: {target.end(outcomes.message, 200)}"
    return done + [
        {"test": test, "outcome": "error", "message": message, "duration": 0.0} for test in outcomes.unreached
    ]


def _once(where: target.Target, plan: Plan, only: Optional[Sequence[str]], seconds: float, outcomes: Outcomes) -> _Part:
    with target.scratch() as folder:
        lines, config = Path(folder, "lines.jsonl"), Path(folder, "config.json")
        lines.touch()
        config.write_text(json.dumps(_config(plan, only, seconds, str(lines), folder)), encoding="utf-8")
        more = {"PROCTOR_PYTEST": str(config)}
        if plan.seed is not None:
            more["PYTHONHASHSEED"] = str(plan.seed % 4_294_967_296)
        argv = [where.executable, "-m", "pytest", *_OPTIONS, f"--rootdir={Path.cwd()}", *_own_config(plan.paths)]
        argv += [*_ignored(plan), *map(_operand, plan.paths)]
        finished = target.run(argv, seconds + _GRACE, target.environment(where.import_root, **more))
        return _read(lines, finished, outcomes)


def _own_config(paths: Sequence[str]) -> List[str]:
    """Keep pytest from a configuration that lies above the work tree, where it would look if there is none inside."""
    top = Path.cwd()
    inside = Path(os.path.commonpath([top / path for path in paths]))
    folders = [folder for folder in (inside, *inside.parents) if folder == top or top in folder.parents]
    found = any(_configures(folder / name, section) for folder in folders for name, section in _CONFIGS.items())
    return [] if found else ["-c", os.devnull]


def _configures(path: Path, section: str) -> bool:
    try:
        return section in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _operand(path: str) -> str:
    """Keep pytest from taking a file's name for an option."""
    return f"./{path}" if path.startswith("-") else path


def _ignored(plan: Plan) -> List[str]:
    return [f"--ignore={path}" for path in plan.ignore]


def _config(plan: Plan, only: Optional[Sequence[str]], seconds: float, lines: str, folder: str) -> Dict[str, object]:
    return {
        "report": lines,
        "seconds": seconds,
        "test_seconds": plan.test_seconds,
        "only": only,
        "seed": plan.seed if plan.shuffle else None,
        "measure": list(plan.measure),
        "per_test": plan.per_test,
        "spare": spare(folder) if plan.measure else None,
    }


def spare(folder: str) -> Optional[str]:
    """Make a folder that holds nothing but our own coverage package, for a target that has none."""
    package = target.coverage_package()
    if package is None:
        return None
    shelf = Path(folder, "spare")
    shelf.mkdir()
    (shelf / "coverage").symlink_to(package, target_is_directory=True)
    return str(shelf)


def _read(lines: Path, finished: target.Finished, outcomes: Outcomes) -> _Part:
    part = _Part(finished=finished)
    for line in lines.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:  # cut off by the end of the process
            continue
        kind = entry.pop("kind")
        if kind in _NOTED:
            name, key = _NOTED[kind]
            setattr(part, name, entry[key])
        elif kind == "uncollected":
            outcomes.uncollected[entry["path"]] = entry["message"]
        elif kind == "test":
            part.running = None
            outcomes.tests[entry.pop("test")] = entry
        elif kind == "coverage":
            part.measured = True
            _add_coverage(outcomes, entry)
        elif kind == "end":
            part.ended = part.running is None
    return part


def _add_coverage(outcomes: Outcomes, entry: Dict[str, Any]) -> None:
    outcomes.not_measured = entry["reason"] if entry["files"] is None else ""
    outcomes.coverage = unite(outcomes.coverage, entry["files"])
    for test, gained in entry["per_test"].items():
        known = outcomes.per_test.setdefault(test, {"lines": [], "arcs": []})
        for what in ("lines", "arcs"):
            known[what] += [item for item in gained[what] if item not in known[what]]


def unite(one: Optional[Dict[str, Any]], other: Optional[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    """Return what was executed in either of two measurements of the same files."""
    if one is None or other is None:
        return one if other is None else other
    return {path: _unite(one.get(path), other.get(path)) for path in target.names([*one, *other])}


def _unite(one: Optional[Dict[str, Any]], other: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    if one is None or other is None:
        return one or other or {}
    united = {}
    for what in ("lines", "arcs"):
        executed = {_key(item) for part in (one, other) for item in part[f"executed_{what}"]}
        missing = {_key(item) for part in (one, other) for item in part[f"missing_{what}"]} - executed
        united[f"executed_{what}"], united[f"missing_{what}"] = sorted(executed), sorted(missing)
    return united


def _key(item: Any) -> Any:
    return tuple(item) if isinstance(item, list) else item


def _blame(outcomes: Outcomes, part: _Part) -> None:
    message = part.stopped or f"this test ended the whole run: {_how(part)}"
    outcomes.tests[part.running or ""] = {"outcome": "error", "message": target.end(message, 4_000), "duration": 0.0}


def _how(part: _Part) -> str:
    if part.stopped or (part.ended and part.finished.exit_code not in _BROKEN):
        return part.stopped
    code = part.finished.exit_code
    how = "pytest ran out of time" if code is None else f"pytest ended early with exit code {code}"
    return f"{how}\n{target.end(part.finished.output, 3_000)}"
