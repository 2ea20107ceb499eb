"""Survey a package: its components, its tests, and whether both work in the target interpreter.

Arguments: {path, only, exclude, interpreters, import_seconds, suite_seconds, test_seconds}: `path` is a package folder
or a module file, relative to the work tree; `only` and `exclude` are globs on a component's path or dotted name;
`interpreters` are candidates in order; `import_seconds` is the time to import one module. The report is `Survey`; what
the user has to put right stands in its `error`.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import layout
import notices
import package
import pytest_run
import target

OLDEST = (3, 9)
_PROBE_SECONDS = 30.0
_HANGING = 2
"""So many modules may hang; after them, and after what the others need, nothing more is imported."""
_OTHERS_SECONDS = 30.0


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
    notices: List[str] = field(default_factory=list)


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
    survey.package, survey.notices = found.name, notices.notices()
    where, pytest, outlines = _target(values["interpreters"], found)
    survey.target = {**asdict(where), "pytest": pytest}
    modules = package.components(found, outlines, values["only"], values["exclude"])
    programs = [
        name for name, path in modules.items() if name.endswith(".__main__") and outlines[path].get("acts", True)
    ]
    imported = _import(where, found, modules, programs, values["import_seconds"])
    root = layout.project_root(Path(values["path"]))
    files = layout.test_files(root)
    survey.test_files = [path.as_posix() for path in files]
    paths = layout.suite_paths(files, root)
    in_use = layout.detect(files, modules, root)
    survey.layout = asdict(in_use)
    reserved = layout.reserve(in_use, modules, files)
    outcomes = _run_suite(where, values, paths, modules)
    _check_suite(outcomes, paths, list(reserved.values()))
    survey.suite = _suite(outcomes, paths)
    baseline = pytest_run.unite(imported["coverage"], outcomes.coverage)
    survey.not_measured = "" if baseline else imported["not_measured"] or outcomes.not_measured
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
            return {**json.loads(answered.read_text(encoding="utf-8")), "stack": _text(f"{answered}.stack")}, finished
        except (OSError, ValueError):
            return None, finished


def _text(path: str) -> str:
    return Path(path).read_text(encoding="utf-8", errors="replace") if Path(path).exists() else ""


def _import(
    where: target.Target, found: package.Package, modules: Mapping[str, str], programs: Sequence[str], seconds: float
) -> Dict[str, Any]:
    """Import all modules but those that run when they are; again without one that hangs or ends the interpreter."""
    ends = time.monotonic() + _HANGING * seconds + _OTHERS_SECONDS
    errors: Dict[str, str] = {}
    while True:
        answer = _import_once(where, found, modules, [*programs, *errors], seconds, ends - time.monotonic())
        errors.update(answer["errors"])
        if answer["importing"] in ("", found.name) or time.monotonic() > ends:
            break
    answer["errors"] = errors
    if found.name in errors or all(name in errors for name in modules):
        raise _refusal(where, found, errors.get(found.name) or next(iter(errors.values())))
    _check_place(found, answer["places"])
    return answer


def _import_once(
    where: target.Target,
    found: package.Package,
    modules: Mapping[str, str],
    skip: Sequence[str],
    limit: float,
    left: float,
) -> Dict[str, Any]:
    question = {"package": found.name, "modules": modules, "skip": skip, "seconds": limit}
    answer, finished = _ask(where.executable, "imports.py", question, max(left, 1.0), where.import_root)
    if answer is None:
        message = f"{where.executable} could not be used to import anything."
        raise package.Problem("import_failed", message, finished.output)
    if answer["importing"] and finished.exit_code is not None:  # else the time is over for all, and none is to blame
        answer["errors"][answer["importing"]] = _how(answer["importing"], finished, answer["stack"], limit)
    return answer


def _how(module: str, finished: target.Finished, stack: str, limit: float) -> str:
    if stack:
        return f"{stack}\nimporting {module} did not finish in {limit:g} s"
    return f"{finished.output}\nimporting {module} ended the interpreter with exit code {finished.exit_code}"


def _refusal(where: target.Target, found: package.Package, detail: str) -> package.Problem:
    reason = (detail.strip().splitlines() or [""])[-1].strip()
    if reason.startswith(f"importing {found.name} "):  # it raised nothing
        advice = "Put what it does there into a function, and commit that."
    else:
        advice = (
            "Install what it needs there, or name another interpreter with --python. Files that are generated and not "
            "in git can be named with --carry."
        )
    return package.Problem(
        "import_failed", f"{found.name} does not import in {where.executable}: {reason}. {advice}", detail
    )


def _check_place(found: package.Package, places: Sequence[str]) -> None:
    """Refuse to test a copy that lies elsewhere. Nothing is known of a place when the last module hung."""
    outside = [place for place in places if Path.cwd().resolve() not in Path(place).resolve().parents]
    if outside:
        message = (
            f"{found.name} is imported from outside the work tree, so another copy would be tested. "
            "Uninstall it from the interpreter, or name another with --python."
        )
        raise package.Problem("shadowed_import", message, outside[0])


def _run_suite(
    where: target.Target, values: Mapping[str, Any], paths: Sequence[str], modules: Mapping[str, str]
) -> pytest_run.Outcomes:
    if not paths:
        return pytest_run.Outcomes(ended=True)
    measure = list(modules.values())
    return pytest_run.run(
        where, pytest_run.Plan(paths, values["suite_seconds"], values["test_seconds"], measure=measure)
    )


def _check_suite(outcomes: pytest_run.Outcomes, paths: Sequence[str], reserved: Sequence[str]) -> None:
    """Refuse where pytest cannot begin for a reason that would keep every new test from running as well."""
    folders = [[parent.as_posix() for parent in Path(path).parents] for path in reserved]
    if outcomes.broken and len(paths) == 1 and all(paths[0] in parents for parents in folders):
        message = f"pytest cannot begin in {paths[0]}, so no test can run there. Put right what it says, and commit it."
        raise package.Problem("suite_broken", message, outcomes.message)


def _suite(outcomes: pytest_run.Outcomes, paths: Sequence[str]) -> Dict[str, Any]:
    return {
        "paths": list(paths),
        "outcomes": {test: entry["outcome"] for test, entry in outcomes.tests.items()},
        "uncollected": {path: _short(text) for path, text in outcomes.uncollected.items()},
        "unreached": len(outcomes.unreached),
        "ended": outcomes.ended,
        "message": target.end(outcomes.message, 2_000),
    }


def _short(text: str) -> str:
    """Keep the first line, which may say what happened, and the end, which says where."""
    first, _, rest = text.partition("\n")
    return f"{first[:200]}\n{target.end(rest, 300)}".rstrip()


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
