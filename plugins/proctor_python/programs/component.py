"""Survey one component: what an agent needs to know before it writes tests, in a bounded size.

Arguments: {target, path, module, test_file, test_files, baseline}; `test_files` are the project's, `baseline` the
component's executed and missing lines and arcs, or null. The report is `Component`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence

import outline
import target

_NAMES, _FILES = 300, 20
_PAGE_LIMIT = 16_000
_TEST = re.compile(r"^\s*(?:async\s+)?def\s+(test\w*)", re.MULTILINE)
_ASSERTIONS = re.compile(r"^#+\s*Test Assertions\s*$", re.MULTILINE | re.IGNORECASE)


@dataclass
class Component:
    """The report.

    `size` is in bytes; `names` have {name, kind, signature, doc, line}; `tests` are files that mention the component,
    {path, tests}; `open_lines` reads "1-5, 9", "" for none and null when not measured.
    """

    size: int = 0
    lines: int = 0
    doc: str = ""
    names: List[Dict[str, Any]] = field(default_factory=list)
    tests: List[Dict[str, Any]] = field(default_factory=list)
    neighbour: Optional[str] = None
    specification: Optional[Dict[str, str]] = None
    open_lines: Optional[str] = None
    open_arcs: int = 0
    syntax_error: str = ""


def main() -> None:
    """Survey and report."""
    values = target.arguments()
    path = Path(values["path"])
    source = path.read_bytes()
    found = Component(size=len(source), lines=source.count(b"\n") + 1)
    _read_names(found, source)
    others = [Path(name) for name in values["test_files"] if name != values["test_file"]]
    found.tests = _mentions(others, values["module"])
    found.neighbour = _neighbour(others, Path(values["test_file"]), found.tests)
    found.specification = _specification(path, values["module"])
    _read_baseline(found, values["baseline"])
    target.report(found)


def _read_names(found: Component, source: bytes) -> None:
    try:
        tree = outline.parse(source)
    except (SyntaxError, ValueError) as error:
        found.syntax_error = f"{type(error).__name__}: {error}"
        return
    found.doc = target.clean((ast.get_docstring(tree) or "")[:2_000])
    found.names = [asdict(name) for name in outline.names(tree)][:_NAMES]


def _mentions(files: Sequence[Path], module: str) -> List[Dict[str, Any]]:
    """Return the test files that name the module, or import it from its package."""
    package, _, last = module.rpartition(".")
    spelled = rf"\b{re.escape(module)}\b"
    imported = (
        rf"\bfrom\s+(?:{re.escape(package)}|\.+\w*)\s+import\b[^\n]*\b{re.escape(last)}\b" if package else spelled
    )
    pattern = re.compile(f"{spelled}|{imported}")
    texts = ((path, _text(path)) for path in files)
    found = [(path, _TEST.findall(text)) for path, text in texts if pattern.search(text)]
    found.sort(key=lambda entry: (last not in entry[0].stem, entry[0].as_posix()))
    return [{"path": path.as_posix(), "tests": tests[:100]} for path, tests in found[:_FILES]]


def _neighbour(files: Sequence[Path], test_file: Path, mentions: Sequence[Mapping[str, Any]]) -> Optional[str]:
    """Return an existing test file whose style a new one can follow."""
    if mentions:
        return str(mentions[0]["path"])
    beside = [path.as_posix() for path in files if path.parent == test_file.parent]
    return next(iter([*sorted(beside), *[path.as_posix() for path in files]]), None)


def _specification(path: Path, module: str) -> Optional[Dict[str, str]]:
    """Find a page with a section "Test Assertions": beside the source, or below docs or spec under its name."""
    inside = module.replace(".", "/")
    short = inside.partition("/")[2] or inside
    pages = [path.with_suffix(".md"), path.with_suffix(".spec.md")]
    pages += [
        Path(top, name + ".md") for top in ("docs", "docs/spec", "spec", "specs") for name in (inside, short, module)
    ]
    for page in pages:
        text = _text(page)
        section = _ASSERTIONS.search(text)
        if section:
            start = 0 if len(text) <= _PAGE_LIMIT else section.start()
            return {"path": page.as_posix(), "text": text[start : start + _PAGE_LIMIT]}
    return None


def _text(path: Path) -> str:
    try:
        return target.clean(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""


def _read_baseline(found: Component, baseline: Optional[Mapping[str, Any]]) -> None:
    if baseline is not None:
        found.open_lines = ranges(baseline["missing_lines"])
        found.open_arcs = len(baseline["missing_arcs"])


def ranges(numbers: Sequence[int]) -> str:
    """Write sorted line numbers as "1-5, 9"."""
    runs: List[List[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


if __name__ == "__main__":
    main()
