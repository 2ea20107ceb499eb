"""Try out a module's functions with given arguments, and tell what came of each (runs in the target).

`proctor_record.py PLAN.json ANSWER.jsonl`. The plan of a search: {module, roots, imports, raises, skip, subjects}; each
subject is {name, owner, kind, answers, tries}. Kind `class`: the tries construct it. The names `__it__` and
`__new_NAME__` in a try stand for an instance. That of a confirmation: {module, roots, imports, raises, order, cases}.

The answer has one JSON object a line, written as it happens: {"begin": name}, and for each outcome that a test can
assert {subject, setup, shown, kind, text, steps}. Kind is value, output or raises. The file ends with {"end": true}.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import random
import sys
import traceback
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from proctor_guard import Guard, Refused
from proctor_values import literal, views

INSTANCES, TESTS, SLOW = 4, 4, 2


class Case(NamedTuple):
    """Statements, and the expression whose outcome is looked at."""

    setup: Tuple[str, ...]
    shown: str


class Outcome(NamedTuple):
    """What came of a case; kind `object` has a value without a literal, `none` is worth nothing."""

    kind: str
    text: str = ""
    value: object = None
    steps: Any = frozenset()


class Recorder:
    """Runs cases in namespaces like a test's, and remembers ways to make instances."""

    def __init__(self, plan: Dict[str, Any]) -> None:
        """Import the module under test."""
        self.module = importlib.import_module(plan["module"])
        self.base = {**vars(self.module), "__name__": "recorded"}
        for line in plan["imports"]:
            try:
                exec(line, self.base)  # noqa: S102  an import that the package's own tests have
            except Exception:  # noqa: BLE001, S112  then what reads it fails, too
                continue
        self.raises = set(plan["raises"])
        self.guard = Guard(str(self.module.__file__), plan["roots"])
        self.instances: Dict[str, List[str]] = {}
        # What tells where it runs: the case itself has no file, and folders are this machine's.
        self.places = ["<case>", os.getcwd(), sys.prefix, *plan["roots"]]  # noqa: PTH109  text is compared

    def run(self, case: Case) -> Outcome:
        """Run a case once."""
        names = dict(self.base)
        try:
            with self.guard.watching() as printed:
                for line in case.setup:
                    exec(compile(line, "<case>", "exec", dont_inherit=True), names)  # noqa: S102  it is what we do
                value = eval(compile(case.shown, "<case>", "eval", dont_inherit=True), names)  # noqa: S307  as above
                text = literal(value)
        except Refused:
            return Outcome("none")
        except Exception as error:  # noqa: BLE001  whatever it raises is an outcome
            return self._raised(error)
        except BaseException:  # noqa: BLE001  SystemExit and the like
            return Outcome("none")
        if self.guard.refusal:
            return Outcome("none")
        output = literal(printed.getvalue())
        if any(place in f"{text} {output}" for place in self.places):
            return Outcome("none")
        if value is None and printed.getvalue():
            return Outcome("output", output, None, self.guard.steps) if output else Outcome("none")
        if text is None:
            return Outcome("object", "", value, self.guard.steps)
        return Outcome("value", text, value, self.guard.steps)

    def _raised(self, error: Exception) -> Outcome:
        """Count an exception if a `raise` in the module's own code has raised it."""
        places = traceback.extract_tb(error.__traceback__)
        own = places and places[-1].filename == self.module.__file__ and places[-1].lineno in self.raises
        name = type(error).__name__
        reachable = getattr(builtins, name, None) is type(error) or getattr(self.module, name, None) is type(error)
        if self.guard.refusal or not own or not reachable or isinstance(error, (NotImplementedError, Warning)):
            return Outcome("none")
        return Outcome("raises", name, None, self.guard.steps)


def main() -> None:
    """Search or confirm."""
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry != here]
    with open(sys.argv[2], "w", encoding="utf-8") as answer:  # noqa: PTH123  opened before anything is watched
        recorder = Recorder(plan)
        for entry in _confirmed(recorder, plan) if "cases" in plan else _searched(recorder, plan):
            answer.write(json.dumps(entry) + "\n")
            answer.flush()
        answer.write('{"end": true}\n')


def _confirmed(recorder: Recorder, plan: Dict[str, Any]) -> Iterator[Dict[str, Any]]:
    """Run all cases, and once more: what remembers its calls differs."""
    cases = list(enumerate(plan["cases"]))
    random.Random(plan["order"]).shuffle(cases)  # noqa: S311  it only has to be another order
    first: Dict[int, Tuple[str, str]] = {}
    for number, case in [*cases, *cases]:
        yield {"begin": case["subject"]}
        outcome = recorder.run(Case(tuple(case["setup"]), case["shown"]))
        same = first.setdefault(number, outcome[:2]) == outcome[:2]
        if not same or outcome.kind in ("value", "output", "raises"):
            yield {"case": number, "kind": outcome.kind if same else "changing", "text": outcome.text}


def _searched(recorder: Recorder, plan: Dict[str, Any]) -> Iterator[Dict[str, Any]]:
    covered: Set[Tuple[int, int]] = set()
    for subject in plan["subjects"]:
        yield {"begin": subject["name"]}
        found: List[Tuple[Case, Outcome]] = []
        if subject["name"] not in plan["skip"]:
            found = list(_tried(recorder, subject))
        if not subject["wanted"]:
            continue
        for case, outcome in _chosen(found, covered):
            yield {
                "subject": subject["name"],
                "setup": case.setup,
                "shown": case.shown,
                "kind": outcome.kind,
                "text": outcome.text,
            }


def _tried(recorder: Recorder, subject: Dict[str, Any]) -> Iterator[Tuple[Case, Outcome]]:
    """Run a subject's tries with every instance there is, and give the cases that a test can assert."""
    slow = 0
    for code, setup in _codes(recorder, subject):
        before = recorder.run(Case(setup, "None")) if setup else None
        if before is not None and before.kind == "none":
            continue
        for case, outcome in _seen(recorder, subject, Case(setup, code)):
            yield case, outcome
        slow += recorder.guard.refusal == "too slow"
        if slow == SLOW:
            return


def _codes(recorder: Recorder, subject: Dict[str, Any]) -> Iterator[Tuple[str, Tuple[str, ...]]]:
    instances = recorder.instances.get(subject["owner"], []) if subject["owner"] else [""]
    for number, code in enumerate(subject["tries"]):
        for instance in instances if number < 40 else instances[:1]:
            if subject["effect"]:
                yield (
                    _filled(recorder, code.replace("__it__", subject["variable"])),
                    (f"{subject['variable']} = {instance}",),
                )
            else:
                yield _filled(recorder, code.replace("__it__", instance)), ()


def _filled(recorder: Recorder, code: str) -> str:
    for name, instances in recorder.instances.items():
        if instances:
            code = code.replace(f"__new_{name}__", instances[0])
    return code


def _seen(recorder: Recorder, subject: Dict[str, Any], case: Case) -> Iterator[Tuple[Case, Outcome]]:
    """Run a case, and look at what its value shows if that is no literal itself."""
    if subject["effect"]:
        yield from _effects(recorder, subject, case)
        return
    outcome = recorder.run(case)
    if outcome.kind == "object":
        if subject["kind"] == "class":
            _remember(recorder, subject["name"], case.shown)
        yield from _viewed(recorder, case, outcome.value)
    elif outcome.kind in ("output", "raises") or (outcome.kind == "value" and _says(subject, outcome)):
        yield case, outcome


def _says(subject: Dict[str, Any], outcome: Outcome) -> bool:
    return outcome.value is not None or bool(subject["answers"])


def _remember(recorder: Recorder, name: str, code: str) -> None:
    """Keep a few ways to make an instance."""
    known = recorder.instances.setdefault(name, [])
    if len(known) < INSTANCES and code not in known:
        known.append(code)


def _viewed(recorder: Recorder, case: Case, value: object) -> Iterator[Tuple[Case, Outcome]]:
    try:
        codes = list(views(value, case.shown))
    except Exception:  # noqa: BLE001  a `__repr__` may raise
        return
    for code in codes[:8]:
        outcome = recorder.run(Case(case.setup, code))
        if outcome.kind == "value" and outcome.value is not None:
            yield Case(case.setup, code), outcome
            return


def _effects(recorder: Recorder, subject: Dict[str, Any], case: Case) -> Iterator[Tuple[Case, Outcome]]:
    """Look at what a call that answers nothing has changed in its instance."""
    variable = subject["variable"]
    after = Case((*case.setup, case.shown), variable)
    outcome = recorder.run(after)
    if outcome.kind == "raises":
        yield after, outcome
    if outcome.kind != "object" and outcome.kind != "value":
        return
    try:
        codes = list(views(outcome.value, variable))
    except Exception:  # noqa: BLE001  as above
        return
    for code in codes[:8]:
        old, new = recorder.run(Case(case.setup, code)), recorder.run(Case(after.setup, code))
        if new.kind == "value" and old.text != new.text:
            yield Case(after.setup, code), new
            return


def _chosen(found: Sequence[Tuple[Case, Outcome]], covered: Set[Tuple[int, int]]) -> Iterator[Tuple[Case, Outcome]]:
    """Choose the cases that take most steps not taken before; of equals the earlier one."""
    left = list(found)
    seen: Set[Tuple[Any, ...]] = set()
    for number in range(TESTS):
        left = [entry for entry in left if number == 0 or entry[1].steps - covered]
        best: Optional[Tuple[Case, Outcome]] = max(left, key=lambda entry: len(entry[1].steps - covered), default=None)
        if best is None:
            return
        left.remove(best)
        covered |= best[1].steps
        if best[0] not in seen:
            seen.add(best[0])
            yield best


if __name__ == "__main__":
    main()
