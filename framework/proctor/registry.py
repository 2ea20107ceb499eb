"""Finds plugins: from entry points to workflows, steps, agents, executors and engines.

Names are indexed without importing anything; a plugin is loaded when it is asked for, and alone. stevedore does
the loading. Its listing is not used: that keeps a cache on disk which misses a plugin that was just installed
again, and it forgets which distribution a plugin came from and that two of them claim one name.

A plugin is *broken* if it cannot be imported, whatever it raises, or is not what its group asks for. A broken one
is listed with the cause and harms nobody but those who ask for it.
"""

import importlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, distributions
from typing import Generic, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from stevedore import ExtensionManager

from proctor.contracts import Agent, Executor, Step, Wrapper
from proctor.contracts.answers import told
from proctor.contracts.conformity import Unfit, as_agent, as_engine, as_executor, as_step, as_workflow
from proctor.contracts.engine import Engine
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.workflow import PinnedStep, PinnedWorkflow, PinnedWrapper, Workflow, pin
from proctor.errors import InvalidSetting, PluginBroken, PluginClash, PluginMissing

OWN = "proctor"
"""The distribution whose plugins always load."""

_FORM = re.compile(r"\w+(\.\w+)*\s*:\s*\w+(\.\w+)*\s*(\[.*\]\s*)?")

T = TypeVar("T")
Placed = Step | Wrapper | PinnedStep | PinnedWrapper
Options = Mapping[str, JsonObject]
"""Full name of a step, `<workflow>.<step>` -> its settings."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry point and the distribution that brings it."""

    group: str
    name: str
    distribution: str
    version: str
    value: str
    """Where it is found: `module:attribute`."""
    error: str | None = None
    """Why it cannot be used. Broken ones are only known once they were loaded."""


class Registry:
    """The plugins that are installed, as they were when the registry was first asked.

    With `allowed`, distributions that it does not name are passed over as if they were not installed.
    """

    def __init__(self, allowed: Collection[str] | None = None) -> None:
        self._allowed = None if allowed is None else {OWN, *map(_normalised, allowed)}
        self._workflows = _Group("proctor.workflows", self._installed, as_workflow)
        self._steps = _Group("proctor.steps", self._installed, as_step)
        self._agents = _Group("proctor.agents", self._installed, as_agent)
        self._executors = _Group("proctor.executors", self._installed, as_executor)
        self._engines = _Group("proctor.engines", self._installed, as_engine)

    def plugins(self, *, check: bool = False) -> tuple[Plugin, ...]:
        """List what is installed, by group and name; `check` loads each one to find those that are broken."""
        groups = (self._workflows, self._steps, self._agents, self._executors, self._engines)
        found = tuple(plugin for group in groups for plugin in group.plugins(check=check))
        return tuple(self._left_out(found)) if check else found

    def workflow(self, name: str) -> Workflow:
        """Give a workflow. Raises PluginMissing, PluginBroken or PluginClash, as the methods below do."""
        return self._workflows.load(name)

    def step(self, workflow: str, step: str, *, of: str | None = None) -> Step:
        """Give a step of a workflow, of that distribution if several claim it; the same object every time."""
        found = self.step_or_wrapper(workflow, step, of=of)
        if isinstance(found, Wrapper):
            raise self._steps.broken(f"{workflow}.{step}", "it is a wrapper where a step was expected")
        return found

    def wrapper(self, workflow: str, name: str, *, of: str | None = None) -> Wrapper:
        """Give a wrapper of a workflow's step, of that distribution if several claim it; the same object every time."""
        found = self.step_or_wrapper(workflow, name, of=of)
        if isinstance(found, Step):
            raise self._steps.broken(f"{workflow}.{name}", "it is a step where a wrapper was expected")
        return found

    def step_or_wrapper(self, workflow: str, name: str, *, of: str | None = None) -> Step | Wrapper:
        """Give whatever is registered under that name for a workflow."""
        return self._steps.load(f"{workflow}.{name}", None if of is None else {_normalised(of)})

    def agent(self, name: str) -> type[Agent]:
        """Give the class of an agent."""
        return self._agents.load(name)

    def executor(self, kind: str) -> type[Executor]:
        """Give the class that executes a kind of command."""
        return self._executors.load(kind)

    def engine(self, name: str) -> type[Engine]:
        """Give the class of an engine."""
        return self._engines.load(name)

    def pin(
        self,
        name: str,
        options: Options = EMPTY,
        *,
        only: Collection[str] | None = None,
        defaults: JsonObject = EMPTY,
        wishes: JsonObject = EMPTY,
    ) -> tuple[PinnedWorkflow, ...]:
        """Pin a workflow, and all that it spawns, as installed now. The one asked for comes first.

        With `only`, strangers' steps of other distributions take no part, and of two that claim one name, the one
        that it names does. A step's option that bears a name of `wishes` gets that value; one that bears a name of
        `defaults` does unless `options` say otherwise.

        A workflow's own steps must all be there and sound. A stranger's step that is broken is left out, and with
        it all that stand on it, so that it harms nobody: `plugins(check=True)` tells why. A stranger's step that is
        sound but cannot be placed, or whose name two distributions claim, is an error that names them. Settings that
        fit no step, or not the one they are for, raise InvalidSetting.
        """
        pinned: dict[str, PinnedWorkflow] = {}
        given = _Given(options, defaults, wishes)
        waiting = [name]
        for each in waiting:
            if each not in pinned:
                workflow = self.workflow(each)
                pinned[each] = self._pin(workflow, given, None if only is None else {*map(_normalised, only)})
                waiting.extend(workflow.spawns)
        for full_name in options:
            if full_name.partition(".")[0] in pinned and full_name not in self._steps.names():
                raise InvalidSetting(reason=f"there is no step {full_name}", where="its name")
        return tuple(pinned.values())

    def _pin(self, workflow: Workflow, given: "_Given", only: Collection[str] | None) -> PinnedWorkflow:
        own = [f"{workflow.name}.{step}" for step in (*workflow.main, *workflow.aside)]
        wanted = None if only is None else {*only, _normalised(self._workflows.plugin(workflow.name).distribution)}
        found = [self._pinned(full_name, given, wanted) for full_name in own]
        strangers = self._strangers(workflow, own, only)
        theirs = {full_name: self._pinned_if_sound(full_name, given, wanted) for full_name in strangers}
        lost = _lost(theirs)
        found += [step for full_name, step in theirs.items() if step is not None and full_name not in lost]
        steps = [each for each in found if isinstance(each, PinnedStep)]
        return pin(workflow, steps, [each for each in found if isinstance(each, PinnedWrapper)])

    def _strangers(self, workflow: Workflow, own: Collection[str], only: Collection[str] | None) -> Iterator[str]:
        for full_name in self._steps.names():
            theirs = full_name.startswith(f"{workflow.name}.") and full_name not in own
            claimants = map(_normalised, self._steps.claimants(full_name))
            if theirs and (only is None or any(each in only for each in claimants)):
                yield full_name

    def _pinned(self, full_name: str, given: "_Given", wanted: Collection[str] | None) -> PinnedStep | PinnedWrapper:
        found, plugin = self._steps.load(full_name, wanted), self._steps.plugin(full_name, wanted)
        resolved = given.resolved(plugin, found.Options)
        if isinstance(found, Wrapper):
            return PinnedWrapper(found.name, found.wraps, resolved, plugin.distribution, plugin.version)
        return PinnedStep(
            name=found.name,
            transitions=dict(found.transitions),
            options=resolved,
            distribution=plugin.distribution,
            version=plugin.version,
            after=found.after,
            before=found.before,
            replaces=found.replaces,
        )

    def _left_out(self, plugins: Sequence[Plugin]) -> Iterator[Plugin]:
        """Say of a step that stands on a broken one that it is left out with it."""
        steps = {each.name: each.error for each in plugins if each.group == "proctor.steps"}
        lost = _lost({name: None if error else self._steps.load(name) for name, error in steps.items()})
        for each in plugins:
            ground = lost.get(each.name) if each.group == "proctor.steps" else None
            yield replace(each, error=f"it stands on {ground}, which cannot be used") if ground else each

    def _pinned_if_sound(
        self, full_name: str, given: "_Given", wanted: Collection[str] | None
    ) -> PinnedStep | PinnedWrapper | None:
        """Pin a stranger's step unless it is broken; what only the options that it was given bring about is raised."""
        try:
            return self._pinned(full_name, given, wanted)
        except PluginBroken:
            if given.options.get(full_name) and self._steps.sound(full_name, wanted):
                raise
            return None

    def _installed(self, group: str) -> Sequence[Plugin]:
        return self._index.get(group, ())

    @cached_property
    def _index(self) -> Mapping[str, Sequence[Plugin]]:
        index: defaultdict[str, list[Plugin]] = defaultdict(list)
        for plugin in _plugins():
            if self._allowed is None or _normalised(plugin.distribution) in self._allowed:
                index[plugin.group].append(plugin)
        return index


@dataclass(frozen=True, slots=True)
class _Given:
    """What the options of steps are made from."""

    options: Options
    defaults: JsonObject
    wishes: JsonObject

    def resolved(self, plugin: Plugin, model: type[BaseModel]) -> JsonObject:
        """Give a step's options, checked, with its own defaults filled in. Raises InvalidSetting or PluginBroken."""
        own = self.options.get(plugin.name, EMPTY)
        given = {**self._of(model, self.defaults), **own, **self._of(model, self.wishes)}
        try:
            resolved: JsonObject = model.model_validate(given).model_dump(mode="json")
        except ValidationError as error:
            if not own:
                raise _broken(plugin, f"it refuses {_faults(error)}") from error
            where = f"the options of {plugin.name}, a step of {plugin.distribution} {plugin.version},"
            raise InvalidSetting(reason=_faults(error), where=where) from error
        except Exception as error:  # a model's validators are the plugin's code too
            raise _broken(plugin, f"its Options raise {_cause(error)}") from error
        return resolved

    def _of(self, model: type[BaseModel], values: JsonObject) -> JsonObject:
        return {name: value for name, value in values.items() if name in model.model_fields}


class _Group(Generic[T]):
    """The plugins of one entry-point group: listed first, loaded on demand, each once."""

    def __init__(
        self, group: str, installed: Callable[[str], Sequence[Plugin]], check: Callable[[str, object], T]
    ) -> None:
        self._group = group
        self._installed = installed
        self._check = check
        self._loaded: dict[Plugin, T] = {}

    def names(self) -> Collection[str]:
        return self._by_name.keys()

    def plugins(self, *, check: bool) -> Iterator[Plugin]:
        for name, claimants in self._by_name.items():
            error = self._error(name) if check or len(claimants) > 1 else None
            for plugin in claimants:
                yield replace(plugin, error=error)

    def plugin(self, name: str, wanted: Collection[str] | None = None) -> Plugin:
        """Give the plugin of that name; where several distributions claim it, the one that is wanted."""
        claimants = self._by_name.get(name, ())
        if not claimants:
            raise PluginMissing(group=self._group, name=name)
        if len(claimants) > 1:
            chosen = [each for each in claimants if wanted is not None and _normalised(each.distribution) in wanted]
            if len(chosen) == 1:
                return chosen[0]
            owners = " and ".join(dict.fromkeys(each.distribution for each in claimants))
            raise PluginClash(name=name, group=self._group, distributions=owners)
        return claimants[0]

    def claimants(self, name: str) -> Collection[str]:
        return [each.distribution for each in self._by_name.get(name, ())]

    def broken(self, name: str, cause: str) -> PluginBroken:
        return _broken(self.plugin(name), cause)

    def sound(self, name: str, wanted: Collection[str] | None = None) -> bool:
        """Whether it was loaded and found to be in order."""
        return self.plugin(name, wanted) in self._loaded

    def load(self, name: str, wanted: Collection[str] | None = None) -> T:
        plugin = self.plugin(name, wanted)
        if plugin not in self._loaded:
            self._loaded[plugin] = self._load(plugin)
        return self._loaded[plugin]

    def _load(self, plugin: Plugin) -> T:
        if not _FORM.fullmatch(plugin.value):
            raise _broken(plugin, f"its entry point {plugin.value!r} is not of the form module:attribute")
        try:
            return self._check(plugin.name, _Loader(plugin)[plugin.name].plugin)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an import may raise anything, SystemExit too
            raise _broken(plugin, _cause(error)) from error

    def _error(self, name: str) -> str | None:
        try:
            self.load(name)
        except PluginBroken as error:
            return str(error.facts["cause"])
        except PluginClash as error:
            return str(error)
        return None

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Plugin]]:
        by_name: defaultdict[str, list[Plugin]] = defaultdict(list)
        for plugin in sorted(self._installed(self._group), key=lambda each: each.name):
            by_name[plugin.name].append(plugin)
        return by_name


class _Loader(ExtensionManager[object]):
    """stevedore's manager of just one plugin; what its import raises comes through."""

    def __init__(self, plugin: Plugin) -> None:
        self._entry_point = EntryPoint(plugin.name, plugin.value, plugin.group)
        super().__init__(plugin.group, on_load_failure_callback=_reraise)

    def list_entry_points(self) -> list[EntryPoint]:
        return [self._entry_point]


def _reraise(_manager: ExtensionManager[object], _entry_point: EntryPoint, error: BaseException) -> NoReturn:
    raise error


def _lost(steps: Mapping[str, Placed | None]) -> Mapping[str, str]:
    """Find the steps that stand on one that is broken (None), or on one that stands on such: name -> on which."""
    lost = {name: "" for name, step in steps.items() if step is None}
    while falling := {
        name: min(ground)
        for name, step in steps.items()
        if step is not None and name not in lost and (ground := _ground(name, step) & lost.keys())
    }:
        lost |= falling
    return {name: ground for name, ground in lost.items() if ground}


def _ground(full_name: str, step: Placed) -> set[str]:
    """Name the steps without which a stranger's step cannot be placed, or its table leads nowhere."""
    workflow = full_name.partition(".")[0]
    places = {getattr(step, place, None) for place in ("after", "before", "replaces", "wraps")} - {None}
    targets = set(getattr(step, "transitions", EMPTY).values()) if places else set()
    return {f"{workflow}.{place}" for place in places | targets}


def _broken(plugin: Plugin, cause: str) -> PluginBroken:
    return PluginBroken(name=plugin.name, distribution=plugin.distribution, version=plugin.version, cause=cause)


def _faults(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())


def _cause(error: BaseException) -> str:
    text = " ".join(told(error).split())
    return text if isinstance(error, Unfit) else f"{type(error).__name__}: {text}".removesuffix(": ")


def _plugins() -> Iterator[Plugin]:
    """Read every entry point for Proctor, by name of the distribution."""
    importlib.invalidate_caches()
    for name in sorted({_normalised(name) for name in map(_name_of, distributions()) if name}):
        with suppress(PackageNotFoundError):  # a half removed one: its folder bears another name
            yield from _plugins_of(distribution(name))  # the one that imports see, if it is there twice


def _name_of(each: Distribution) -> str | None:
    """Give the name of a distribution that may have plugins."""
    with suppress(OSError, ValueError):  # unreadable, or not UTF-8
        return _facts(each).get("Name") if "[proctor." in (each.read_text("entry_points.txt") or "") else None
    return None


def _plugins_of(each: Distribution) -> Sequence[Plugin]:
    with suppress(OSError, TypeError, ValueError):  # as above, or not of the form name = value
        entry_points = [found for found in each.entry_points if found.group.startswith("proctor.")]
        if entry_points and (facts := _facts(each)).get("Name"):
            owner = facts["Name"], facts.get("Version", "")
            return [Plugin(found.group, found.name, *owner, found.value) for found in entry_points]
    return ()


def _facts(each: Distribution) -> Mapping[str, str]:
    """Read name and version. importlib.metadata would parse the whole file each time that it is asked."""
    written = each.read_text("METADATA") or each.read_text("PKG-INFO") or ""
    return dict(re.findall(r"^(Name|Version):[ \t]*(.*?)[ \t\r]*$", written.partition("\n\n")[0], re.MULTILINE))


def _normalised(distribution_name: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution_name).lower()
