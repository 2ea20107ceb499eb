from proctor_python.component import Arguments, Component
from proctor_python.measured import Measured

SOURCE = '''"""Adds up."""

class Sum:
    """Hold a sum."""

    def add(self, other: int = 0) -> "Sum":
        """Add one more.

        And more."""

    def _hidden(self): ...


async def total(*values): ...


def _private(): ...
'''

MENTIONS = "from pkg import other, sums\n\ndef test_one(): pass\n\nclass TestA:\n    def test_two(self): pass\n"


def survey(execute, target, **more):
    arguments = {"path": "pkg/sums.py", "module": "pkg.sums", "test_file": "tests/test_pkg_sums.py", **more}
    return Component.model_validate(execute("component", Arguments(target=target, **arguments)).report)


def test_tells_an_agent_what_there_is(tree, execute, target):
    tree(
        {
            "pkg/sums.py": SOURCE,
            "tests/test_other.py": "def test_no(): pass\n",
            "tests/test_more.py": MENTIONS,
            "docs/pkg/sums.md": "# Sums\n\n## Test Assertions\n\n- adds up\n",
        }
    )
    baseline = Measured(missing_lines=(1, 2, 3, 7), missing_arcs=((1, 2),))
    found = survey(execute, target, test_files=("tests/test_other.py", "tests/test_more.py"), baseline=baseline)

    assert found.doc == "Adds up."
    assert [(name.name, name.kind, name.signature, name.doc) for name in found.names] == [
        ("Sum", "class", "", "Hold a sum."),
        ("Sum.add", "method", "(self, other: int=0) -> 'Sum'", "Add one more."),
        ("total", "function", "(*values)", ""),
    ]
    assert [(mention.path, mention.tests) for mention in found.tests] == [
        ("tests/test_more.py", ("test_one", "test_two"))
    ]
    assert found.neighbour == "tests/test_more.py"
    assert found.specification.path == "docs/pkg/sums.md"
    assert (found.open_lines, found.open_arcs) == ("1-3, 7", 1)


def test_a_source_that_cannot_be_parsed_is_said(tree, execute, target):
    tree({"pkg/sums.py": "def (:\n"})
    found = survey(execute, target)

    assert "SyntaxError" in found.syntax_error
    assert (found.names, found.open_lines, found.neighbour, found.specification) == ((), None, None, None)
