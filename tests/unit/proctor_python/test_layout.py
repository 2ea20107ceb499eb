from pathlib import Path

import pytest

A_B = {"pkg.a": "pkg/a.py", "pkg.sub.b": "pkg/sub/b.py"}


@pytest.fixture
def reserved(tree, load, monkeypatch):
    layout = load("layout")

    def reserve(names, modules=A_B):
        monkeypatch.chdir(tree(dict.fromkeys(names, "")))
        files = layout.test_files(Path())
        return layout.reserve(layout.detect(files, modules, Path()), modules, files)

    return reserve


def test_without_tests_they_go_into_a_new_flat_folder(reserved):
    assert reserved(["pkg/a.py"]) == {"pkg.a": "tests/test_pkg_a.py", "pkg.sub.b": "tests/test_pkg_sub_b.py"}


def test_mirrors_folders_that_are_packages(reserved):
    names = ["tests/__init__.py", "tests/sub/__init__.py", "tests/sub/test_b.py", "tests/test_c.py"]

    assert reserved(names) == {"pkg.a": "tests/test_a.py", "pkg.sub.b": "tests/sub/test_b_proctor.py"}


def test_uses_dotted_names_where_test_folders_are_no_packages(reserved):
    names = ["tests/unit/sub/test_b.py", "tests/unit/test_a.py"]

    assert reserved(names) == {"pkg.a": "tests/unit/test_pkg_a.py", "pkg.sub.b": "tests/unit/sub/test_pkg_sub_b.py"}


def test_stays_beside_the_source_where_tests_do(reserved):
    names = ["pkg/tests/__init__.py", "pkg/tests/test_a.py", "pkg/sub/tests/__init__.py", "pkg/sub/tests/test_b.py"]

    assert reserved(names) == {"pkg.a": "pkg/tests/test_a_proctor.py", "pkg.sub.b": "pkg/sub/tests/test_b_proctor.py"}


@pytest.mark.parametrize("folder", ["testing", "unittests"])
def test_a_test_folder_by_another_name_is_used(reserved, folder):
    assert reserved([f"{folder}/test_other.py", "test_loose.py"], {"pkg": "pkg.py"}) == {"pkg": f"{folder}/test_pkg.py"}


def test_a_package_called_testing_is_no_test_folder(reserved):
    modules = {"pkg.testing.case": "pkg/testing/case.py"}

    assert reserved(["pkg/testing/test_base.py"], modules) == {"pkg.testing.case": "tests/test_pkg_testing_case.py"}


def test_a_name_taken_anywhere_is_not_given_again(reserved):
    names = ["test_one.py", "tests/test_pkg_a.py", "tests/test_pkg_a_proctor.py", "more/test_pkg_a_proctor_2.py"]

    assert reserved(names, {"pkg.a": "pkg/a.py"}) == {"pkg.a": "tests/test_pkg_a_proctor_3.py"}


def test_components_of_one_name_never_collide(reserved):
    modules = {"pkg.a_b": "pkg/a_b.py", "pkg.a.b": "pkg/a/b.py"}
    names = reserved(["tests/test_other.py"], modules)

    assert sorted(names.values()) == ["tests/test_pkg_a_b.py", "tests/test_pkg_a_b_proctor.py"]


def test_the_suite_is_its_topmost_folders_and_loose_files(tree, load, monkeypatch):
    layout = load("layout")
    names = [
        "tests/a/tests/test_x.py",
        "pkg/sub/tests/test_y.py",
        "test_z.py",
        ".venv/test_v.py",
        "env/pyvenv.cfg",
        "env/test_e.py",
    ]
    monkeypatch.chdir(tree(dict.fromkeys(names, "")))

    assert layout.suite_paths(layout.test_files(Path()), Path()) == ["test_z.py", "pkg/sub/tests", "tests"]
