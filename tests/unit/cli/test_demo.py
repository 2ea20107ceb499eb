import doctest
import subprocess
import sys

import pytest

from proctor.cli.commands.demo import make_sample

MODULES = ("clock", "labels", "oven", "quantity", "recipe", "shelf")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return make_sample(tmp_path_factory.mktemp("demo") / "larder")


def git(repository, *arguments):
    done = subprocess.run(["git", "-C", repository, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_sample_is_a_clean_repository_with_one_commit_and_an_author_of_its_own(sample):
    assert git(sample, "status", "--porcelain") == ""
    assert git(sample, "log", "--format=%an") == "Proctor demo"
    assert git(sample, "config", "--local", "user.email") == "demo@example.invalid"
    assert {f"larder/{name}.py" for name in MODULES} < set(git(sample, "ls-files").splitlines())


def first_failures(sample, module):
    """Run a module's examples from the top of the file, as tests written from them run."""
    program = (
        "import doctest, sys\n"
        f"import larder.{module} as module\n"
        "found = sorted(doctest.DocTestFinder().find(module), key=lambda each: each.lineno or 0)\n"
        "runner = doctest.DocTestRunner(verbose=False)\n"
        "for each in found: runner.run(each, out=lambda _: None)\n"
        "print(runner.failures, runner.tries)"
    )
    done = subprocess.run([sys.executable, "-B", "-c", program], cwd=sample, capture_output=True, text=True, check=True)
    failures, tries = map(int, done.stdout.split())
    return failures, tries


@pytest.mark.parametrize("module", MODULES)
def test_only_one_example_is_wrong_and_only_the_clock_has_none(sample, module):
    failures, tries = first_failures(sample, module)
    assert failures == (1 if module == "oven" else 0)
    assert (tries > 0) == (module != "clock")


def test_the_label_depends_on_what_was_labelled_before(sample):
    program = "from larder.labels import fits, label\nfits('salt')\nprint(label('plum jam'))"
    done = subprocess.run([sys.executable, "-B", "-c", program], cwd=sample, capture_output=True, text=True, check=True)
    assert not doctest.OutputChecker().check_output("No. 1: plum jam\n", done.stdout, 0)
