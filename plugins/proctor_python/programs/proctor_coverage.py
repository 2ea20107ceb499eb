"""Measure lines and branch arcs of given files inside the target interpreter, through coverage.py's own API.

The answer has coverage.py's words, per file: `executed_lines`, `missing_lines`, `executed_arcs`, `missing_arcs`
(an arc is a pair of line numbers, where the second is negative when the code block is left).
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

Measured = Dict[str, Dict[str, List[Any]]]


class Measurement:
    """A running measurement, or the reason why there is none."""

    def __init__(self, files: Sequence[str], spare: Optional[str]) -> None:
        """Start measuring the files; `spare` is a folder with a coverage package for a target that has none."""
        self.names = {str(Path(name).absolute()): name for name in files}
        self.files = list(self.names)
        self.reason = "" if files else "no file was named"
        self.coverage: Any = None  # the API differs from version to version of the user's coverage.py
        if files:
            try:
                self._start(spare)
            except BaseException as error:  # noqa: BLE001  whatever a foreign copy raises: we go on unmeasured
                self.coverage, self.reason = None, (str(error) or type(error).__name__)[:500]

    def _start(self, spare: Optional[str]) -> None:
        package = _package(spare)
        self.coverage = package.Coverage(data_file=None, branch=True, config_file=False, include=self.files)
        quiet = ["no-ctracer", "no-data-collected", "module-not-measured"]
        self.coverage.set_option("run:disable_warnings", quiet)
        with suppress(Exception):  # an older coverage.py has no choice of core
            self.coverage.set_option("run:core", "ctrace")  # sys.monitoring knows no contexts
        self.coverage.start()

    def context(self, name: str) -> None:
        """Book what runs from now on to this name."""
        if self.coverage is not None:
            try:
                self.coverage.switch_context(name)
            except Exception as error:  # noqa: BLE001  tests may stop or replace our measurement
                self.reason = f"the measurement was disturbed: {error}"

    def result(self) -> Optional[Measured]:
        """Return what was executed so far and what was not, per file as it was named."""
        if self.coverage is None:
            return None
        try:
            self.coverage.stop()
            return self._result()
        except Exception as error:  # noqa: BLE001  a source that it cannot parse, a foreign version
            self.reason = f"coverage.py gave no report: {type(error).__name__}: {error}"[:500]
            return None

    def _result(self) -> Measured:
        with tempfile.TemporaryDirectory(prefix="proctor-coverage-") as folder:
            written = Path(folder, "report.json")
            self.coverage.json_report(morfs=self.files, outfile=str(written), ignore_errors=True)
            found = json.loads(written.read_text(encoding="utf-8"))["files"]
        return {self.names[_name(path, self.files)]: _measured(entry) for path, entry in found.items()}

    def per_context(self) -> Dict[str, Dict[str, List[Any]]]:
        """Return `lines` and `arcs` of the first file for each context; call it after `result`."""
        if self.coverage is None:
            return {}
        try:
            return self._per_context(self.files[0])
        except Exception as error:  # noqa: BLE001  as above
            self.reason = f"coverage.py gave no contexts: {type(error).__name__}: {error}"[:500]
            return {}

    def _per_context(self, path: str) -> Dict[str, Dict[str, List[Any]]]:
        from coverage.python import PythonFileReporter  # bound late: the package may come from the spare folder

        reporter, data = PythonFileReporter(path, self.coverage), self.coverage.get_data()
        lines, arcs = reporter.lines(), reporter.arcs()
        found: Dict[str, Dict[str, List[Any]]] = {}
        for context in data.measured_contexts():
            data.set_query_context(context)
            ran: Set[int] = set(reporter.translate_lines(data.lines(path) or []))
            went: Set[Tuple[int, int]] = set(reporter.translate_arcs(data.arcs(path) or []))
            found[context] = {"lines": sorted(ran & lines), "arcs": sorted(went & arcs)}
        data.set_query_contexts(None)
        return found


def _package(spare: Optional[str]) -> Any:
    try:
        return importlib.import_module("coverage")
    except ImportError:
        if spare is None:
            raise
    for name in [name for name in sys.modules if name.split(".")[0] == "coverage"]:
        del sys.modules[name]
    sys.path.append(spare)
    try:
        return importlib.import_module("coverage")
    except BaseException as error:
        raise ImportError(f"coverage.py is not installed, and Proctor's copy does not run here: {error}") from error
    finally:
        sys.path.remove(spare)


def _name(path: str, files: Sequence[str]) -> str:
    absolute = Path(path).absolute()
    return str(absolute) if str(absolute) in files else next(name for name in files if absolute.samefile(name))


def _measured(entry: Dict[str, Any]) -> Dict[str, List[Any]]:
    return {
        "executed_lines": entry["executed_lines"],
        "missing_lines": entry["missing_lines"],
        "executed_arcs": entry.get("executed_branches", []),
        "missing_arcs": entry.get("missing_branches", []),
    }
