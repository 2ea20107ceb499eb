"""Tests of what a module does today, as it was recorded: nobody wrote these expectations down."""

import ast
import builtins
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from proctor_agents.doctests import Example
from proctor_agents.naming import Names, case_of, snake
from proctor_agents.recording import Recorded
from proctor_agents.resolution import RESERVED
from proctor_agents.scope import Bindings, names_of
from proctor_agents.sightings import STANDARD
from proctor_agents.testfile import RECORDED, WIDTH, Import
from proctor_agents.translation import UntranslatableError, indent, prints, translate

_LONG = 45


@dataclass(frozen=True, slots=True)
class RecordedTest:
    """A test of what was recorded, with what it imports."""

    name: str
    code: str
    imports: tuple[Import, ...]


def recorded_tests(
    found: Sequence[Recorded], module: str, bindings: Bindings, taken: Collection[str]
) -> tuple[RecordedTest, ...]:
    """Write a test for each case, with names that are not taken."""
    names = Names(taken)
    several = Counter(case.subject for case in found)
    tests = (_test(case, module, bindings, names, several[case.subject] > 1) for case in found)
    return tuple(test for test in tests if test)


def _test(case: Recorded, module: str, bindings: Bindings, names: Names, one_of_many: bool) -> RecordedTest | None:
    try:
        body = "\n".join(_lines(_unfolded(case)))
        names_in = names_of(body)
    except (SyntaxError, UntranslatableError):
        return None
    read = names_in.read - names_in.bound
    bound = bindings.surely | bindings.perhaps
    own = {name for name in read - {"pytest", "capsys"} - STANDARD if name in bound}
    standard = read & STANDARD
    # Where the module means something else by such a name, other tests may import that: the import stays inside.
    body = "\n".join([*(f"import {name}" for name in sorted(standard & bound)), body])
    if own & RESERVED or any(name.startswith("test") for name in own):
        return None
    if read - own - standard - {"pytest", "capsys"} - set(dir(builtins)):
        return None
    name = names.give(case.subject.replace("__", ""), _described(case) if one_of_many else _raising(case))
    arguments = "capsys" if "capsys" in read else ""
    code = f"def {name}({arguments}):  {RECORDED}\n{indent(body)}\n"
    if max(map(len, code.split("\n"))) > WIDTH + 20:
        return None
    imports = [Import(each, None if each in bindings.modules else module) for each in sorted(own)] + [
        Import(each) for each in sorted(standard - bound)
    ]
    return RecordedTest(name, code, tuple(imports))


def _unfolded(case: Recorded) -> Recorded:
    """Give a long expression's value a name."""
    if case.kind != "value" or len(case.shown) < _LONG or len(case.shown) + len(case.text) < WIDTH - 20:
        return case
    return replace(case, setup=(*case.setup, f"result = {case.shown}"), shown="result")


def _lines(case: Recorded) -> Iterator[str]:
    if case.kind == "raises":
        *before, last = [*case.setup, case.shown] if len(case.setup) < 2 else case.setup
        yield from before
        yield f"with pytest.raises({case.text}):\n{indent(last)}"
        return
    yield from case.setup
    if case.kind == "output":
        yield f"{case.shown}\n{prints(str(ast.literal_eval(case.text)))}"
    elif case.text == "None":
        yield f"assert {case.shown} is None"
    elif _has_floats(case.text):
        yield f"assert {case.shown} == pytest.approx({case.text})"
    else:
        yield translate(Example(case.shown, f"{case.text}\n")).plain


def _has_floats(text: str) -> bool:
    """Tell whether a value is a float, or a flat container with one; deep in a container all floats are exact."""
    value = ast.literal_eval(text)
    if isinstance(value, float):
        return True
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list | tuple) else []
    return any(isinstance(part, float) for part in parts) and all(
        not isinstance(part, list | tuple | dict | set) for part in parts
    )


def _described(case: Recorded) -> str:
    code = case.setup[-1] if len(case.setup) > 1 else case.shown
    called = case_of(case.subject, [Example(code, "shown")])
    return "_".join(part for part in (called, _raising(case)) if part)


def _raising(case: Recorded) -> str:
    return f"raises_{snake(case.text)}" if case.kind == "raises" else ""
