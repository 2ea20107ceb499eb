import sys

import pytest

from proctor_python.survey import Arguments, Survey

ROOT = {"pyproject.toml": ""}
CODE = "def one():\n    return 1\n\n\ndef two(flag):\n    if flag:\n        return 2\n    return 3\n"


@pytest.fixture
def survey(execute):
    def run(path="pkg", interpreters=(sys.executable,), **more):
        arguments = Arguments(path=path, interpreters=interpreters, **more)
        return Survey.model_validate(execute("survey", arguments).report)

    return run


def test_finds_components_in_order_of_priority_with_their_baseline(tree, survey):
    tree(
        {
            **ROOT,
            "src/pkg/__init__.py": '"""Docs."""\nfrom pkg.small import _private\n__all__ = ["_private"]\nLIMIT = 3\n',
            "src/pkg/big.py": CODE,
            "src/pkg/small.py": "def _private():\n    return 0\n",
            "src/pkg/_version.py": "__version__ = str(1)\n",
            "tests/test_big.py": "from pkg.big import two\n\ndef test_two():\n    assert two(True) == 2\n",
        }
    )
    found = survey("src/pkg")

    assert found.error is None
    assert (found.package, found.target.import_root) == ("pkg", "src")
    assert [component.name for component in found.components] == ["pkg.big", "pkg.small"]
    big, small = found.components
    assert big.public == ("one", "two")
    assert big.baseline.missing_lines == (2, 8)
    assert big.baseline.missing_arcs == ((6, 8),)
    assert small.baseline.missing_lines == (2,)
    assert found.suite.outcomes == {"tests/test_big.py::test_two": "passed"}


def test_without_a_suite_the_baseline_is_what_importing_executes(tree, survey):
    tree({**ROOT, "pkg/__init__.py": "", "pkg/a.py": CODE})
    found = survey()

    assert found.suite.outcomes == {}
    assert found.components[0].baseline.executed_lines == (1, 5)
    assert found.components[0].test_file == "tests/test_pkg_a.py"


def test_a_red_suite_that_ends_the_interpreter_is_reported_test_by_test(tree, survey):
    tests = "import os\n\ndef test_bad(): assert 0\n\ndef test_exit(): os._exit(0)\n\ndef test_good(): pass\n"
    tree({**ROOT, "pkg/__init__.py": CODE, "tests/test_it.py": tests})
    outcomes = survey().suite.outcomes

    assert outcomes == {
        "tests/test_it.py::test_bad": "failed",
        "tests/test_it.py::test_exit": "error",
        "tests/test_it.py::test_good": "passed",
    }


def test_a_conftest_that_raises_leaves_the_rest_of_the_survey(tree, survey):
    tree(
        {**ROOT, "pkg/__init__.py": CODE, "tests/test_it.py": "", "tests/conftest.py": "raise RuntimeError('no luck')"}
    )
    found = survey()

    assert found.error is None
    assert not found.suite.ended
    assert "no luck" in found.suite.message
    assert found.components[0].baseline is not None


def test_globs_choose_components(tree, survey):
    tree({**ROOT, "pkg/__init__.py": "", "pkg/a.py": CODE, "pkg/b.py": CODE, "pkg/c.py": CODE})
    found = survey(only=("pkg.a", "b.py"), exclude=("pkg/b*",))

    assert [component.name for component in found.components] == ["pkg.a"]


def test_a_component_that_does_not_import_says_so_alone(tree, survey):
    tree({**ROOT, "pkg/__init__.py": "", "pkg/a.py": CODE, "pkg/b.py": CODE + "raise SystemExit('gone')\n"})
    errors = {component.name: component.import_error for component in survey().components}

    assert errors["pkg.a"] == ""
    assert "gone" in errors["pkg.b"]


@pytest.mark.parametrize(
    ("files", "path", "code", "said"),
    [
        ({"other.py": ""}, "pkg", "no_such_package", "There is no pkg"),
        ({**ROOT, "src/pkg/__init__.py": CODE}, "src", "no_such_package", "src/pkg"),
        ({"pkg/__init__.py": "from os import path\n"}, "pkg", "no_components", "no module with code"),
        ({"pkg/__init__.py": "import not_there\n" + CODE}, "pkg", "import_failed", "not_there"),
    ],
    ids=["no package", "a project", "no code", "no import"],
)
def test_says_what_the_user_has_to_put_right(tree, survey, files, path, code, said):
    tree(files)
    error = survey(path).error

    assert error.code == code
    assert said in error.message + error.detail


def test_says_which_interpreters_were_tried(tree, survey):
    tree({"pkg/__init__.py": CODE})
    error = survey(interpreters=("/not/there/python",)).error

    assert error.code == "no_interpreter"
    assert "/not/there/python" in error.detail


def test_says_that_pytest_is_missing(tree, survey, tmp_path):
    tree({"pkg/__init__.py": CODE})
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    error = survey(interpreters=(str(bare),)).error

    assert error.code == "no_pytest"
    assert str(bare) in error.message


def test_says_that_another_copy_would_be_tested(tree, survey, tmp_path):
    tree({"pkg/__init__.py": CODE})
    installed = tmp_path / "installed" / "pkg" / "__init__.py"
    installed.parent.mkdir(parents=True)
    installed.write_text(CODE)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}/installed:$PYTHONPATH" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    error = survey(interpreters=(str(python),)).error

    assert error.code == "shadowed_import"
    assert error.detail == str(installed)


def test_a_folder_without_an_init_file_is_imported_from_beside_it(tree, survey):
    tree({**ROOT, "pkg/a.py": CODE})
    found = survey()

    assert found.error is None
    assert (found.package, found.target.import_root) == ("pkg", ".")
    assert [component.name for component in found.components] == ["pkg.a"]
