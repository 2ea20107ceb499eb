"""Every error is for the person who meets it: a message that fills, and a code that stays."""

import re
import string

import pytest

from proctor import errors
from proctor.errors import PluginBroken, ProctorError, UsageError

ERRORS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ProctorError)]
RAISED = [each for each in ERRORS if each not in (ProctorError, UsageError)]


def placeholders(error: type[ProctorError]) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(error.__doc__ or "") if name]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: error.code)
def test_its_docstring_becomes_its_message(error: type[ProctorError]) -> None:
    assert error.__doc__ not in (None, ProctorError.__doc__, UsageError.__doc__)
    facts = {name: f"<{name}>" for name in placeholders(error)}
    raised = error(**facts)
    assert raised.facts == facts
    assert [fact for fact in facts.values() if fact not in str(raised)] == []
    assert re.search(r"[{}\n]|  ", str(raised)) is None


@pytest.mark.parametrize("error", RAISED, ids=lambda error: error.code)
def test_its_message_is_a_whole_sentence(error: type[ProctorError]) -> None:
    assert re.search(r"([.]|[{]\w+[}])$", str(error.__doc__))


def test_codes_are_unique_and_made_of_the_names() -> None:
    assert len({error.code for error in ERRORS}) == len(ERRORS)
    assert PluginBroken.code == "plugin_broken"
    assert [error.code for error in ERRORS if not re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)] == []


def test_a_forgotten_fact_is_noticed_when_raising() -> None:
    with pytest.raises(KeyError, match="name"):
        errors.PluginMissing(group="proctor.steps")


def test_facts_may_contain_braces() -> None:
    assert "{odd}" in str(errors.DatabaseUnusable(database="{odd}", reason="it is new"))
