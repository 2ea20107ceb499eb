"""Runs the real command line on real repositories, in a home of each test's own, with a lean interpreter as target."""

import shutil
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest
from projects import Project

NEEDED = ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "coverage")


@pytest.fixture(scope="session")
def lean_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an interpreter that has pytest and nothing else: what a project's own environment might be."""
    folder = tmp_path_factory.mktemp("target")
    venv.create(folder, symlinks=True)
    site = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    for name in NEEDED:
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (site / top).symlink_to(Path(str(found.locate_file(top))))
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory, lean_python: Path) -> Path:
    """Make a database without a session in it, as a home has it from the first command on."""
    project = Project.make(tmp_path_factory.mktemp("empty"), lean_python)
    assert project.proctor("sessions", "list").code == 0
    return project.home / "proctor.db"


@pytest.fixture
def project(tmp_path: Path, lean_python: Path, empty_database: Path) -> Project:
    """Give a repository with a small package, committed, and a home with nothing but a database."""
    project = Project.make(tmp_path, lean_python)
    shutil.copy(empty_database, project.home)
    return project
