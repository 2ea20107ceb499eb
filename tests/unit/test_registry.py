"""From entry points to plugins: every case with a distribution of its own on the import path."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from proctor.domain.workflow import PinnedWorkflow
from proctor.errors import (
    AnchorAfterEnd,
    AnchorCycle,
    InvalidSetting,
    PluginBroken,
    PluginClash,
    PluginMissing,
    ProctorError,
    ReplacedTwice,
    UnknownAnchor,
)
from proctor.registry import Plugin, Registry, loading

FLOW = {
    "proctor.workflows": {"flow": "flow_plugin:WORKFLOW"},
    "proctor.steps": {"flow.first": "flow_plugin:First", "flow.last": "flow_plugin:Last"},
}
FLOW_SOURCE = """
    from pydantic import BaseModel
    from proctor.contracts import Step
    from proctor.domain.workflow import Workflow

    WORKFLOW = Workflow("flow", ("first", "last"))

    class Plain(Step):
        workflow = "flow"
        async def get_command(self, scope, session, options): ...
        async def handle_result(self, scope, session, result, options): ...

    class First(Plain):
        name = "first"
        class Options(BaseModel):
            limit: int = 3

    class Last(Plain):
        name = "last"
"""
STRANGER_SOURCE = """
    from proctor.contracts import Step

    class {name}(Step):
        workflow, name, {anchor} = "flow", "{name}", "{beside}"
        async def get_command(self, scope, session, options): ...
        async def handle_result(self, scope, session, result, options): ...
"""
Install = Callable[..., None]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def install(site: Path) -> Install:
    def lay_out(
        name: str, groups: Mapping[str, Mapping[str, str]], source: str = "", *, version: str = "1.0", to: Path = site
    ) -> None:
        """Write what an installer would leave of a distribution with the one module `<name>_plugin`."""
        folder = to / f"{name}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in items.items()) for group, items in groups.items()]
        (folder / "entry_points.txt").write_text("\n".join(lines))
        (to / f"{name}_plugin.py").write_text(dedent(source))

    return lay_out


@pytest.fixture
def flow(install: Install) -> None:
    install("flow", FLOW, FLOW_SOURCE)


def install_stranger(install: Install, name: str, anchor: str, beside: str, *, distribution: str = "") -> None:
    distribution = distribution or name
    source = STRANGER_SOURCE.format(name=name, anchor=anchor, beside=beside)
    install(distribution, {"proctor.steps": {f"flow.{name}": f"{distribution}_plugin:{name}"}}, source)


def listed(registry: Registry, name: str, *, check: bool = False) -> list[Plugin]:
    return [plugin for plugin in registry.plugins(check=check) if plugin.name == name]


def pinned_flow(registry: Registry) -> PinnedWorkflow:
    (workflow,) = registry.pin("flow")
    return workflow


@pytest.mark.usefixtures("flow")
def test_a_listing_names_the_distribution_and_imports_nothing() -> None:
    (plugin,) = listed(Registry(), "flow.first")
    assert plugin == Plugin("proctor.steps", "flow.first", "flow", "1.0", "flow_plugin:First")
    assert "flow_plugin" not in sys.modules


def test_one_plugin_is_loaded_and_no_other(install: Install) -> None:
    install("flow", FLOW, FLOW_SOURCE)
    install("loud", {"proctor.steps": {"flow.loud": "loud_plugin:Loud"}}, "raise SystemExit('too early')")
    assert Registry().workflow("flow").main == ("first", "last")
    assert "loud_plugin" not in sys.modules


@pytest.mark.usefixtures("flow")
def test_a_step_is_the_same_object_every_time() -> None:
    registry = Registry()
    assert registry.step("flow", "first") is registry.step("flow", "first")
    assert registry.step("flow", "first").name == "first"


def test_agents_executors_and_engines_come_as_classes(install: Install) -> None:
    groups = {
        "proctor.agents": {"scribe": "kinds_plugin:Scribe"},
        "proctor.executors": {"wave": "kinds_plugin:Wave"},
        "proctor.engines": {"steam": "kinds_plugin:Steam"},
    }
    source = """
        from proctor.contracts import Agent, Executor, NoOptions
        from proctor.contracts.engine import Engine
        class Scribe(Agent):
            async def run(self, task, emit): ...
        class Wave(Executor):
            Arguments = NoOptions
            async def execute(self, command, surroundings): ...
        class Steam(Engine):
            def __init__(self, *args): ...
            def enqueue(self, session_ids): ...
            def cancel(self, session_ids): ...
            async def run(self, handler, slots): ...
    """
    install("kinds", groups, source)
    registry = Registry()
    found = (registry.agent("scribe"), registry.executor("wave"), registry.engine("steam"))
    assert [each.__name__ for each in found] == ["Scribe", "Wave", "Steam"]


STEP = "from proctor.contracts import Step, NoOptions\nclass Bad(Step):\n "
METHODS = "\n async def get_command(self, *args): ...\n async def handle_result(self, *args): ..."
NAMED = "workflow, name = 'flow', 'bad'; "


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import no_such_module_anywhere", "ModuleNotFoundError: No module named 'no_such_module_anywhere'"),
        ("assert False, 'wrong machine'", "AssertionError: wrong machine"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(0)", "MayNotAct: os._exit is refused: it would end Proctor."),
        ("raise BaseException", "BaseException"),
        ("def broken(:", "SyntaxError: "),
        ("", "AttributeError: module 'bad_plugin' has no attribute 'Bad'"),
        ("Bad = 7", "no subclass of Step"),
        ("class Bad: ...", "no subclass of Step"),
        (f"{STEP}{NAMED}", "does not implement get_command, handle_result"),
        (f"{STEP}workflow, name = 'flow', 'good'{METHODS}", "calls itself flow.good"),
        (f"{STEP}pass{METHODS}", "calls itself ?.?"),
        (f"{STEP}{NAMED}transitions = ['ok']{METHODS}", "transitions"),
        (f"{STEP}{NAMED}transitions = {{'ok': 1}}{METHODS}", "transitions"),
        (f"{STEP}{NAMED}Options = dict{METHODS}", "Options is no pydantic model"),
        (f"{STEP}{NAMED}{METHODS}\n def __init__(self): raise KeyError('lost')", "KeyError: 'lost'"),
    ],
)
@pytest.mark.usefixtures("flow")
def test_a_broken_step_is_listed_with_its_cause_and_harms_nobody(install: Install, source: str, cause: str) -> None:
    install("bad", {"proctor.steps": {"flow.bad": "bad_plugin:Bad"}}, source, version="0.7")
    registry = Registry()
    with pytest.raises(PluginBroken) as caught:
        registry.step("flow", "bad")
    assert [fact for fact in ("flow.bad", "bad 0.7", cause) if fact not in str(caught.value)] == []
    (plugin,) = listed(registry, "flow.bad", check=True)
    assert (plugin.distribution, plugin.version) == ("bad", "0.7")
    assert cause in str(plugin.error)
    assert pinned_flow(registry).main == ("first", "last")
    assert [each.error for each in listed(registry, "flow.first", check=True)] == [None]


@pytest.mark.parametrize(
    ("group", "source", "cause"),
    [
        ("proctor.workflows", "bad = ['first']", "of type list"),
        ("proctor.workflows", "from proctor import Workflow\nbad = Workflow('good', ('a',))", "calls itself good"),
        ("proctor.workflows", "from proctor import Workflow\nbad = Workflow('bad', ())", "ValueError"),
        ("proctor.agents", "bad = print", "no subclass of Agent"),
        ("proctor.agents", "from proctor import Agent as bad", "does not implement run"),
        ("proctor.executors", "class bad: ...", "no subclass of Executor"),
        ("proctor.executors", "from proctor import Executor as bad", "Arguments is no pydantic model"),
        ("proctor.engines", "bad = None", "no subclass of Engine"),
        ("proctor.engines", "from proctor.contracts.engine import Engine as bad", "enqueue, run"),
    ],
)
def test_every_group_refuses_what_is_not_its_kind(install: Install, group: str, source: str, cause: str) -> None:
    install("bad", {group: {"bad": "bad_plugin:bad"}}, source)
    (plugin,) = listed(Registry(), "bad", check=True)
    assert cause in str(plugin.error)


def test_the_users_interrupt_is_no_fault_of_a_plugin(install: Install) -> None:
    source = "import signal\nsignal.raise_signal(signal.SIGINT)"
    install("bad", {"proctor.agents": {"bad": "bad_plugin:bad"}}, source)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        Registry().agent("bad")
    assert signal.getsignal(signal.SIGINT) is before


def test_the_users_interrupt_ends_what_takes_long_even_where_a_loop_would_hear_of_it_later(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "AFTER_S", -1)
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        source = "import signal\nsignal.raise_signal(signal.SIGINT)"
        install("bad", {"proctor.agents": {"bad": "bad_plugin:bad"}}, source)
        with pytest.raises(KeyboardInterrupt):
            Registry().agent("bad")
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "GeneratorExit", "__import__('asyncio').CancelledError"])
@pytest.mark.usefixtures("flow")
def test_whatever_a_plugin_raises_by_itself_is_its_fault_and_the_line_is_told(install: Install, raised: str) -> None:
    groups = {"proctor.agents": {"bad": "bad_plugin:bad"}, "proctor.steps": {"flow.odd": "odd_plugin:odd"}}
    install("bad", {"proctor.agents": groups["proctor.agents"]}, f"\nraise {raised}")
    source = f"""
        from pydantic import BaseModel, field_validator

        class Strict(BaseModel):
            name: str = ""
            @field_validator("name")
            @classmethod
            def check(cls, value):
                if value:
                    raise {raised}
    """
    step = STRANGER_SOURCE.format(name="odd", anchor="after", beside="first") + "        Options = Strict\n"
    install("odd", {"proctor.steps": groups["proctor.steps"]}, dedent(source) + dedent(step))
    registry = Registry()
    with pytest.raises(PluginBroken, match=r"it raised \w+, at bad_plugin\.py:2"):
        registry.agent("bad")
    with pytest.raises(PluginBroken, match=r"its Options raised \w+, at odd_plugin\.py:10"):
        registry.pin("flow", {"flow.odd": {"name": "given"}})


def test_one_that_takes_long_to_import_is_named_while_it_does(
    install: Install, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told = threading.Event()
    monkeypatch.setattr(loading, "AFTER_S", 1)
    monkeypatch.setattr(sys, "told", told, raising=False)
    caplog.handler.addFilter(lambda _: not told.set())
    install(
        "slow", {"proctor.agents": {"slow": "slow_plugin:slow"}}, "\nimport sys; assert sys.told.wait(20); slow = 1"
    )
    with pytest.raises(PluginBroken, match="no subclass of Agent"):
        Registry().agent("slow")
    assert caplog.messages == [
        "slow 1.0 is still being imported after 1 s, at slow_plugin.py:2. Everything waits for it."
    ]


def test_an_absent_plugin_is_missing() -> None:
    for ask in (Registry().workflow, Registry().agent, Registry().executor, Registry().engine, Registry().pin):
        with pytest.raises(PluginMissing, match="no_such_thing"):
            ask("no_such_thing")
    with pytest.raises(PluginMissing, match=r"flow\.no_such_thing is not installed"):
        Registry().step("flow", "no_such_thing")


@pytest.mark.usefixtures("flow")
def test_what_the_settings_leave_out_is_not_said_to_be_absent() -> None:
    registry = Registry(allowed=["another"])
    for ask in (lambda: registry.pin("flow"), lambda: registry.step("flow", "first")):
        with pytest.raises(PluginMissing, match=r"of flow is left out by the setting `plugins\.only`"):
            ask()


@pytest.mark.usefixtures("flow")
def test_what_a_distribution_without_a_name_brings_is_broken_and_named_by_its_path(site: Path) -> None:
    (site / "flow-1.0.dist-info" / "METADATA").write_text("Version: 1.0\n\nName: of the text\n")
    assert listed(Registry(), "flow.first") == []
    (plugin,) = listed(Registry(), "flow.first", check=True)
    assert plugin.distribution == str(site / "flow-1.0.dist-info")
    assert "its metadata has no Name" in str(plugin.error)
    assert listed(Registry(allowed=["another"]), "flow.first", check=True) == []
    with pytest.raises(PluginMissing):
        Registry().pin("flow")


@pytest.mark.usefixtures("flow")
def test_a_name_claimed_twice_is_a_clash_that_names_both_when_asked_for(install: Install) -> None:
    install_stranger(install, "audit", "after", "first", distribution="one")
    install_stranger(install, "audit", "before", "last", distribution="two")
    registry = Registry()
    for ask in (lambda: registry.step("flow", "audit"), lambda: registry.pin("flow")):
        with pytest.raises(PluginClash, match="one and two"):
            ask()
    assert [(each.distribution, "one and two" in str(each.error)) for each in listed(registry, "flow.audit")] == [
        ("one", True),
        ("two", True),
    ]
    assert registry.step("flow", "first").name == "first"


@pytest.mark.usefixtures("flow")
def test_whoever_claims_the_name_of_an_executor_of_ours_stops_every_pinning(install: Install) -> None:
    install("acme", {"proctor.executors": {"process": "acme_plugin:Mine"}})
    with pytest.raises(PluginClash, match="process is registered more than once"):
        Registry().pin("flow")


@pytest.mark.usefixtures("flow")
def test_of_a_distribution_found_twice_the_one_that_imports_see_counts(install: Install, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    sys.path.insert(1, str(hidden))
    install("flow", FLOW | {"proctor.agents": {"ghost": "flow_plugin:Ghost"}}, version="0.9", to=hidden)
    assert [plugin.version for plugin in listed(Registry(), "flow.first")] == ["1.0"]
    assert listed(Registry(), "ghost") == []


@pytest.mark.usefixtures("flow")
@pytest.mark.parametrize("text", [b"[proctor.steps]\nno equals sign\n", b"[proctor.steps]\n\xff = x:y\n"])
def test_unreadable_metadata_of_one_distribution_harms_no_other(install: Install, site: Path, text: bytes) -> None:
    install("bad", {})
    (site / "bad-1.0.dist-info" / "entry_points.txt").write_bytes(text)
    assert pinned_flow(Registry()).main == ("first", "last")


@pytest.mark.usefixtures("flow")
def test_only_allowed_distributions_load_and_proctors_own_always_do(install: Install) -> None:
    install_stranger(install, "audit", "after", "first", distribution="Some_Stranger")
    assert pinned_flow(Registry(allowed=["flow"])).main == ("first", "last")
    assert pinned_flow(Registry(allowed=["flow", "some.stranger"])).main == ("first", "audit", "last")
    owners = {plugin.distribution for plugin in Registry(allowed=[]).plugins()}
    assert owners == {"proctor"}


@pytest.mark.usefixtures("flow")
def test_a_strangers_step_is_pinned_in_its_place_with_its_distribution(install: Install) -> None:
    install_stranger(install, "audit", "before", "last")
    workflow = pinned_flow(Registry())
    assert workflow.main == ("first", "audit", "last")
    audit = workflow.steps["audit"]
    assert (audit.before, audit.distribution, audit.version) == ("last", "audit", "1.0")


@pytest.mark.parametrize(
    ("anchor", "beside", "error"),
    [
        ("after", "nowhere", UnknownAnchor),
        ("after", "last", AnchorAfterEnd),
        ("before", "audit", AnchorCycle),
    ],
)
@pytest.mark.usefixtures("flow")
def test_a_step_without_a_place_is_an_error_that_names_its_distribution(
    install: Install, anchor: str, beside: str, error: type[ProctorError]
) -> None:
    install_stranger(install, "audit", anchor, beside, distribution="stranger")
    with pytest.raises(error, match="stranger"):
        Registry().pin("flow")


@pytest.mark.usefixtures("flow")
def test_a_missing_or_broken_step_of_the_workflows_own_stops_the_pinning(site: Path) -> None:
    (site / "flow_plugin.py").write_text(dedent(FLOW_SOURCE).replace("class Last", "class Lost"))
    with pytest.raises(PluginBroken, match=r"flow\.last"):
        Registry().pin("flow")
    entry_points = site / "flow-1.0.dist-info" / "entry_points.txt"
    entry_points.write_text(entry_points.read_text().replace("flow.last", "flow.other"))
    with pytest.raises(PluginMissing, match=r"flow\.last"):
        Registry().pin("flow")


REPLACING = """
    from proctor.contracts import Step, Wrapper

    class Better(Step):
        workflow, name, replaces = "flow", "better", "first"
        async def get_command(self, scope, session, options): ...
        async def handle_result(self, scope, session, result, options): ...

    class Around(Wrapper):
        workflow, name, wraps = "flow", "around", "first"

    class Again(Around):
        name = "again"
"""


def install_replacing(install: Install, distribution: str, **steps: str) -> None:
    entries = {f"flow.{name}": f"{distribution}_plugin:{kind}" for name, kind in steps.items()}
    install(distribution, {"proctor.steps": entries}, REPLACING)


@pytest.mark.usefixtures("flow")
def test_a_step_takes_the_place_and_the_name_of_the_one_it_replaces(install: Install) -> None:
    install_replacing(install, "acme", better="Better")
    flow = pinned_flow(Registry())
    first = flow.steps["first"]
    assert flow.main == ("first", "last")
    assert (first.plugin, first.distribution, first.options) == ("better", "acme", {})


@pytest.mark.usefixtures("flow")
def test_two_that_replace_one_step_are_an_error_that_names_both(install: Install) -> None:
    install_replacing(install, "acme", better="Better")
    source = REPLACING.replace('"better"', '"best"')
    install("zeta", {"proctor.steps": {"flow.best": "zeta_plugin:Better"}}, source)
    with pytest.raises(ReplacedTwice, match="better of acme and best of zeta"):
        Registry().pin("flow")


@pytest.mark.usefixtures("flow")
def test_wrappers_stand_around_a_step_in_the_order_of_their_names(install: Install) -> None:
    install_replacing(install, "acme", better="Better", around="Around", again="Again")
    first = pinned_flow(Registry()).steps["first"]
    assert (first.plugin, [each.name for each in first.wrappers]) == ("better", ["again", "around"])


@pytest.mark.parametrize(("kind", "side"), [("Better", "in place of"), ("Around", "around")])
@pytest.mark.usefixtures("flow")
def test_what_replaces_or_wraps_no_step_is_an_error(install: Install, kind: str, side: str) -> None:
    source = REPLACING.replace('"first"', '"frist"')
    install("acme", {"proctor.steps": {f"flow.{kind.lower()}": f"acme_plugin:{kind}"}}, source)
    with pytest.raises(UnknownAnchor, match=f"acme wants to stand {side} frist"):
        Registry().pin("flow")


@pytest.mark.usefixtures("flow")
def test_strangers_take_part_only_where_they_are_wanted(install: Install) -> None:
    install_stranger(install, "middle", "after", "first")
    install_stranger(install, "other", "after", "first")
    registry = Registry()
    assert registry.pin("flow", only=["Middle"])[0].main == ("first", "middle", "last")
    assert registry.pin("flow", only=[])[0].main == ("first", "last")
    assert registry.pin("flow")[0].main == ("first", "middle", "other", "last")


@pytest.mark.usefixtures("flow")
def test_a_plugin_that_was_written_for_another_version_of_the_contracts_is_broken(install: Install) -> None:
    source = STRANGER_SOURCE.format(name="later", anchor="after", beside="first") + "        contract = 2\n"
    install("acme", {"proctor.steps": {"flow.later": "acme_plugin:later"}}, source)
    (plugin,) = listed(Registry(), "flow.later", check=True)
    assert plugin.error == "it was written for version 2 of the plugin contracts, and this Proctor keeps 1"
    assert pinned_flow(Registry()).main == ("first", "last")


def test_pinning_follows_what_a_workflow_spawns_each_once(install: Install) -> None:
    for name, spawns in (("parent", ("child", "flow")), ("child", ("flow", "parent"))):
        source = FLOW_SOURCE.replace('"flow"', f'"{name}"').replace('"last"))', f'"last"), spawns={spawns})')
        groups = {
            "proctor.workflows": {name: f"{name}_plugin:WORKFLOW"},
            "proctor.steps": {f"{name}.first": f"{name}_plugin:First", f"{name}.last": f"{name}_plugin:Last"},
        }
        install(name, groups, source)
    install("flow", FLOW, FLOW_SOURCE)
    assert [workflow.name for workflow in Registry().pin("parent")] == ["parent", "child", "flow"]


@pytest.mark.usefixtures("flow")
def test_options_are_resolved_and_pinned() -> None:
    assert pinned_flow(Registry()).steps["first"].options == {"limit": 3}
    (workflow,) = Registry().pin("flow", {"flow.first": {"limit": "5"}, "elsewhere.step": {"any": 1}})
    assert workflow.steps["first"].options == {"limit": 5}


@pytest.mark.usefixtures("flow")
def test_options_that_bear_the_name_of_a_default_or_a_wish_get_it() -> None:
    def limit(**given: dict[str, int]) -> object:
        return Registry().pin("flow", **given)[0].steps["first"].options["limit"]

    set_here = {"flow.first": {"limit": 5}}
    assert limit(defaults={"limit": 4, "other": 1}) == 4
    assert limit(defaults={"limit": 4}, options=set_here) == 5
    assert limit(defaults={"limit": 4}, options=set_here, wishes={"limit": 6, "other": 1}) == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flow.first": {"limit": "many"}}, r"limit: .*flow\.first"),
        ({"flow.last": {"limit": 3}}, r"limit: .*flow\.last"),
        ({"flow.frist": {}}, r"no step flow\.frist"),
    ],
)
@pytest.mark.usefixtures("flow")
def test_options_that_do_not_fit_are_named(options: dict[str, dict[str, str]], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        Registry().pin("flow", options)


@pytest.mark.usefixtures("flow")
@pytest.mark.parametrize("text", ["raise RuntimeError", "return 5", "raise SystemExit"])
def test_an_exception_without_a_text_is_a_broken_plugin_too(install: Install, text: str) -> None:
    source = f"class Bad(Exception):\n    def __str__(self): {text}\nraise Bad"
    install("bad", {"proctor.steps": {"flow.bad": "bad_plugin:Bad"}}, source)
    (plugin,) = listed(Registry(), "flow.bad", check=True)
    assert str(plugin.error).startswith("it raised Bad: its text cannot be had")
    assert pinned_flow(Registry()).main == ("first", "last")


OPTIONS = """
    from typing import Any
    from pydantic import BaseModel, RootModel, field_validator
    from proctor.contracts import Step

    class Audit(Step):
        workflow, name, after = "flow", "audit", "first"
        class Options(BaseModel):
            {option}
        async def get_command(self, scope, session, options): ...
        async def handle_result(self, scope, session, result, options): ...
"""
HARSH = """limit: int = 3
            @field_validator("limit")
            @classmethod
            def harsh(cls, value): raise {error}
"""
AUDIT = {"proctor.steps": {"flow.audit": "acme_plugin:Audit"}}


@pytest.mark.usefixtures("flow")
@pytest.mark.parametrize(
    ("option", "cause"),
    [
        ("limit: int", "Field required"),
        ("limit: Any = object()", "PydanticSerializationError"),
        ("limit: int = 'many'", "valid integer"),
        (HARSH.format(error="RuntimeError('boom')"), "RuntimeError: boom"),
        (HARSH.format(error="ValueError('boom')"), "boom"),
    ],
)
def test_a_strangers_options_that_do_not_keep_to_their_defaults_harm_nobody(
    install: Install, option: str, cause: str
) -> None:
    install("acme", AUDIT, OPTIONS.format(option=option))
    registry = Registry()
    assert pinned_flow(registry).main == ("first", "last")
    assert cause in str(listed(registry, "flow.audit", check=True)[0].error)


@pytest.mark.usefixtures("flow")
def test_a_wish_that_a_strangers_options_refuse_leaves_it_out(install: Install) -> None:
    install("acme", AUDIT, OPTIONS.format(option="branch: int = 1"))
    assert Registry().pin("flow", wishes={"branch": "main"})[0].main == ("first", "last")


@pytest.mark.usefixtures("flow")
def test_given_options_that_a_plugin_refuses_or_breaks_on_are_told_with_its_distribution(install: Install) -> None:
    harsh = HARSH.format(error="RuntimeError('boom') if value == 4 else ValueError('never')").replace(
        "raise", "\n                if value == 3: return value\n                raise"
    )
    install("acme", AUDIT, OPTIONS.format(option=harsh))
    assert pinned_flow(Registry()).main == ("first", "audit", "last")
    with pytest.raises(InvalidSetting, match=r"never.* flow\.audit, a step of acme 1\.0,"):
        Registry().pin("flow", {"flow.audit": {"limit": 5}})
    with pytest.raises(PluginBroken, match=r"flow\.audit of acme 1\.0 .*RuntimeError: boom"):
        Registry().pin("flow", {"flow.audit": {"limit": 4}})


@pytest.mark.usefixtures("flow")
def test_of_two_that_claim_a_name_the_wanted_one_takes_part(install: Install) -> None:
    install_stranger(install, "audit", "after", "first", distribution="one")
    install_stranger(install, "audit", "before", "last", distribution="two")
    for wanted in ("one", "two"):
        workflow = Registry().pin("flow", only=[wanted])[0]
        assert workflow.steps["audit"].distribution == wanted
        assert type(Registry().step("flow", "audit", of=wanted)).__module__ == f"{wanted}_plugin"
    with pytest.raises(PluginClash, match=r"plugins\.only"):
        Registry().pin("flow", only=["one", "two"])


@pytest.mark.usefixtures("flow")
def test_a_workflows_own_distribution_is_always_wanted(install: Install) -> None:
    install("acme", {"proctor.steps": {"flow.first": "acme_plugin:First"}}, FLOW_SOURCE)
    assert Registry().pin("flow", only=[])[0].steps["first"].distribution == "flow"


@pytest.mark.usefixtures("flow")
def test_what_stands_on_a_broken_step_is_left_out_with_it(install: Install) -> None:
    install("bad", {"proctor.steps": {"flow.bad": "bad_plugin:Bad"}}, "1 / 0")
    install_stranger(install, "onit", "after", "bad")
    install_stranger(install, "above", "before", "onit")
    install_stranger(install, "beside", "after", "first")
    registry = Registry()
    assert pinned_flow(registry).main == ("first", "beside", "last")
    assert [each.name for each in registry.unusable(["flow"])] == ["flow.above", "flow.bad", "flow.onit"]
    assert [each.name for each in registry.unusable(["flow"], only=["Bad"])] == ["flow.bad"]
    assert registry.unusable(["another"]) == ()
    told = {name: listed(registry, f"flow.{name}", check=True)[0].error for name in ("onit", "above", "beside")}
    assert told == {
        "onit": "it stands on flow.bad, which cannot be used",
        "above": "it stands on flow.onit, which cannot be used",
        "beside": None,
    }


@pytest.mark.parametrize("value", ["", "not a module!!", "a:b:c", "acme_plugin"])
def test_an_entry_point_without_a_module_and_an_attribute_says_so(install: Install, value: str) -> None:
    install("acme", {"proctor.agents": {"scribe": value}})
    (plugin,) = listed(Registry(), "scribe", check=True)
    assert plugin.error == f"its entry point {value!r} is not of the form module:attribute"


@pytest.mark.usefixtures("flow")
@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("after = 7", "its `after` is not the name of a step"),
        ("before = ['last']", "its `before` is not the name of a step"),
        ("replaces = True", "its `replaces` is not the name of a step"),
        ("contract = True", "written for version True"),
        ("contract = 1.0", "written for version 1.0"),
        ("contract = []", "written for version []"),
    ],
)
def test_a_step_whose_facts_are_of_the_wrong_type_is_broken(install: Install, line: str, cause: str) -> None:
    install("acme", AUDIT, OPTIONS.format(option="limit: int = 3") + f"        {line}\n")
    registry = Registry()
    assert cause in str(listed(registry, "flow.audit", check=True)[0].error)
    assert pinned_flow(registry).main == ("first", "last")
