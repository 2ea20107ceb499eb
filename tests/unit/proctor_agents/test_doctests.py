import doctest

from proctor_agents.doctests import harvest

SOURCE = r'''
"""About.

>>> 1
1
"""
import nowhere_to_be_found

class A:
    """No examples."""

    def m(self):
        """
        Text::

            >>> print("a")  # doctest: +ELLIPSIS
            a
            <BLANKLINE>
        """

    class B:
        """>>> 3
        3
        """

if True:
    async def f():
        """
        >>> f(
        ...     1)
        Traceback (most recent call last):
            ...
        ValueError: no
        more
        """

def odd():
    """
    >>> 1
  1
    """
'''


def test_every_docstring_with_examples_is_found_without_importing() -> None:
    assert [(subject.name, subject.line) for subject in harvest(SOURCE)] == [
        ("", 1),
        ("A.m", 12),
        ("A.B", 21),
        ("f", 27),
    ]


def test_an_example_keeps_its_line_flags_and_text() -> None:
    [example] = harvest(SOURCE)[1].examples
    assert (example.source, example.line, example.flags) == ('print("a")', 16, doctest.ELLIPSIS)
    assert (example.expected, example.text) == ("a\n<BLANKLINE>\n", "a\n\n")


def test_an_expected_exception_is_kept_apart() -> None:
    [example] = harvest(SOURCE)[3].examples
    assert (example.source, example.exception) == ("f(\n    1)", "ValueError: no\nmore")


def test_flags_that_change_nothing_are_dropped_and_unknown_ones_skip() -> None:
    source = '"""\n>>> 1 # doctest: +ALLOW_UNICODE, +ELLIPSIS\n1\n>>> 2 # doctest: +REMOTE_DATA\n2\n"""'
    [subject] = harvest(source)
    assert [example.flags for example in subject.examples] == [doctest.ELLIPSIS, doctest.SKIP]
