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


RAISES = "raise RuntimeError('no luck')"


def test_a_conftest_that_would_keep_new_tests_from_running_is_told_at_once(tree, survey):
    tree({**ROOT, "pkg/__init__.py": CODE, "tests/test_it.py": "", "tests/conftest.py": RAISES})
    error = survey().error

    assert error.code == "suite_broken"
    assert "no luck" in error.detail


def test_a_conftest_that_raises_elsewhere_leaves_the_rest_of_the_survey(tree, survey):
    tests = {"pkg/tests/test_other.py": "", "pkg/tests/conftest.py": RAISES, "tests/test_pkg.py": ""}
    tree({**ROOT, "pkg/__init__.py": CODE, **tests})
    found = survey()

    assert found.error is None
    assert "no luck" in found.suite.message
    assert found.components[0].baseline is not None


def test_a_test_file_that_cannot_be_imported_takes_no_other_along(tree, survey):
    tests = {
        "test_hangs.py": "import time\ntime.sleep(60)\n",
        "test_ends.py": "import os\nos._exit(0)\n",
        "test_leaves.py": "raise SystemExit(3)\n",
        "-pno_test.py": "def test_optional(): pass\n",
        "test_good.py": "def test_good(): pass\n",
    }
    tree({**ROOT, "pkg/__init__.py": CODE, **tests})
    suite = survey(test_seconds=2).suite

    assert suite.outcomes == {"-pno_test.py::test_optional": "passed", "test_good.py::test_good": "passed"}
    assert {path: message.splitlines()[0] for path, message in suite.uncollected.items()} == {
        "test_hangs.py": "stopped after 6 s; it was here:",
        "test_ends.py": "pytest ended early with exit code 0",
        "test_leaves.py": "importing it raised SystemExit: 3",
    }


def test_globs_choose_components(tree, survey):
    tree({**ROOT, "pkg/__init__.py": "", "pkg/a.py": CODE, "pkg/b.py": CODE, "pkg/c.py": CODE})
    found = survey(only=("pkg.a", "b.py"), exclude=("pkg/b*",))

    assert [component.name for component in found.components] == ["pkg.a"]


BAD = {
    "closes": ("import os, sys; os.close(1); sys.stderr.close()", "closes the standard output, which pytest needs"),
    "deletes": ("import os; os.remove(__file__)", "removes its own file"),
    "eats": ("x = bytearray(1 << 60)", "MemoryError"),
    "ends": ("import os; os._exit(7)", "ended the interpreter with exit code 7"),
    "forks": ("import os; os.fork()", ""),
    "hangs": ("import time; time.sleep(60)", "did not finish in 3 s"),
    "leaves": ("raise SystemExit('gone')", "SystemExit: gone"),
}
"""A module that does so -> its last line, and how its error ends."""


def test_a_component_that_does_not_import_says_so_alone(tree, survey):
    files = {f"pkg/{name}.py": f"{CODE}{line}\n" for name, (line, _) in BAD.items()}
    tree({**ROOT, "pkg/__init__.py": "", **files, "pkg/zest.py": CODE, "pkg/nul.py": CODE + "\0"})
    components = {component.name: component for component in survey(import_seconds=3).components}

    for name, (_, said) in BAD.items():
        assert components[f"pkg.{name}"].import_error.strip().endswith(said)
    assert "null bytes" in components["pkg.nul"].import_error
    assert components["pkg.zest"].import_error == ""
    assert components["pkg.zest"].baseline.executed_lines == (1, 5)


def test_a_program_is_not_run(tree, survey):
    program, guard = "def main():\n    open('ran', 'w')\n\n\n", 'if __name__ == "__main__":\n    '
    files = {"pkg/__main__.py": f"{program}main()\n", "pkg/sub/__main__.py": f"{program}{guard}main()\n"}
    top = tree({**ROOT, "pkg/__init__.py": "", "pkg/sub/__init__.py": "", "pkg/a.py": CODE, **files})
    found = {component.name: component for component in survey().components}

    assert not (top / "ran").exists()
    assert [found[name].import_error for name in ("pkg.__main__", "pkg.sub.__main__")] == ["", ""]
    assert found["pkg.__main__"].baseline.executed_lines == ()
    assert found["pkg.sub.__main__"].baseline.executed_lines == (1, 5)


def test_a_program_that_is_named_alone_is_not_run(tree, survey):
    top = tree({**ROOT, "pkg/__init__.py": "", "pkg/__main__.py": f"{CODE}open('ran', 'w')\n"})
    [component] = survey("pkg/__main__.py").components

    assert not (top / "ran").exists()
    assert (component.name, component.import_error) == ("pkg.__main__", "")


def test_what_lies_outside_is_no_component_and_no_place_for_tests(tree, survey, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text(CODE)
    top = tree({**ROOT, "pkg/__init__.py": "", "pkg/a.py": CODE})
    (top / "pkg/linked.py").symlink_to(outside / "secret.py")
    (top / "pkg/gone.py").symlink_to(outside / "gone.py")
    (top / "tests").symlink_to(outside)
    components = survey().components

    assert [(component.name, component.test_file) for component in components] == [("pkg.a", "test/test_pkg_a.py")]


def test_says_what_is_not_fetched(tree, survey):
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n"
    files = {f"data/{name}.bin": pointer for name in "abcd"}
    module = '[submodule "x"]\n\tpath = vendor/x\n\turl = ../x\n'
    tree({**ROOT, "pkg/__init__.py": CODE, ".gitattributes": "*.bin filter=lfs\n", ".gitmodules": module, **files})

    assert survey().notices == (
        "Nothing is fetched from Git LFS, so only pointers are there: data/a.bin, data/b.bin, data/c.bin and 1 more",
        "Submodules are not fetched, so they are empty: vendor/x",
    )


@pytest.mark.parametrize(
    ("files", "path", "code", "said"),
    [
        ({"other.py": ""}, "pkg", "no_such_package", "There is no pkg"),
        ({**ROOT, "src/pkg/__init__.py": CODE}, "src", "no_such_package", "src/pkg"),
        ({**ROOT, "app/__main__.py": CODE}, "app/__main__.py", "no_such_package", "that is the program that runs"),
        ({"pkg/__init__.py": "from os import path\n"}, "pkg", "no_components", "no module with code"),
        ({"pkg/__init__.py": "import not_there\n" + CODE}, "pkg", "import_failed", "not_there"),
    ],
    ids=["no package", "a project", "no name", "no code", "no import"],
)
def test_says_what_the_user_has_to_put_right(tree, survey, files, path, code, said):
    tree(files)
    error = survey(path).error

    assert error.code == code
    assert said in error.message + error.detail


def test_names_the_module_first_that_is_most_like_what_was_asked_for(tree, survey):
    tree({"pkg/__init__.py": "", **{f"pkg/a{number}.py": CODE for number in range(13)}, "pkg/prices.py": CODE})

    assert "its modules: pkg.prices, pkg, pkg.a0" in survey(only=("pkg.pricse",), exclude=("prices.py",)).error.message
    assert "its modules: pkg.prices, pkg, pkg.a0" in survey(only=("pricse",)).error.message


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


@pytest.mark.parametrize("line", ["import ns.json", "from ns.json import two", "    >>> from ns import json"])
def test_a_package_in_a_namespace_is_imported_by_the_name_that_the_project_uses(tree, survey, line):
    tree({**ROOT, "ns/json/__init__.py": CODE, "tests/test_it.py": f"DOC = '''\n{line}\n'''\n"})
    found = survey("ns/json")

    assert found.error is None
    assert (found.package, found.target.import_root) == ("ns.json", ".")


def test_a_folder_that_only_holds_packages_is_no_namespace(tree, survey):
    tree({**ROOT, "lib/pkg/__init__.py": CODE, "tests/test_it.py": "import pkg\n"})
    assert survey("lib/pkg").package == "pkg"
