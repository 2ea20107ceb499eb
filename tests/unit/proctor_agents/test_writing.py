import ast
import contextlib
import doctest
import io
import sys
import textwrap
import traceback
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proctor_agents.writing import PROGRAM, write_tests

Run = Callable[[str, str], dict[str, BaseException | None]]


def documented(examples: str, code: str = "") -> str:
    """Return a module whose function `price` has these examples."""
    doc = textwrap.indent(textwrap.dedent(examples).strip("\n"), "    ")
    return f'{textwrap.dedent(code)}\ndef price(x=3, *rest, **more):\n    r"""\n{doc}\n    """\n    return x\n'


def body(examples: str, code: str = "") -> str:
    [test] = write_tests(documented(examples, code), "shop").tests
    return textwrap.dedent(test.code().partition("\n")[2]).rstrip("\n")


@pytest.mark.parametrize(
    ("example", "written"),
    [
        (">>> price(3)\n3", "assert price(3) == 3"),
        (">>> price('a')  # the letter\n'a'", "assert price('a') == 'a'"),
        (">>> price(True)\nTrue", "assert price(True) is True"),
        (">>> price(1) == 1\nTrue", "assert price(1) == 1"),
        (">>> price(1) == 2\nFalse", "assert not (price(1) == 2)"),
        (">>> not price(0)\nTrue", "assert not price(0)"),
        (">>> 1 if price() else 2\n1", "assert (1 if price() else 2) == 1"),
        (">>> price(), 2\n(3, 2)", "assert (price(), 2) == (3, 2)"),
        (">>> (price(1) +\n...  2)\n3", "assert (price(1) +\n 2) == 3"),
        (">>> price(range(3))\nrange(0, 3)", 'assert repr(price(range(3))) == "range(0, 3)"'),
        (">>> x = price(4); x\n4", "x = price(4)\nassert x == 4"),
        (">>> x = 'é'; x\n'é'", "x = 'é'\nassert x == 'é'"),
        (">>> print(price())\n3", 'print(price())\nassert capsys.readouterr().out == "3\\n"'),
        (">>> price(inf)\ninf", 'from shop import inf\nassert shown(price(inf), capsys) == "inf\\n"'),
        (
            ">>> for i in (1, 2):\n...     price(i)\n1\n2",
            (
                "for i in (1, 2):\n    sys.displayhook(price(i))\n"
                'assert capsys.readouterr().out == (\n    "1\\n"\n    "2\\n"\n)'
            ),
        ),
        (
            ">>> price(object())  # doctest: +ELLIPSIS\n<object object at 0x...>",
            'assert matches(repr(price(object())), "<object object at 0x...>", doctest.ELLIPSIS)',
        ),
        (
            ">>> print('a', '', 'b', sep=chr(10))\na\n<BLANKLINE>\nb",
            (
                "print('a', '', 'b', sep=chr(10))\nassert capsys.readouterr().out == (\n"
                '    "a\\n"\n    "\\n"\n    "b\\n"\n)'
            ),
        ),
        (
            ">>> int(price('x'))\nTraceback (most recent call last):\n    ...\nValueError: no 'x'",
            "with pytest.raises(ValueError) as caught:\n    int(price('x'))\nassert str(caught.value) == \"no 'x'\"",
        ),
        (
            ">>> price(no=1)  # doctest: +IGNORE_EXCEPTION_DETAIL\nTraceback (most recent call last):\nTypeError: hm",
            "with pytest.raises(TypeError):\n    price(no=1)",
        ),
        (
            ">>> price()\nTraceback (most recent call last):\nfar.away.Odd: so",
            (
                "with pytest.raises(Exception) as caught:\n    price()\n"
                'assert type(caught.value).__name__ == "Odd"\nassert str(caught.value) == "so"'
            ),
        ),
    ],
)
def test_an_example_becomes_the_test_somebody_would_have_written(example: str, written: str) -> None:
    code = "if True:\n    from math import inf\n" if "inf" in example else ""
    assert body(example, code) == written


@pytest.mark.parametrize(
    "example",
    [
        ">>> price(3)\n4",
        ">>> price(True)\nFalse",
        ">>> price(range(3))\nrange(0, 4)",
        ">>> print(price())\n4",
        ">>> for i in (1, 2):\n...     price(i)\n1\n1",
        ">>> price('<b>')  # doctest: +ELLIPSIS\n'<...c>'",
        ">>> int('x')\nTraceback (most recent call last):\nValueError: another message",
        ">>> price()\nTraceback (most recent call last):\nValueError",
        ">>> price()\nTraceback (most recent call last):\nfar.away.Odd: so",
        ">>> x = price()\n>>> x\n4",
    ],
)
def test_a_wrong_example_fails_in_both_forms(example: str, run: Run) -> None:
    source = documented(example)
    draft = write_tests(source, "shop")
    [outcome] = run(source, draft.text).values()
    assert outcome is not None


def test_the_file_says_what_it_is_and_imports_only_what_it_uses() -> None:
    source = documented(">>> price(3)\n3\n>>> price(1, 2)  # doctest: +ELLIPSIS\n<...>", "import os\nlimit = 9\n")
    assert write_tests(source, "shop").text == textwrap.dedent('''\
        """Tests of shop; they expect what the examples in its documentation show."""

        import doctest

        from shop import price


        def matches(got, want, flags):
            """Say whether text is as expected, the way doctest compares; if not, show both."""
            if not doctest.OutputChecker().check_output(want, got, flags):
                assert got == want
            return True


        def test_price_3():
            assert price(3) == 3


        def test_price_1_2():
            assert matches(repr(price(1, 2)), "<...>", doctest.ELLIPSIS)
        ''')


def test_a_module_that_the_source_imports_is_imported_from_where_it_is() -> None:
    source = documented(">>> operator.neg(price())\n-3", "import operator\n")
    assert "import operator\n\nfrom shop import price\n" in write_tests(source, "shop").text


def test_an_error_names_a_function_of_the_example_as_at_the_prompt(run: Run) -> None:
    text = ">>> def f(x): return x\n>>> f()\nTraceback (most recent call last):\nTypeError: f() missing ...argument..."
    source = documented(text)
    [outcome] = run(source, write_tests(source, "shop").text).values()
    assert outcome is None


def test_a_header_of_the_caller_replaces_ours() -> None:
    assert write_tests(documented(">>> price()\n3"), "shop", header="Of old.").text.startswith('"""Of old."""\n')


@pytest.mark.parametrize("source", ["", '"""No examples."""\n', documented(">>> x = price()"), "def broken(:\n"])
def test_without_anything_to_assert_there_is_no_file(source: str) -> None:
    draft = write_tests(source, "shop")
    assert (draft.text, draft.tests) == ("", ())


@pytest.mark.parametrize(
    "entry",
    [
        "price()",
        "import sys\nsys.exit(price())",
        "try:\n    code = price()\nexcept OSError:\n    pass",
        "if __name__ != '__main__':\n    price()",
        "with open('x') as file:\n    pass",
        "for each in ():\n    pass",
        "raise SystemExit",
    ],
)
def test_a_program_is_not_imported(entry: str) -> None:
    source = documented(">>> price()\n3") + f"\n{entry}\n"
    draft = write_tests(source, "shop.__main__")
    assert (draft.tests, [each.reason for each in draft.skipped]) == ((), [PROGRAM])
    assert write_tests(source, "shop.till").tests


@pytest.mark.parametrize("entry", ["", 'if __name__ == "__main__":\n    price()', "if '__main__' == __name__: price()"])
def test_a_program_that_only_runs_as_one_is_a_module_as_any_other(entry: str) -> None:
    source = documented(">>> price()\n3") + f"\nlimit: int = 3\n{entry}\n"
    assert "from shop.__main__ import price" in write_tests(source, "shop.__main__").text


def test_every_test_says_where_it_comes_from() -> None:
    source = 'class Till:\n    def open(self):\n        """Open.\n\n        >>> 1 + 1\n        2\n        """\n'
    [test] = write_tests(source, "shop").tests
    [passage] = test.passages
    assert (test.name, test.subject, test.line) == ("test_till_open", "Till.open", 5)
    assert (passage.example.source, passage.example.expected) == ("1 + 1", "2\n")


@pytest.mark.parametrize(
    ("example", "reason"),
    [
        (">>> price()  # doctest: +SKIP\n3", "its author skips it"),
        (">>> price()  # doctest: +FLOAT_CMP\n3", "its author skips it"),
        (">>> input()\n3", "it waits for somebody at the keyboard"),
        (">>> unheard_of\n3", "the name unheard_of is not defined in the module or by an earlier example"),
        (">>> _\n3", "the name _ is not defined in the module or by an earlier example"),
        (">>> await price()\n3", "it is not valid Python code"),
        (">>> price(\n3", "it is not valid Python code"),
        (">>> capsys = price()\n>>> capsys\n3", "it binds a name that the tests use themselves"),
    ],
)
def test_what_cannot_be_a_test_is_left_out_with_the_reason(example: str, reason: str) -> None:
    draft = write_tests(documented(example), "shop")
    assert (draft.tests, draft.skipped[0].reason) == ((), reason)


def test_an_untranslatable_example_leaves_the_earlier_ones_of_its_session() -> None:
    draft = write_tests(documented(">>> x = price()\n>>> x\n3\n>>> input(x)\n3"), "shop")
    assert draft.tests[0].code() == "def test_price():\n    x = price()\n    assert x == 3\n"


@pytest.mark.parametrize(
    ("code", "example"),
    [
        ("def len(x): return 5", ">>> len('')\n5"),  # the module's own names come before the builtins
        ("def sum(x): return 5", ">>> sum = sum('')\n>>> sum\n5"),
        ("", ">>> sum = sum([1])\n>>> sum\n1"),
        ("", ">>> price = price(2)\n>>> price\n2"),
        ("globals()['late'] = 5", ">>> late\n5"),
        ("def __getattr__(name): return 5", ">>> late\n5"),
        ("try:\n    from nowhere import x\nexcept ImportError:\n    x = 5", ">>> x\n5"),
        ("def test_five(): return 5", ">>> test_five()\n5"),
        ("", ">>> shop.price(1)\n1"),
        ("", ">>> math.floor(1.5)\n1"),
        ("", ">>> __name__\n'shop'"),
        ("", ">>> from math import *\n>>> floor(1.5)\n1"),
        ("", ">>> from __future__ import annotations\n>>> price()\n3"),
        ("", ">>> n = 0\n>>> def more():\n...     global n\n...     n += 1\n>>> more()\n>>> n\n1"),
        ("class Odd(Exception): pass", ">>> raise Odd('so')\nTraceback (most recent call last):\nshop.Odd: so"),
        (
            "from dataclasses import dataclass",
            ">>> @dataclass\n... class Coin:\n...     worth: int\n>>> Coin(2)\nCoin(worth=2)",
        ),
        (
            "import json",
            ">>> json.loads('') # doctest: +ELLIPSIS\nTraceback (innermost last):\njson.decoder.JSONDecodeError: E...",
        ),
    ],
)
def test_names_are_those_that_doctest_would_find(code: str, example: str, run: Run) -> None:
    source = documented(example, code)
    outcomes = run(source, write_tests(source, "shop").text)
    assert outcomes
    assert not any(outcomes.values())
    assert all(name.startswith("test_price") for name in outcomes)


def test_the_flags_of_the_project_count_for_every_example(run: Run) -> None:
    source = documented(">>> price('abc')\n'a...'")
    text = write_tests(source, "shop", flags=doctest.ELLIPSIS).text
    assert list(run(source, text).values()) == [None]


def test_inner_lines_of_strings_are_not_indented(run: Run) -> None:
    source = documented(">>> price('''a\n... b''')\n'a\\nb'")
    assert list(run(source, write_tests(source, "shop").text).values()) == [None]


PROMPTS = [
    "x = 1", "x", "x += 1", "y = x", "(x, y)", "xs = []", "xs = [x]", "xs.append(x)", "xs", "xs[0]", "del xs[0]",
    "it = iter([1, 2, 3])", "next(it)", "price(x)", "print(x)", "f = lambda: x", "f()", "price('s')", "None",
    "for i in xs: i", "sorted({3, 1})", "1 / 0", "import math", "math.floor(2.5)", "print('a\\n\\nb')", "x = price(x)",
    "price = 5", "1.5, 'it\\'s'", "[str(n) * 20 for n in range(9)]", "{'a': xs}", "if xs: print(xs)", "x = 2; x",
]  # fmt: skip


def session(prompts: list[str]) -> str:
    """Return what an interactive session with these prompts looks like."""
    lines: list[str] = []
    space: dict[str, object] = {"price": lambda x=3: x, "__name__": "shop"}
    hook, sys.displayhook = sys.displayhook, sys.__displayhook__
    for prompt in prompts:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            try:
                exec(compile(prompt + "\n", "<prompt>", "single"), space)  # noqa: S102 - prompts of this file
            except Exception as error:  # noqa: BLE001 - shown, as at a prompt
                print("Traceback (most recent call last):\n    ...")
                print("".join(traceback.format_exception_only(error)).rstrip("\n"))
        text = "\n".join(line or "<BLANKLINE>" for line in out.getvalue().splitlines())
        lines += [f">>> {prompt}", *([text] if text else [])]
    sys.displayhook = hook
    return "\n".join(lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(prompts=st.lists(st.sampled_from(PROMPTS), min_size=1, max_size=9))
def test_what_a_session_shows_passes_whatever_its_order(run: Run, prompts: list[str]) -> None:
    source = documented(session(prompts))
    draft = write_tests(source, "shop")
    assert {name: repr(outcome) for name, outcome in run(source, draft.text).items() if outcome} == {}


@settings(deadline=None, max_examples=40)
@given(prompts=st.lists(st.sampled_from(PROMPTS) | st.text(max_size=12), max_size=6), want=st.text(max_size=9))
def test_any_docstring_gives_valid_code_with_unique_names_twice_the_same(prompts: list[str], want: str) -> None:
    source = f"def price():\n    {chr(10).join(f'>>> {prompt}{chr(10)}{want}' for prompt in prompts)!r}\n"
    draft = write_tests(source, "shop")
    functions = [node.name for node in ast.parse(draft.text).body if isinstance(node, ast.FunctionDef)]
    compile(draft.text, "test_shop.py", "exec")
    assert len(set(functions)) == len(functions)
    assert [test.name for test in draft.tests] == [name for name in functions if name.startswith("test_")]
    assert write_tests(source, "shop") == draft
