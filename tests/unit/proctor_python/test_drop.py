import pytest

from proctor_python.drop import Arguments, Dropped

FILE = '''"""Tests."""

import math
import os
from json import dumps

LIMIT = 3
_unused = [1]


def _only_for_two(x):
    return math.floor(x)


# What one is good for.
@deco(1)
def test_one():
    assert dumps(  1 )  ==  "1"


@pytest.mark.parametrize("x", [1, 2])
# not above
def test_two(x):
    assert _only_for_two(x) == LIMIT


class TestThing:
    """Thing."""

    def test_a(self):
        pass

    # about b
    def test_b(self): assert os.sep

    def test_c(self):
        pass
'''


@pytest.fixture
def without(load):
    drop = load("drop")

    def cut(text, *names):
        after, remaining = drop.without(text.encode(), list(names))
        return after.decode(), remaining

    return cut


def test_keeps_all_other_text_as_it_is(without):
    after, remaining = without(FILE, "TestThing::test_b")

    assert after == FILE.replace("    # about b\n    def test_b(self): assert os.sep\n\n", "").replace(
        "import os\n", ""
    )
    assert remaining == ["test_one", "test_two", "TestThing::test_a", "TestThing::test_c"]


def test_a_function_goes_with_decorators_comment_and_what_only_it_used(without):
    after, remaining = without(FILE, "test_two")

    start, end = FILE.index("@pytest.mark"), FILE.index("class TestThing")
    expected = FILE[:start] + FILE[end:]
    for gone in ("import math\n", "LIMIT = 3\n", "def _only_for_two(x):\n    return math.floor(x)\n\n\n"):
        expected = expected.replace(gone, "")
    assert after == expected
    assert "test_two" not in remaining


def test_a_class_goes_with_its_last_test(without):
    after, remaining = without(FILE, "TestThing::test_a", "TestThing::test_b", "TestThing::test_c")

    assert "TestThing" not in after
    assert after.endswith("== LIMIT\n")
    assert remaining == ["test_one", "test_two"]


def test_the_last_test_leaves_no_empty_lines_behind(without):
    after, _ = without(
        "def test_a():\n    pass\n\n\ndef test_b():\n    pass\n\n\ndef test_c():\n    pass\n", "test_b", "test_c"
    )

    assert after == "def test_a():\n    pass\n"


def test_a_block_is_never_left_empty(without):
    after, remaining = without("if True:\n    def test_a(): pass\nelse:\n    x = 1\ndef test_b(): pass\n", "test_a")

    assert after == "if True:\n    pass\nelse:\n    x = 1\ndef test_b(): pass\n"
    assert remaining == ["test_b"]


def test_an_inherited_test_takes_its_class_with_it(without):
    text = "class TestA(Base):\n    x = 1\n\n\ndef test_b(): pass\n"

    assert without(text, "TestA::test_inherited") == ("def test_b(): pass\n", ["test_b"])


def test_a_name_that_is_still_mentioned_stays(without):
    text = "import fixtures\nimport os\n\ndef test_a(): fixtures, os\n\ndef test_b(fixtures): pass\n"

    assert without(text, "test_a")[0] == "import fixtures\n\ndef test_b(fixtures): pass\n"


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("def test_a(): pass\n", "t.py::test_a[1]"),
        ("def test_(:", "t.py::test_a"),
        ("def test_a(): pass", "t.py"),
        ("def test_a(): pass", "t.py::made_up"),
    ],
    ids=["the last one", "no Python", "the file itself", "made at run time"],
)
def test_a_file_without_tests_is_deleted(tree, execute, target, text, test):
    path = tree({"t.py": text}) / "t.py"
    done = execute("drop", Arguments(target=target, test_file="t.py", tests=(test,)))

    assert Dropped.model_validate(done.report) == Dropped(dropped=(test,), deleted=True)
    assert not path.exists()


def test_one_case_takes_the_whole_parametrised_function(tree, execute, target):
    path = tree({"t.py": FILE}) / "t.py"
    done = execute("drop", Arguments(target=target, test_file="t.py", tests=("t.py::test_two[1]",)))

    assert "test_two" not in path.read_text()
    assert "TestThing::test_a" in done.report["remaining"]
