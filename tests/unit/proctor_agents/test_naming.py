import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_agents.doctests import Example
from proctor_agents.naming import Names, case_of, snake


@pytest.mark.parametrize(
    ("source", "case"),
    [
        ("camelize('device_type')", "device_type"),
        ("camelize('a', uppercase_first_letter=False)", "uppercase_first_letter_false"),
        ("list(camelize(-3))", "minus_3"),
        ("camelize('')", "empty_string"),
        ("camelize([])", "empty_list"),
        ("camelize()", ""),
        ("other(1)", ""),
        ("camelize('a long text that nobody would want to have in a name')", "a_long_text_that_nobody_would_want_to"),
    ],
)
def test_a_case_is_described_by_its_arguments(source: str, case: str) -> None:
    assert case_of("camelize", [Example(source, "x\n")]) == case


def test_a_case_that_raises_says_what() -> None:
    example = Example("camelize(1)", "Traceback…", exception="shop.OddError: so")
    assert case_of("camelize", [example]) == "raises_odd_error"


def test_snake_case_is_made_of_class_names() -> None:
    assert snake("HTTPServer.__init__") == "http_server_init"


@given(st.lists(st.tuples(st.text(max_size=9), st.sampled_from(["", "2", "a"])), max_size=9))
def test_names_are_unique_and_valid(wanted: list[tuple[str, str]]) -> None:
    names = Names()
    given_out = [names.give(subject, case) for subject, case in wanted]
    assert len(set(given_out)) == len(given_out)
    assert all(name.isidentifier() and name.startswith("test") and not keyword.iskeyword(name) for name in given_out)
