"""docs/testing.md names every rule of every kit, and no other; and what it shows is true."""

import re
from pathlib import Path

import pytest

import proctor.testing
from proctor.testing import (
    AgentContract,
    EngineContract,
    ExecutorContract,
    Kit,
    StepContract,
    StoreContract,
    WorkflowContract,
    WrapperContract,
)

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
KITS = [StepContract, WorkflowContract, AgentContract, ExecutorContract, EngineContract, StoreContract]


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    return found[1]


def listed(text: str) -> list[str]:
    return [" ".join(item.split()) for item in re.findall(r"^- (.*(?:\n  .*)*)", text, re.MULTILINE)]


def sentences(kit: type[Kit]) -> list[str]:
    whole = type("Whole", (kit,), {"can": classmethod(lambda _kit, _capability: True)})
    return [" ".join(str(getattr(whole, name).__doc__).split()) for name in whole.rules()]


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.__name__)
def test_every_rule_is_on_the_page_that_a_failure_names(kit: type[Kit]) -> None:
    page, _, anchor = kit.page.partition("#")
    assert page == "docs/testing.md"
    assert listed(section(anchor.capitalize())) == sentences(kit)


def test_the_rule_of_wrappers_alone_is_there_too() -> None:
    assert listed(section("Wrappers")) == [sentence for sentence in sentences(WrapperContract) if "wrapper" in sentence]


def test_every_public_name_is_there_and_on_the_page() -> None:
    for name in proctor.testing.__all__:
        assert getattr(proctor.testing, name).__doc__
        assert f"`{name}" in PAGE or f" {name}" in PAGE or f"({name})" in PAGE, name


def test_no_other_name_is_public() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = proctor.testing.nothing
