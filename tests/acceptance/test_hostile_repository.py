"""A repository, and an agent in its workspace, that try to make us run something: no step does, publishing included.

Whatever runs against our will leaves a file, a canary. That the traps work is shown by using git and pytest as usual.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from projects import Finished, Project, processes_of
from repositories import HOOKS, PROGRAMS, set_traps

TRAPS = {*HOOKS, *(f"trap-{name}" for name in PROGRAMS)}
NEED_MORE = {
    *("fsmonitor-watchman", "post-applypatch", "post-rewrite", "pre-auto-gc", "proc-receive", "push-to-checkout"),
    *("sendemail-validate", "trap-core.pager", "trap-core.sshCommand", "trap-diff.external"),
    *("trap-interactive.diffFilter", "trap-pack.packObjectsHook", "trap-pager.status", "trap-receive.procReceiveRefs"),
    "trap-uploadpack.packObjectsHook",
}
"""Traps that only spring with a terminal, another machine, a mail server, or in repositories of some age."""
USUAL = (
    *(("status",), ("config", "--file", ".git/traps", "--unset", "filter.trap.process"), ("add", "--all"), ("commit",)),
    *(("diff", "HEAD~1"), ("diff", "--no-ext-diff", "HEAD~1"), ("merge", "side", "--no-edit")),
    *(("commit", "--no-verify", "--all", "--message", "x"), ("checkout", "-f", "-B", "other", "main")),
    *(("merge", "--no-ff", "--no-edit", "side"), ("rebase", "-i", "HEAD~1"), ("rebase", "--abort")),
    *(("checkout", "-f", "main"), ("am", "../patch"), ("am", "--abort"), ("push", "--no-verify", ".", "HEAD:x")),
    *(("push", ".", "HEAD:y"), ("commit", "-S", "--no-verify", "--allow-empty", "--message", "x")),
    *(("ls-remote", "git://localhost/x"), ("credential", "fill")),
)
"""What people do with git."""
EVIL = "import pathlib\npathlib.Path({canaries!r}, {name!r}).touch()\n"
PLANTS = ("conftest.py", "sitecustomize.py", "evil/__init__.py")
"""Files that Python or pytest would run, if they stayed. The last of them is a plugin of pytest."""
AGENT = """
import os, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from repositories import set_traps

set_traps(Path.cwd(), Path({canaries!r}))
for name, text in {plants!r}.items():
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)
Path("pytest.ini").write_text("[pytest]\\naddopts = -p evil\\n")
Path("shop/out").symlink_to({outside!r})
Path("shop/out/planted.py").write_text("")
Path(".gitattributes").write_text("* filter=trap diff=trap merge=trap working-tree-encoding=UTF-16\\n")
target = Path(os.environ["PROCTOR_TARGET"])
target.write_text("from shop import stock\\n\\n\\ndef test_missing():\\n    assert stock.missing(5, 3) == 2\\n")
"""


class Hostile:
    """A repository with every kind of trap in it, and folders to see what came of them."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.canaries, self.outside = folder / "canaries", folder / "outside"
        self.outside.mkdir()
        self.canaries.mkdir()
        project.environment = {"PROCTOR_STEPS": '{"component_testing.check_stability": {"runs": 2}}'}
        project.write({"evil/__init__.py": self.evil("plugin"), "-pevil.x_test.py": "def test_option(): pass\n"})
        project.write({".gitattributes": "* filter=trap diff=trap merge=trap text\n"})
        for link in ("tests", "shop/linked", "shop/linked.py"):
            (project.top / link).symlink_to(self.outside)
        project.commit()
        set_traps(project.top, self.canaries)
        project.write({"shop/prices.py": "changed"})

    def evil(self, name: str) -> str:
        """Give a module that leaves a canary."""
        return EVIL.format(canaries=str(self.canaries), name=name)

    def sprung(self) -> set[str]:
        """Name the traps that something ran into."""
        return {path.name for path in self.canaries.iterdir()}

    def contents(self) -> dict[str, bytes]:
        """Give every file of the checkout and of `.git`, but for objects and the branch that a run adds."""
        files = {path.relative_to(self.project.top).as_posix(): path for path in self.project.top.rglob("*")}
        ours = (".git/objects", ".git/refs/heads/test-")
        return {name: path.read_bytes() for name, path in files.items() if path.is_file() and not name.startswith(ours)}

    def run(self, *argv: str) -> Finished:
        """Have the tests of a module written; nothing may run, nothing but the branch may be new."""
        before = self.contents()
        finished = self.project.proctor("run", "shop", "--only", "shop.stock", "--json", *argv)
        assert finished.code == 0, finished.out + finished.err
        assert self.sprung() == set()
        assert self.contents() == before
        assert processes_of(self.project.home) == []
        return finished

    def landed(self, finished: Finished) -> list[str]:
        """Name the files on the branch, asking git where no trap is set."""
        bare = self.project.home / "look.git"
        subprocess.run(["git", "init", "-q", "--bare", bare], check=True)
        objects = {**os.environ, "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.project.top / ".git" / "objects")}
        argv = ["git", f"--git-dir={bare}", "diff-tree", "-r", "--name-only", "--no-commit-id"]
        commit = finished.product()["commit"]
        return subprocess.run(
            [*argv, commit], env=objects, capture_output=True, text=True, check=True
        ).stdout.splitlines()


@pytest.fixture
def hostile(project: Project, tmp_path: Path) -> Hostile:
    """Give a hostile repository."""
    return Hostile(project, tmp_path)


def test_the_traps_of_git_spring_when_it_is_used_as_usual(project: Project, tmp_path: Path) -> None:
    project.write({".gitattributes": "* filter=trap diff=trap merge=trap\n"})
    project.commit()
    for branch, text in (("side", "x = 1\n"), ("main", "x = 2\n")):
        project.git("checkout", "-q", "-B", branch)
        project.write({"shop/stock.py": text})
        project.commit(branch)
        if branch == "side":
            project.git("checkout", "-q", "main")
    project.write({"shop/new.py": "x = 1\n"})
    project.commit("a patch")
    (tmp_path / "patch").write_text(project.git("format-patch", "-1", "--stdout"))
    project.git("reset", "-q", "--hard", "HEAD~1")
    canaries = tmp_path / "canaries"
    set_traps(project.top, canaries)
    project.write({"shop/stock.py": "x = 3\n"})  # of the same size: git has to look into it
    environment = {"PATH": os.environ["PATH"], "HOME": str(project.home), "GIT_CONFIG_NOSYSTEM": "1"}
    for argv in USUAL:
        plain = () if "-S" in argv or argv[0] == "status" else ("-c", "commit.gpgSign=false")
        subprocess.run(
            ["git", *plain, *argv], cwd=project.top, env=environment, input=b"protocol=https\nhost=h\n\n",
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
    assert {path.name for path in canaries.iterdir()} >= TRAPS - NEED_MORE


@pytest.mark.parametrize(
    ("name", "argv"),
    [
        ("conftest.py", ("pytest", "test_x.py")),
        ("sitecustomize.py", ("pytest", "test_x.py")),
        ("evil/__init__.py", ("pytest", "-pevil.x_test.py")),
    ],
)
def test_the_plants_of_python_run_when_pytest_is_used_as_usual(
    tmp_path: Path, lean_python: Path, name: str, argv: tuple[str, ...]
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(EVIL.format(canaries=str(tmp_path), name="canary"))
    (tmp_path / "test_x.py").write_text("")
    environment = {"PYTHONPATH": str(tmp_path)}
    subprocess.run([lean_python, "-m", *argv], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (tmp_path / "canary").exists()


def test_nothing_that_a_repository_sets_up_ever_runs(hostile: Hostile) -> None:
    finished = hostile.run()
    assert hostile.landed(finished) == ["test/test_shop_stock.py"]
    assert list(hostile.outside.iterdir()) == []


def test_nothing_that_an_agent_plants_in_its_workspace_ever_runs(hostile: Hostile) -> None:
    plants = {name: hostile.evil(f"planted {name}") for name in PLANTS}
    facts = {"canaries": str(hostile.canaries), "outside": str(hostile.outside), "plants": plants}
    script = hostile.project.home / "agent.py"
    script.write_text(AGENT.format(tests=str(Path(__file__).parents[1]), **facts))
    hostile.project.configure(f'[agents.planter]\nargv = ["{sys.executable}", "-S", "{script}"]\n')
    finished = hostile.run("--agent", "planter")
    discarded = [line["data"] for line in finished.lines() if line["kind"] == "interaction_completed"]
    assert [data["status"] for data in discarded if data["step"] == "generate_tests"] == ["ok"]
    assert hostile.landed(finished) == ["test/test_shop_stock.py"]
    assert [path.name for path in hostile.outside.iterdir()] == ["planted.py"]  # it was the agent that wrote there
