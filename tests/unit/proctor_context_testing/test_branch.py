import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor_context_testing.branch import PREFIX, branch_name


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("User Management & Auth", "user-management-auth"),
        ("shop", "shop"),
        ("shop.sub_package", "shop-sub_package"),
        ("  Shop!  ", "shop"),
        ("a--b", "a--b"),
        ("-shop-", "shop"),
        ("Größe", "gr-e"),
        ("../../etc/passwd", "etc-passwd"),
        ("_", "_"),
    ],
)
def test_a_branch_bears_the_contexts_name(name: str, slug: str) -> None:
    assert branch_name(name) == f"test-context-testing-session-for-{slug}"


@pytest.mark.parametrize("name", ["", "&&", "---", "日本"])
def test_a_name_of_which_nothing_is_left_gets_eight_hex_digits(name: str) -> None:
    assert re.fullmatch(re.escape(PREFIX) + "context-[0-9a-f]{8}", branch_name(name))


def test_two_such_names_get_different_branches() -> None:
    assert branch_name("日本") != branch_name("中国")


@settings(deadline=None)
@given(st.text())
def test_every_name_gives_a_branch_that_git_takes_and_always_the_same(name: str) -> None:
    slug = branch_name(name).removeprefix(PREFIX)
    assert re.fullmatch("[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", slug)
    assert branch_name(name) == branch_name(name)
    assert branch_name(slug) == PREFIX + slug
