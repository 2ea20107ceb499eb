"""From the names of plugins to what they are."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from proctor.contracts import Agent, Executor, Step, Wrapper
from proctor.contracts.conformity import as_agent, as_engine, as_executor, as_step, as_workflow
from proctor.contracts.engine import Engine
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.workflow import PinnedStep, PinnedWorkflow, PinnedWrapper, Workflow, pin
from proctor.errors import InvalidSetting, PluginBroken, ProctorError
from proctor.installed import Installed, Plugin, normalised
from proctor.registry.clashes import clashes
from proctor.registry.given import Given, Options
from proctor.registry.grounds import fallen
from proctor.registry.group import Group


class Registry:
    """The plugins that are installed, as they were when the registry was first asked.

    With `allowed`, distributions that it does not name are passed over as if they were not installed.
    """

    def __init__(self, allowed: Collection[str] | None = None) -> None:
        self.installed = Installed(allowed)
        self._workflows = Group("proctor.workflows", self.installed, as_workflow)
        self._steps = Group("proctor.steps", self.installed, as_step)
        self._agents = Group("proctor.agents", self.installed, as_agent)
        self._executors = Group("proctor.executors", self.installed, as_executor)
        self._engines = Group("proctor.engines", self.installed, as_engine)

    def plugins(self, *, check: bool = False) -> tuple[Plugin, ...]:
        """List what is installed, by group and name; `check` loads each one to find those that are broken.

        Only then those of distributions without a name are among them, too: nothing of such can be used.
        """
        if not check:
            return self.installed.plugins()
        groups = (self._workflows, self._steps, self._agents, self._executors, self._engines)
        found = [plugin for group in groups for plugin in group.checked()]
        return (*self._fallen(found), *self.installed.nameless())

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
        return self._steps.load(f"{workflow}.{name}", None if of is None else {normalised(of)})

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
        fit no step, or not the one they are for, raise InvalidSetting. Our own executors are loaded as well: whoever
        claims the name of one is found before anything is begun.
        """
        pinned = self._pinned_tree(name, Given(options, defaults, wishes), only)
        self._executors.load_own()
        for full_name in options:
            if full_name.partition(".")[0] in pinned and full_name not in self._steps.names():
                raise InvalidSetting(reason=f"there is no step {full_name}", where="its name")
        return tuple(pinned.values())

    def unusable(self, workflows: Collection[str], *, only: Collection[str] | None = None) -> tuple[Plugin, ...]:
        """List the steps that `pin` leaves out of those workflows because they are broken, each with the reason."""
        wanted = None if only is None else {*map(normalised, only)}
        return tuple(
            each
            for each in self._fallen([*self._steps.checked()])
            if each.error
            and each.name.partition(".")[0] in workflows
            and (wanted is None or normalised(each.distribution) in wanted)
        )

    def clashes(self, name: str, *, only: Collection[str] | None = None) -> tuple[ProctorError, ...]:
        """Say why a workflow cannot be pinned: every reason that can be found, each once; nothing if it can."""

        def pin_without(without: Collection[str]) -> object:
            return self._pinned_tree(name, Given(EMPTY, EMPTY, EMPTY), only, without)

        return tuple({str(error): error for error in clashes(pin_without, self._steps.sound_ones)}.values())

    def _pinned_tree(
        self, name: str, given: Given, only: Collection[str] | None, without: Collection[str] = ()
    ) -> Mapping[str, PinnedWorkflow]:
        pinned: dict[str, PinnedWorkflow] = {}
        waiting = [name]
        for each in waiting:
            if each not in pinned:
                workflow = self.workflow(each)
                wanted = None if only is None else {*map(normalised, only)}
                pinned[each] = self._pin(workflow, given, wanted, without)
                waiting.extend(workflow.spawns)
        return pinned

    def _pin(
        self, workflow: Workflow, given: Given, only: Collection[str] | None, without: Collection[str]
    ) -> PinnedWorkflow:
        own = [f"{workflow.name}.{step}" for step in (*workflow.main, *workflow.aside)]
        wanted = None if only is None else {*only, normalised(self._workflows.plugin(workflow.name).distribution)}
        found = [self._pinned(full_name, given, wanted) for full_name in own]
        strangers = self._strangers(workflow, own, only)
        theirs = {
            full_name: None if full_name in without else self._pinned_if_sound(full_name, given, wanted)
            for full_name in strangers
        }
        lost = fallen(theirs)
        found += [step for full_name, step in theirs.items() if step is not None and full_name not in lost]
        steps = [each for each in found if isinstance(each, PinnedStep)]
        return pin(workflow, steps, [each for each in found if isinstance(each, PinnedWrapper)])

    def _strangers(self, workflow: Workflow, own: Collection[str], only: Collection[str] | None) -> Iterator[str]:
        for full_name in self._steps.names():
            theirs = full_name.startswith(f"{workflow.name}.") and full_name not in own
            claimants = map(normalised, self._steps.claimants(full_name))
            if theirs and (only is None or any(each in only for each in claimants)):
                yield full_name

    def _pinned(self, full_name: str, given: Given, wanted: Collection[str] | None) -> PinnedStep | PinnedWrapper:
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

    def _fallen(self, plugins: Sequence[Plugin]) -> Iterator[Plugin]:
        """Say of a step that stands on a broken one that it is left out with it."""
        steps = {each.name: each.error for each in plugins if each.group == "proctor.steps"}
        lost = fallen({name: None if error else self._steps.load(name) for name, error in steps.items()})
        for each in plugins:
            ground = lost.get(each.name) if each.group == "proctor.steps" else None
            yield replace(each, error=f"it stands on {ground}, which cannot be used") if ground else each

    def _pinned_if_sound(
        self, full_name: str, given: Given, wanted: Collection[str] | None
    ) -> PinnedStep | PinnedWrapper | None:
        """Pin a stranger's step unless it is broken; what only the options that it was given bring about is raised."""
        try:
            return self._pinned(full_name, given, wanted)
        except PluginBroken:
            if given.options.get(full_name) and self._steps.sound(full_name, wanted):
                raise
            return None
