"""Survey a package: its components, its tests, and whether both work in the target interpreter.

Arguments: {path, only, exclude, interpreters, suite_seconds, test_seconds}: `path` is a package folder or a module
file, relative to the work tree; `only` and `exclude` are globs on a component's path or dotted name; `interpreters`
are candidates in order. The report is `Survey`; what the user has to put right stands in its `error`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import layout
import package
import pytest_run
import target

OLDEST = (3, 9)
_PROBE_SECONDS = 30.0
_IMPORT_SECONDS = 60.0


@dataclass
class Survey:
    """The report. `components` are in the order of their priority; `suite.outcomes` maps node ids to outcomes."""

    error: Optional[Dict[str, str]] = None
    target: Optional[Dict[str, Any]] = None
    package: str = ""
    layout: Optional[Dict[str, Any]] = None
    components: List[Dict[str, Any]] = field(default_factory=list)
    test_files: List[str] = field(default_factory=list)
    suite: Dict[str, Any] = field(default_factory=dict)
    not_measured: str = ""


def main() -> None:
    """Survey and report."""
    values, survey = target.arguments(), Survey()
    try:
        _survey(values, survey)
    except package.Problem as problem:
        survey.error = problem.error
    target.report(survey)


def _survey(values: Dict[str, Any], survey: Survey) -> None:
    found = package.locate(Path(values["path"]))
    survey.package = found.name
    where, pytest, outlines = _target(values["interpreters"], found)
    survey.target = {**asdict(where), "pytest": pytest}
    modules = package.components(found, outlines, values["only"], values["exclude"])
    imported = _import(where, found, modules)
    root = layout.project_root(Path(values["path"]))
    files = layout.test_files(root)
    survey.test_files = [path.as_posix() for path in files]
    paths = layout.suite_paths(files, root)
    outcomes = _run_suite(where, values, paths, modules)
    survey.suite = _suite(outcomes, paths)
    baseline = pytest_run.unite(imported["coverage"], outcomes.coverage)
    survey.not_measured = "" if baseline else imported["not_measured"] or outcomes.not_measured
    in_use = layout.detect(files, modules, root)
    survey.layout = asdict(in_use)
    reserved = layout.reserve(in_use, modules, files)
    components = [
        _component(name, path, outlines[path], reserved[name], baseline, imported["errors"].get(name, ""))
        for name, path in modules.items()
    ]
    survey.components = sorted(components, key=lambda entry: (-entry["priority"], entry["name"]))


def _target(candidates: Sequence[str], found: package.Package) -> Tuple[target.Target, str, Dict[str, Any]]:
    """Return the first interpreter that runs, with pytest's version and the outlines in its syntax."""
    for executable in candidates:
        answer = _probe(executable, list(found.modules.values()))
        if answer is None:
            continue
        version = answer["version"]
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
            message = f"{executable} is Python {version}; Proctor needs 3.9 or newer. Name another with --python."
            raise package.Problem("no_interpreter", message)
        if answer["pytest"] is None:
            message = f"{executable} (Python {version}) has no pytest. Install it there, or name another with --python."
            raise package.Problem("no_pytest", message)
        where = target.Target(executable, version, found.import_root.as_posix())
        return where, answer["pytest"], answer["files"]
    message = "None of the Python interpreters could be started. Name one with --python."
    raise package.Problem("no_interpreter", message, "\n".join(candidates))


def _probe(executable: str, paths: Sequence[str]) -> Optional[Dict[str, Any]]:
    try:
        answer, _ = _ask(executable, "probe.py", list(paths), _PROBE_SECONDS, target.INPUTS)
    except OSError:  # not there, or not executable
        return None
    return answer


def _ask(
    executable: str, program: str, question: object, seconds: float, import_root: str
) -> Tuple[Optional[Dict[str, Any]], target.Finished]:
    """Run one of our own programs in the target and read its answer."""
    with target.scratch() as folder:
        asked, answered = Path(folder, "question.json"), Path(folder, "answer.json")
        if isinstance(question, dict):
            question = {**question, "spare": pytest_run.spare(folder)}
        asked.write_text(json.dumps(question), encoding="utf-8")
        argv = [executable, str(Path(target.INPUTS, program)), str(asked), str(answered)]
        finished = target.run(argv, seconds, target.environment(import_root))
        try:
            return json.loads(answered.read_text(encoding="utf-8")), finished
        except (OSError, ValueError):
            return None, finished


def _import(where: target.Target, found: package.Package, modules: Mapping[str, str]) -> Dict[str, Any]:
    question = {"package": found.name, "modules": modules}
    answer, finished = _ask(where.executable, "imports.py", question, _IMPORT_SECONDS, where.import_root)
    if answer is None:
        message = f"{where.executable} could not be used to import anything."
        raise package.Problem("import_failed", message, finished.output)
    if answer["importing"]:  # it hung, or ended the interpreter: only what came before is known
        how = f"did not finish in {_IMPORT_SECONDS:g} s" if finished.exit_code is None else "ended the interpreter"
        answer["errors"][answer["importing"]] = f"importing {answer['importing']} {how}\n{finished.output}"
    failed = answer["errors"].get(found.name, "")
    if failed or all(name in answer["errors"] for name in modules):
        detail = failed or next(iter(answer["errors"].values()))
        message = (
            f"{found.name} does not import in {where.executable}. Install what it needs there, or name another "
            "interpreter with --python. Files that are generated and not in git are not there."
        )
        raise package.Problem("import_failed", message, detail)
    outside = [place for place in answer["places"] if Path.cwd().resolve() not in Path(place).resolve().parents]
    if outside:
        message = (
            f"{found.name} is imported from outside the work tree, so another copy would be tested. "
            "Uninstall it from the interpreter, or name another with --python."
        )
        raise package.Problem("shadowed_import", message, outside[0])
    return answer


def _run_suite(
    where: target.Target, values: Mapping[str, Any], paths: Sequence[str], modules: Mapping[str, str]
) -> pytest_run.Outcomes:
    if not paths:
        return pytest_run.Outcomes(ended=True)
    measure = list(modules.values())
    return pytest_run.run(
        where, pytest_run.Plan(paths, values["suite_seconds"], values["test_seconds"], measure=measure)
    )


def _suite(outcomes: pytest_run.Outcomes, paths: Sequence[str]) -> Dict[str, Any]:
    return {
        "paths": list(paths),
        "outcomes": {test: entry["outcome"] for test, entry in outcomes.tests.items()},
        "uncollected": {path: target.end(text, 500) for path, text in outcomes.uncollected.items()},
        "unreached": len(outcomes.unreached),
        "ended": outcomes.ended,
        "message": target.end(outcomes.message, 2_000),
    }


def _component(
    name: str, path: str, outline: Mapping[str, Any], test_file: str, baseline: Optional[Mapping[str, Any]], error: str
) -> Dict[str, Any]:
    public, lines = outline.get("public", []), outline.get("lines", 0)
    return {
        "name": name,
        "path": path,
        "public": public[:200],
        "lines": lines,
        "priority": 10 * len(public) + lines // 10,
        "test_file": test_file,
        "import_error": error or outline.get("error", ""),
        "baseline": baseline.get(path) if baseline else None,
    }


if __name__ == "__main__":
    main()
