import pytest

from proctor_agents.writing import PROGRAM, write_tests

DEFINED = 'import sys\n\n\ndef price():\n    """Tell.\n\n    >>> price()\n    3\n    """\n    return 3\n\n\n'
GUARD = 'if __name__ == "__main__":\n    price()\n'
ACTS = (
    "price()",
    "sys.exit",
    "code = price()",
    "code: price() = 3",
    "codes[price()] = 3",
    "codes = [price() for each in ()]",
    "code = lambda x=price(): x",
    "if sys.argv:\n    price()",
    "if price():\n    pass",
    "if __name__ != '__main__':\n    price()",
    f"{GUARD}else:\n    price()",
    f"{GUARD}elif price():\n    pass",
    "try:\n    import json\nexcept price():\n    pass",
    "try:\n    pass\nfinally:\n    price()",
    "while sys.argv:\n    pass",
    "raise SystemExit",
    "class Till:\n    price()",
    "class Till(price()):\n    pass",
    "class Till(metaclass=price()):\n    pass",
    "class Till:\n    class Box:\n        def count(self, n=price()):\n            pass",
    "def f(x=price()):\n    pass",
    "def f(*, x=price()):\n    pass",
    "def f(x: price()):\n    pass",
    "@price\ndef f():\n    pass",
    "@price()\ndef f():\n    pass",
    "@price\nclass Till:\n    pass",
    "@dataclass(frozen=price())\nclass Till:\n    pass",
)
DEFINES = (
    "",
    "code: int = 3",
    "codes = [each for each in ()]",
    "code = lambda: price()",
    "def f(x=3):\n    price()",
    "async def f():\n    price()",
    "class Till:\n    '''A till.'''\n\n    limit = 3\n\n    @property\n    def code(self):\n        return price()",
    "@dataclasses.dataclass(frozen=True)\nclass Till:\n    limit: int = 3",
    "try:\n    import json\nexcept ImportError:\n    json = None",
    "if '__main__' == __name__:\n    price()\nelse:\n    code = 3",
    "if sys.argv:\n    if __name__ == '__main__':\n        price()",
)


@pytest.mark.parametrize("guard", ["", GUARD])
@pytest.mark.parametrize(("source", "acts"), [*((each, True) for each in ACTS), *((each, False) for each in DEFINES)])
def test_survey_and_agent_agree_on_what_runs_when_it_is_imported(load, source, acts, guard):
    source = f"{DEFINED}{source}\n{guard}"
    draft = write_tests(source, "shop.__main__")

    assert load("outline").outline(source.encode()).acts is acts
    assert [each.reason for each in draft.skipped] == [PROGRAM] * acts
    assert bool(draft.tests) is not acts
