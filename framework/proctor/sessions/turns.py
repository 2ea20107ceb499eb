"""Makes the changes of a session's turns: a step is handed out, a result is judged. Nothing is committed here."""

from collections.abc import Callable
from dataclasses import replace

from proctor.assembly import named
from proctor.contracts.store import Change
from proctor.domain import head as heads
from proctor.domain import news as news_of
from proctor.domain.budget import NOTHING, Spent, held_to, is_bounded, used_up
from proctor.domain.head import Head
from proctor.domain.interaction import Command
from proctor.domain.orchestrator import NextStep, Orchestrator
from proctor.domain.scope import Scope
from proctor.domain.workflow import PinnedWorkflow
from proctor.errors import PluginBroken, PluginClash, PluginMissing, SessionBlocked, SessionClosed
from proctor.registry import Registry
from proctor.sessions.brood import Brood
from proctor.sessions.records import Records
from proctor.sessions.turn import Came
from proctor.steps import Fault, Steps

LEASE_S = 60.0

UNAVAILABLE = (PluginMissing, PluginBroken, PluginClash)
"""Why a step cannot be asked."""


class Turns:
    """Asks steps and rules, and gives what has to be written."""

    def __init__(
        self,
        records: Records,
        registry: Registry,
        steps: Steps,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        lease_s: float = LEASE_S,
    ) -> None:
        self._records = records
        self._registry = registry
        self._steps = steps
        self._clock = clock
        self._new_id = new_id
        self._lease_s = lease_s

    async def verdict(self, scope: Scope, head: Head, came: Came, *, go_on: bool, owner: str | None) -> Change:
        """Make the change that completes the pending interaction and, if asked, starts the next."""
        assert head.pending is not None
        workflow = await self._records.workflow(scope, head)
        step, now, result = head.pending.command.step, self._clock(), head.pending.raw or came.result
        spent = await self._records.spent(head, workflow, result.usage)
        session = await self._records.snapshot(scope, head, workflow, self._allowed(head, spent))
        outcome = await self._steps.outcome(scope, workflow, step, session, result)
        judged = heads.judge(
            head, Orchestrator(workflow), outcome, now, submitted=came.result, executed_by=came.executed_by
        )
        verdict = Change(
            judged.head,
            judged.interaction,
            news=(news_of.completed(judged.head, judged.interaction), *news_of.ended(judged.head, now)),
            spent=result.usage,
        )
        if go_on and judged.head.status == "active" and not judged.head.paused:
            return await self._going_on(scope, verdict, workflow, owner, spent)
        return verdict

    async def start(self, scope: Scope, head: Head, owner: str | None) -> Change:
        """Make the change that hands out the next step. Raises SessionBlocked or SessionClosed."""
        workflow = await self._records.workflow(scope, head)
        spent = await self._records.spent(head, workflow)
        return await self._starting(scope, head, workflow, owner, spent, version=head.version + 1)

    def _allowed(self, head: Head, spent: Spent) -> Spent:
        """Give what counts against the pending command: nothing, if it was allowed to spend. What it made is kept."""
        assert head.pending is not None
        if used_up(head.birth.limits, spent) and self._registry.executor(head.pending.command.kind).spends:
            return NOTHING
        return spent

    async def _going_on(
        self, scope: Scope, verdict: Change, workflow: PinnedWorkflow, owner: str | None, spent: Spent
    ) -> Change:
        """Add the start of the next step to the change that carries the verdict."""
        try:
            starting = await self._starting(scope, verdict.head, workflow, owner, spent, version=verdict.head.version)
        except SessionBlocked:
            return verdict
        if starting.head.pending is None:
            return verdict
        news = (*verdict.news, *starting.news)
        return replace(verdict, head=starting.head, children=starting.children, news=news, within=starting.within)

    async def _starting(
        self, scope: Scope, head: Head, workflow: PinnedWorkflow, owner: str | None, spent: Spent, *, version: int
    ) -> Change:
        following, now = Orchestrator(workflow).get_next_interaction(head), self._clock()
        if not isinstance(following, NextStep):
            raise SessionClosed(session_id=head.id, status=head.status)
        session = await self._records.snapshot(scope, head, workflow, spent)
        try:
            command = await self._steps.command(scope, workflow, following.step, session)
            if isinstance(command, Fault):
                return self._faulted(head, workflow, following.step, command, now)
            executor = self._registry.executor(command.kind)
        except UNAVAILABLE as error:
            asked = named(workflow.steps[following.step])
            raise SessionBlocked(session_id=head.id, reason=f"{asked} cannot go on. {error}") from error
        spends = executor.spends or not head.sequence
        within = held_to(head.birth.limits, spends=spends, spawns=bool(workflow.spawns))
        brood = await Brood.of(self._records.store, scope, head, command)
        if reason := used_up(within, spent) or brood.refused(spent):
            return _refused(head, reason, now)
        children = brood.born(spent, self._new_id, now)
        command = brood.named(replace(command, step=following.step, at=now), children)
        lease_until, parks = now + self._lease_s, executor.parks
        begun = heads.start(head, command, owner=owner, lease_until=lease_until, parked=parks, version=version)
        news = (
            news_of.started(begun, following.reason, now),
            *(news_of.created(child, now) for child in children),
            *([news_of.parked(begun, now)] if parks else []),
        )
        return Change(begun, children=children, news=news, within=within if children or is_bounded(within) else None)

    def _faulted(self, head: Head, workflow: PinnedWorkflow, step: str, fault: Fault, now: float) -> Change:
        """Log an interaction for a step that could not even make its command."""
        begun = heads.start(
            head, Command("none", step=step, at=now), owner=None, lease_until=None, parked=None, version=head.version
        )
        judged = heads.judge(begun, Orchestrator(workflow), fault.outcome(), now)
        news = (
            news_of.started(begun, "", now),
            news_of.completed(judged.head, judged.interaction),
            *news_of.ended(judged.head, now),
        )
        return Change(judged.head, judged.interaction, news=news)


def _refused(head: Head, reason: str, now: float) -> Change:
    """End a session in place of what it would have begun."""
    ended, closed = heads.run_out(head, reason, now)
    return Change(ended, closed, news=(news_of.changed(ended, now),))
