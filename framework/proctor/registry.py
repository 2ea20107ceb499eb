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
from proctor.contracts.conformity import Unfit, as_agent, as_engine, as_executor, as_step, as_workflow
from proctor.contracts.engine import Engine
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.workflow import PinnedStep, PinnedWorkflow, PinnedWrapper, Workflow, pin
from proctor.errors import InvalidSetting, PluginBroken, PluginClash, PluginMissing

OWN = "proctor"
"""The distribution whose plugins always load."""

T = TypeVar("T")
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
        return tuple(plugin for group in groups for plugin in group.plugins(check=check))

    def workflow(self, name: str) -> Workflow:
        """Give a workflow. Raises PluginMissing, PluginBroken or PluginClash, as the methods below do."""
        return self._workflows.load(name)

    def step(self, workflow: str, step: str) -> Step:
        """Give a step of a workflow; the same object every time."""
        found = self.step_or_wrapper(workflow, step)
        if isinstance(found, Wrapper):
            raise self._steps.broken(f"{workflow}.{step}", "it is a wrapper where a step was expected")
        return found

    def wrapper(self, workflow: str, name: str) -> Wrapper:
        """Give a wrapper of a workflow's step; the same object every time."""
        found = self.step_or_wrapper(workflow, name)
        if isinstance(found, Step):
            raise self._steps.broken(f"{workflow}.{name}", "it is a step where a wrapper was expected")
        return found

    def step_or_wrapper(self, workflow: str, name: str) -> Step | Wrapper:
        """Give whatever is registered under that name for a workflow."""
        return self._steps.load(f"{workflow}.{name}")

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

        With `only`, strangers' steps of other distributions take no part. A step's option that bears a name of
        `wishes` gets that value; one that bears a name of `defaults` does unless `options` say otherwise.

        A workflow's own steps must all be there and sound. A stranger's step that is broken is left out, so that
        it harms nobody: `plugins(check=True)` tells why. A stranger's step that is sound but cannot be placed, or
        whose name two distributions claim, is an error that names them. Settings that fit no step, or not the one
        they are for, raise InvalidSetting.
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
        found = [self._pinned(full_name, given) for full_name in own]
        for full_name in self._strangers(workflow, own, only):
            with suppress(PluginBroken):
                found.append(self._pinned(full_name, given))
        steps = [each for each in found if isinstance(each, PinnedStep)]
        return pin(workflow, steps, [each for each in found if isinstance(each, PinnedWrapper)])

    def _strangers(self, workflow: Workflow, own: Collection[str], only: Collection[str] | None) -> Iterator[str]:
        for full_name in self._steps.names():
            theirs = full_name.startswith(f"{workflow.name}.") and full_name not in own
            claimants = map(_normalised, self._steps.claimants(full_name))
            if theirs and (only is None or any(each in only for each in claimants)):
                yield full_name

    def _pinned(self, full_name: str, given: "_Given") -> PinnedStep | PinnedWrapper:
        found, plugin = self._steps.load(full_name), self._steps.plugin(full_name)
        resolved = given.resolved(full_name, found.Options)
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

    def resolved(self, full_name: str, model: type[BaseModel]) -> JsonObject:
        """Give a step's options, checked, with its own defaults filled in. Raises InvalidSetting."""
        given = {**self._of(model, self.defaults), **self.options.get(full_name, EMPTY), **self._of(model, self.wishes)}
        try:
            resolved: JsonObject = model.model_validate(given).model_dump(mode="json")
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
            raise InvalidSetting(reason="; ".join(faults), where=f"the options of {full_name}") from error
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
        self._loaded: dict[str, T] = {}

    def names(self) -> Collection[str]:
        return self._by_name.keys()

    def plugins(self, *, check: bool) -> Iterator[Plugin]:
        for name, claimants in self._by_name.items():
            error = self._error(name) if check or len(claimants) > 1 else None
            for plugin in claimants:
                yield replace(plugin, error=error)

    def plugin(self, name: str) -> Plugin:
        claimants = self._by_name.get(name, ())
        if not claimants:
            raise PluginMissing(group=self._group, name=name)
        if len(claimants) > 1:
            owners = " and ".join(dict.fromkeys(each.distribution for each in claimants))
            raise PluginClash(name=name, group=self._group, distributions=owners)
        return claimants[0]

    def claimants(self, name: str) -> Collection[str]:
        return [each.distribution for each in self._by_name.get(name, ())]

    def broken(self, name: str, cause: str) -> PluginBroken:
        plugin = self.plugin(name)
        return PluginBroken(name=name, distribution=plugin.distribution, version=plugin.version, cause=cause)

    def load(self, name: str) -> T:
        if name not in self._loaded:
            self._loaded[name] = self._load(self.plugin(name))
        return self._loaded[name]

    def _load(self, plugin: Plugin) -> T:
        try:
            return self._check(plugin.name, _Loader(plugin)[plugin.name].plugin)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an import may raise anything, SystemExit too
            raise self.broken(plugin.name, _cause(error)) from error

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


def _cause(error: BaseException) -> str:
    text = " ".join(str(error).split())
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
