"""What an agent is told."""

from component_world import TARGET, World, begin
from walks import Walk

from proctor import Command, Result

FACTS = {
    "size": 120,
    "lines": 3,
    "names": [{"name": "gross", "kind": "function", "signature": "(net)", "doc": "Add tax.", "line": 4}],
    "tests": [{"path": "tests/test_old.py"}],
    "neighbour": "tests/test_stock.py",
    "specification": {"path": "shop/prices.md", "text": "## Test Assertions\n- tax is added"},
    "open_lines": "2-3",
}


def surveyed(world: World | None = None, **state: object) -> Walk:
    world = world or World({})
    world.script["initialize"] = [Result("ok", {"report": FACTS})]
    walk = begin(world, state=state)
    walk.turn()
    return walk


def fixing(walk: Walk) -> Command:
    while walk.turns[-1].step != "fix_tests":
        walk.turn()
    return walk.turns[-1].command


def test_the_first_task_names_source_target_tests_open_lines_and_specification() -> None:
    command = surveyed().turn().command
    assert (command.kind, command.arguments["agent"], command.arguments["target"]) == ("agent", "someone", TARGET)
    for part in (
        "shop.prices (shop/prices.py)", TARGET, "function gross(net): Add tax.", "2-3", "tests/test_old.py",
        "style of tests/test_stock.py", "tax is added",
    ):  # fmt: skip
        assert part in command.arguments["text"]
    assert command.arguments["findings"] == []


def test_only_the_test_file_and_its_data_folder_may_change() -> None:
    command = surveyed().turn().command
    assert command.arguments["may_write"] == [TARGET, "tests/test_shop_prices_data/"]


def test_a_later_attempt_is_told_what_became_of_the_one_before() -> None:
    command = surveyed(previous="Attempt 1: the agent crashed").turn().command
    assert command.arguments["previous"] == "Attempt 1: the agent crashed"
    assert "An earlier attempt failed:\nAttempt 1: the agent crashed" in command.arguments["text"]


def test_an_agent_that_thinks_is_told_that_the_module_does_not_import() -> None:
    command = surveyed(import_error="ImportError: no module named tax").turn().command
    assert command.kind == "agent"
    assert "Importing the module failed:\nImportError: no module named tax" in command.arguments["text"]


def test_an_agent_that_repairs_gets_exactly_what_was_found_in_the_same_conversation() -> None:
    world = World({})
    world.script["generate_tests"] = [world.written(conversation_id="talk 1", discarded=["shop/prices.py"])]
    world.script["run_tests"] = [world.ran(bad=["test_a"], empty=["test_b"])]
    command = fixing(surveyed(world))
    assert command.arguments["conversation_id"] == "talk 1"
    assert [(each["test"], each["check"]) for each in command.arguments["findings"]] == [
        (f"{TARGET}::test_a", "run_tests"),
        (f"{TARGET}::test_b", "run_tests"),
    ]
    assert "test_a is wrong" in command.arguments["text"]
    assert "asserts nothing" in command.arguments["text"]
    assert "thrown away, because they are not allowed: shop/prices.py" in command.arguments["text"]
    assert command.workspace.overlay == {TARGET: "version 1"}


def test_each_check_replaces_its_findings_so_that_only_the_last_are_fixed() -> None:
    world = World({})
    world.script["run_tests"] = [world.ran(bad=["test_a"])]
    world.script["check_stability"] = [world.ran(bad=["test_b"], runs=5)]
    walk = surveyed(world)
    fixing(walk)
    walk.turn()
    assert walk.head.state["findings"] == []
    assert [each["test"] for each in fixing(walk).arguments["findings"]] == [f"{TARGET}::test_b"]


def test_what_a_message_shortens_is_told_in_full() -> None:
    world = World({})
    ran = world.ran(bad=["test_a"])
    ran.data["report"]["runs"][0]["tests"][0]["found"] = "'all of it' == 'and this'"
    world.script["run_tests"] = [ran]
    assert "In full: 'all of it' == 'and this'\n" in fixing(surveyed(world)).arguments["text"]
