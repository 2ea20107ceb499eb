import ast
import sys
from importlib.resources import files

import pytest

from proctor_python.drop import Arguments
from proctor_python.program import argv, inputs, program

PROGRAMS = sorted(
    path.name for path in files("proctor_python").joinpath("programs").iterdir() if path.name.endswith(".py")
)
NAMES = ("survey", "component", "check", "drop", "verify")


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_is_python_3_9(name):
    text = program(name.removesuffix(".py"))[name]

    ast.parse(text, feature_version=(3, 9))


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_a_program_imports_travels_with_it(name, target):
    travelling = inputs(name, Arguments(target=target, test_file="t.py", tests=()))
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for text in (text for file, text in travelling.items() if file.endswith(".py"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    ours = {f"{module}.py" for module in imported} & set(PROGRAMS)
    foreign = {module.split(".")[0] for module in imported} - sys.stdlib_module_names

    assert ours <= set(travelling)
    assert foreign - {name.removesuffix(".py") for name in PROGRAMS} <= {"pytest", "coverage"}


def test_a_program_is_started_by_our_own_interpreter():
    assert argv("drop") == ("{proctor_python}", "{inputs}/drop.py", "{inputs}/arguments.json")
