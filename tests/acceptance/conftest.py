"""Runs the real command line on real repositories, in an empty home, with a lean interpreter as the target."""

import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest
from projects import PACKAGE, Project

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


@pytest.fixture
def project(tmp_path: Path, lean_python: Path) -> Project:
    """Give a repository with a small package, committed."""
    top, home = tmp_path / "project", tmp_path / "home"
    top.mkdir()
    home.mkdir()
    project = Project(top, home, lean_python)
    project.git("init", "-q", "-b", "main")
    project.git("config", "user.name", "Somebody")
    project.git("config", "user.email", "somebody@example.org")
    project.write(PACKAGE)
    project.commit()
    return project
