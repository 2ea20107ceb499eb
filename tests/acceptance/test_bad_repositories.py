"""Repositories, suites and interpreters that are not as they should be: borne, or refused in one clear line."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from projects import PACKAGE, Finished, Project, processes_of

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n"
MODULES = '[submodule "x"]\n\tpath = vendor/x\n\turl = ../x\n'
SLOW = "import time, pytest\n\n\n@pytest.mark.parametrize('n', range(3600))\ndef test_slow(n):\n    time.sleep(1)\n"
ORDERED = "SEEN = []\n\n\ndef test_first():\n    SEEN.append(1)\n\n\ndef test_second():\n    assert SEEN\n"
SERVICE = "import socket\n\n\ndef test_service():\n    socket.create_connection(('127.0.0.1', 1), 2)\n"
SUITE = {
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-n 2 --cov=laden --cov-fail-under=100 -x"\n',
    "tests/test_a_red.py": "def test_red():\n    assert 0\n",
    "tests/test_b_ordered.py": ORDERED,
    "tests/test_c_service.py": SERVICE,
    "tests/test_d_leaves.py": "import sys\n\nsys.exit(3)\n",
    "tests/test_e_slow.py": SLOW,
    "tests/one/test_same.py": "def test_one():\n    pass\n",
    "tests/two/test_same.py": "def test_two():\n    pass\n",
}
SHORT = {
    "context_testing.initialize": {"suite_seconds": 15},
    "component_testing.check_stability": {"runs": 2},
    "context_testing.finalize": {"seconds": 4},
}
FINDER = """
import importlib.abc, importlib.util, sys

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "shop":
            file, places = {place!r} + "/__init__.py", [{place!r}]
            return importlib.util.spec_from_file_location(name, file, submodule_search_locations=places)

sys.meta_path.insert(0, Finder())
"""


def left(project: Project) -> list[str]:
    """Name what a run left behind that it should not: processes, work folders, temporary files."""
    work = project.home / "cache" / "work"
    folders = [path.name for path in work.iterdir() if path.is_dir()] if work.exists() else []
    temporary = [path.name for path in Path(project.environment["TMPDIR"]).iterdir()]
    return [*map(str, processes_of(project.home)), *folders, *temporary]


def notices(finished: Finished) -> str:
    """Give what the first step had to say."""
    closed = [line["data"] for line in finished.lines() if line["kind"] == "interaction_completed"]
    return str(next(data["message"] for data in closed if data["step"] == "initialize"))


@pytest.fixture
def project(project: Project) -> Project:
    """Give a project with a place for temporary files of its own, to see what is left there."""
    (project.home / "tmp").mkdir()
    project.environment = {"TMPDIR": str(project.home / "tmp"), "PROCTOR_STEPS": json.dumps(SHORT)}
    return project


def refused(finished: Finished, code: int) -> str:
    """Give the one line in which a run was refused."""
    assert finished.code == code, finished.out + finished.err
    assert "Traceback" not in finished.err
    line, *more = finished.err.splitlines()
    assert not more
    return line


def test_what_is_no_place_to_work_in_is_refused_in_one_line(project: Project, tmp_path: Path) -> None:
    bare, empty, folder = tmp_path / "bare.git", tmp_path / "empty", tmp_path / "folder.toml"
    project.git("clone", "-q", "--bare", ".", str(bare))
    project.git("init", "-q", str(empty))
    folder.mkdir()
    assert "is in a bare repository, which has no checkout. Name a path in a clone" in refused(
        project.proctor("run", bare), 2
    )
    assert "has no commit yet. Tests are written against a commit: make one first." in refused(
        project.proctor("run", empty), 2
    )
    project.environment = {**project.environment, "PROCTOR_CONFIG": str(folder)}
    assert f"there is no file {folder}. Correct PROCTOR_CONFIG" in refused(project.proctor("run", "shop"), 2)
    assert not (project.home / "cache" / "work").exists()
    assert not project.git("branch", "--list", "test-*")


def test_a_repository_in_a_sorry_state_gets_its_tests_all_the_same(project: Project, tmp_path: Path) -> None:
    """All at once: umlauts and spaces, no branch checked out, Git LFS, a submodule, and a suite with every vice."""
    top = tmp_path / "Müllers Läden & Söhne"
    project.top = project.top.rename(top)
    project.write({"mein laden/käse/__init__.py": "", "mein laden/käse/preisgefüge.py": PACKAGE["shop/stock.py"]})
    project.write({".gitattributes": "*.bin filter=lfs\n", "data/a.bin": POINTER, ".gitmodules": MODULES, **SUITE})
    project.commit()
    project.git("update-index", "--add", "--cacheinfo", f"160000,{project.git('rev-parse', 'HEAD').strip()},vendor/x")
    project.git("commit", "-q", "-m", "a submodule")
    project.git("checkout", "-q", "--detach")
    finished = project.proctor("run", "mein laden/käse", "--json")

    assert finished.code == 0, finished.out + finished.err
    said = notices(finished)
    assert "Nothing is fetched from Git LFS, so only pointers are there: data/a.bin" in said
    assert "Submodules are not fetched, so they are empty: vendor/x" in said
    assert re.search(r"[23] of \d+ existing tests fail", said)
    assert re.search(r"pytest cannot collect tests/test_d_leaves\.py.*, tests/two/test_same\.py", said)
    assert "existing tests were not reached in the time there is" in said
    assert [each["outcome"] for each in finished.product()["components"]] == ["proven"]
    assert finished.product()["notices"]
    assert project.git("rev-parse", f"{finished.product()['commit']}^") == project.git("rev-parse", "HEAD")
    assert left(project) == []


def test_a_conftest_that_raises_is_told_before_any_test_is_written(project: Project) -> None:
    project.write({"tests/conftest.py": "raise RuntimeError('no database')\n", "tests/test_a.py": ""})
    project.commit()
    finished = project.proctor("run", "shop")
    assert finished.code == 1
    assert "initialize: error: pytest cannot begin in tests, so no test can run there. Put right what" in finished.out
    assert "RuntimeError: no database" in finished.out
    assert "started" not in finished.out
    assert left(project) == []


def test_an_editable_install_that_wins_over_the_workspace_is_refused(project: Project, tmp_path: Path) -> None:
    python = tmp_path / "target" / "bin" / "python"
    shutil.copytree(project.python.parents[1], python.parents[1], symlinks=True)
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    (site / "shop_finder.py").write_text(FINDER.format(place=str(project.top / "shop")))
    (site / "shop.pth").write_text("import shop_finder\n")
    finished = project.proctor("run", "shop", "--python", python)
    assert finished.code == 1
    assert "shop is imported from outside the work tree, so another copy would be tested." in finished.out
    assert str(project.top / "shop") in finished.out
    assert left(project) == []


@pytest.fixture(scope="session")
def oldest_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an interpreter of the oldest Python that can be a target, with pytest and without coverage.py."""
    known = [shutil.which("python3.9"), *map(str, Path.home().glob(".pyenv/versions/3.9.*/bin/python"))]
    python = next((path for path in known if path and _runs(path)), None)
    if python is None:
        pytest.skip("there is no Python 3.9 on this machine")
    folder = tmp_path_factory.mktemp("oldest")
    subprocess.run([python, "-m", "venv", folder], check=True)
    install = [folder / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", "pytest"]
    done = subprocess.run(install, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        pytest.skip(f"pytest cannot be installed for Python 3.9: {done.stderr[-300:]}")
    return folder / "bin" / "python"


def _runs(python: str) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def test_the_oldest_python_without_coverage_is_a_target_too(project: Project, oldest_python: Path) -> None:
    finished = project.proctor("run", "shop", "--only", "shop.stock", "--python", oldest_python, "--json")
    assert finished.code == 0, finished.out + finished.err
    (component,) = finished.product()["components"]
    assert component["outcome"] == "proven"
    assert "Python 3.9." in finished.lines()[-1]["interpreter"]
    assert left(project) == []
