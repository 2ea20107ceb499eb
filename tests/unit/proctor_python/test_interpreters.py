import sys
from pathlib import Path

from proctor_python.interpreters import interpreters


def test_what_the_user_named_is_the_only_candidate(tmp_path):
    environment = {"PROCTOR_PYTHON": "/their/python", "VIRTUAL_ENV": "/venv"}

    assert interpreters(environment, tmp_path, "/named/python") == ["/named/python"]
    assert interpreters(environment, tmp_path) == ["/their/python"]


def test_a_relative_path_is_meant_from_here_and_a_bare_name_from_the_search_path(tmp_path):
    assert interpreters({}, tmp_path, "bin/python") == [str(Path("bin/python").absolute())]
    assert interpreters({}, tmp_path, "python3.12") == ["python3.12"]


def test_else_environments_come_before_our_own():
    assert interpreters({"VIRTUAL_ENV": "/venv"}, Path("/repository")) == [
        "/venv/bin/python",
        "/repository/.venv/bin/python",
        "/repository/venv/bin/python",
        sys.executable,
    ]
