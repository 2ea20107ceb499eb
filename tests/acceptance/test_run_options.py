"""What options of `proctor run` do to a whole run."""

import json

import pytest
from projects import Project, state_of

NO_EXAMPLE = '''"""Nothing in here can be tried: it needs what nobody can make up."""


def settle(account):
    """Settle an account."""
    return account.ledger.settle(account.owner)
'''


def test_a_dry_run_says_what_would_be_done_and_leaves_no_trace(project: Project) -> None:
    before = state_of(project.top)
    (said,) = project.proctor("run", "shop", "--dry-run", "--json").lines()
    assert (said["v"], said["kind"], said["error"]) == (1, "dry_run", None)
    lines = {each["name"]: (each["lines"], each["open_lines"]) for each in said["components"]}
    assert lines == {"shop.prices": (4, 3), "shop.stock": (2, 1)}
    assert (said["asked"]["agent"], said["asked"]["times"], said["asked"]["costs"]) == ("builtin", 8, False)
    assert state_of(project.top) == before
    assert not project.git("branch", "--list", "test-*")
    assert project.proctor("sessions", "list").out.startswith("No session yet.")
    assert not list((project.home / "cache" / "work").iterdir())


def test_a_dry_run_of_an_agent_says_that_it_costs_and_a_problem_is_told(project: Project) -> None:
    project.configure('[agents.mine]\nargv = ["/nowhere/agent"]\n[limits]\nfixes = 1\nattempts = 3\n')
    told = " ".join(project.proctor("run", "shop", "--agent", "mine", "--dry-run").out.split())
    assert "The agent mine would be asked at most 12 times" in told
    assert "Each time may cost money." in told
    assert "uncommitted changes are left out" not in told
    project.write({"shop/prices.py": "# not committed\n"})
    refused = project.proctor("run", "shop", "--only", "nothing.*", "--dry-run")
    assert "uncommitted changes are left out" in refused.out
    assert "its modules: shop, shop.prices, shop.stock" in " ".join(refused.out.split())
    assert refused.code == 1
    assert "A run would fail: shop has no module with code in it" in refused.out


def test_a_dry_run_needs_no_author_and_says_that_a_run_will(project: Project) -> None:
    project.git("config", "--unset", "user.name")
    (said,) = project.proctor("run", "shop", "--only", "shop.stock", "--dry-run", "--json").lines()
    assert (said["author_missing"], said["error"], len(said["components"])) == (True, None, 1)
    told = project.proctor("run", "shop", "--only", "shop.stock", "--dry-run")
    assert told.code == 0
    assert "  git does not know the author of the commit; a run needs user.name and user.email" in told.out
    refused = project.proctor("run", "shop", "--only", "shop.stock")
    assert (refused.code, "git does not know who the author" in refused.err) == (2, True)


@pytest.mark.parametrize("option", ["--strict", "--require-tests"])
def test_what_makes_a_run_that_landed_in_part_a_failure_is_named(project: Project, option: str) -> None:
    project.write({"shop/ledger.py": NO_EXAMPLE})
    project.commit("a module that nothing can be proven of")
    finished = project.proctor("run", "shop", "--only", "shop.prices", "--only", "shop.ledger", option, "--json")
    assert finished.code == 1, finished.err
    outcomes = {each["name"]: each["outcome"] for each in finished.lines()[-1]["components"]}
    bare = "failed" if option == "--require-tests" else "none"
    assert outcomes == {"shop.prices": "proven", "shop.ledger": bare}
    (said,) = [line for line in finished.err.splitlines() if line.startswith(option)]
    assert "makes this a failure" in said
    assert "shop.ledger" in said
    assert "shop.prices" not in said
    assert project.git("branch", "--list", "test-*")


def test_work_folders_are_kept_and_files_that_git_does_not_have_are_carried(project: Project) -> None:
    project.write(
        {
            ".gitignore": "_version.py\n",
            "shop/prices.py": "from shop._version import VERSION\n\n\ndef version() -> str:\n"
            '    """Name the version.\n\n    >>> version()\n    \'1.0\'\n    """\n    return VERSION\n',
        }
    )
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "a module that needs a generated one")
    project.write({"shop/_version.py": 'VERSION = "1.0"\n'})
    without = project.proctor("run", "shop", "--only", "shop.prices")
    assert without.code == 1
    finished = project.proctor("run", "shop", "--only", "shop.prices", "--carry", "shop/_version.py", "--keep")
    assert finished.code == 0, finished.err + finished.out
    assert "with what is not in git: shop/_version.py" in finished.out
    landed = project.git("show", "--name-only", "--format=", "test-context-testing-session-for-shop")
    assert landed.split() == ["tests/test_shop_prices.py"]
    (place,) = [line.partition(" kept in ")[2] for line in finished.err.splitlines() if " kept in " in line]
    kept = list((project.home / "cache" / "kept").glob("*/*/*/shop/_version.py"))
    steps = {path.parts[-3] for path in kept}
    assert {"01-initialize", "03-finalize"} < steps
    assert all(str(path).startswith(place) for path in kept)
    assert not list((project.home / "cache" / "work").iterdir())


def test_what_would_be_refused_again_is_not_to_be_tried_again(project: Project) -> None:
    refused = project.proctor("run", "shop", "--only", "nothing.*")
    assert refused.code == 1
    session = json.loads(project.proctor("sessions", "list", "--json").out)["session"]
    for told in (refused.out, project.proctor("sessions", "show", session).out):
        assert "Failed: shop has no module with code in it" in told
        assert "what happened  proctor sessions show" in told
        assert "retry" not in told
