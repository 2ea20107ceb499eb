"""Makes the changes of a session's turns: a step is handed out, a result is judged. Nothing is committed here."""

from collections.abc import Callable
from dataclasses import replace

from proctor.contracts.store import Change
from proctor.domain import head as heads
from proctor.domain import news as news_of
from proctor.domain.head import Head
from proctor.domain.interaction import Command
from proctor.domain.orchestrator import NextStep, Orchestrator
from proctor.domain.scope import Scope
from proctor.domain.workflow import PinnedWorkflow
from proctor.errors import PluginBroken, PluginClash, PluginMissing, SessionBlocked, SessionClosed
from proctor.registry import Registry
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
        step, now = head.pending.command.step, self._clock()
        session = await self._records.snapshot(scope, head, workflow)
        outcome = await self._steps.outcome(scope, workflow, step, session, head.pending.raw or came.result)
        judged = heads.judge(
            head, Orchestrator(workflow), outcome, now, submitted=came.result, executed_by=came.executed_by
        )
        verdict = Change(
            judged.head,
            judged.interaction,
            news=(news_of.completed(judged.head, judged.interaction), *news_of.ended(judged.head, now)),
            spent=outcome.result.usage,
        )
        if go_on and judged.head.status == "active" and not judged.head.paused:
            return await self._going_on(scope, verdict, workflow, owner)
        return verdict

    async def start(self, scope: Scope, head: Head, owner: str | None) -> Change:
        """Make the change that hands out the next step. Raises SessionBlocked or SessionClosed."""
        workflow = await self._records.workflow(scope, head)
        return await self._starting(scope, head, workflow, owner, version=head.version + 1)

    async def _going_on(self, scope: Scope, verdict: Change, workflow: PinnedWorkflow, owner: str | None) -> Change:
        """Add the start of the next step to the change that carries the verdict."""
        try:
            starting = await self._starting(scope, verdict.head, workflow, owner, version=verdict.head.version)
        except SessionBlocked:
            return verdict
        if starting.closed is not None:
            return verdict
        news = (*verdict.news, *starting.news)
        return replace(verdict, head=starting.head, children=starting.children, news=news)

    async def _starting(
        self, scope: Scope, head: Head, workflow: PinnedWorkflow, owner: str | None, *, version: int
    ) -> Change:
        following, now = Orchestrator(workflow).get_next_interaction(head), self._clock()
        if not isinstance(following, NextStep):
            raise SessionClosed(session_id=head.id, status=head.status)
        session = await self._records.snapshot(scope, head, workflow)
        try:
            command = await self._steps.command(scope, workflow, following.step, session)
            parked = None if isinstance(command, Fault) else self._registry.executor(command.kind).parks
        except UNAVAILABLE as error:
            raise SessionBlocked(session_id=head.id, reason=str(error)) from error
        if isinstance(command, Fault):
            return self._faulted(head, workflow, following.step, command, now)
        command = replace(command, step=following.step, at=now)
        children, command = await self._children(scope, head, command)
        begun = heads.start(head, command, owner=owner, lease_until=now + self._lease_s, parked=parked, version=version)
        news = [
            news_of.started(begun, following.reason, now),
            *(news_of.created(child, now) for child in children),
        ]
        if parked:
            news.append(news_of.parked(begun, now))
        return Change(begun, children=children, news=tuple(news))

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

    async def _children(self, scope: Scope, head: Head, command: Command) -> tuple[tuple[Head, ...], Command]:
        """Make the child sessions that `command` wants and that do not exist, and name all of them in it."""
        if not command.children:
            return (), command
        existing = await self._records.store.children(scope, head.id)
        known = {(child.birth.key, child.birth.attempt): child.id for child in existing}
        fresh: list[Head] = []
        for spec in command.children:
            if (spec.key, spec.attempt) in known:
                continue
            birth = replace(
                head.birth,
                id=self._new_id(),
                workflow=spec.workflow,
                created_at=self._clock(),
                subject=spec.subject,
                parent=head.id,
                key=spec.key,
                attempt=spec.attempt,
                depth=head.birth.depth + 1,
                priority=spec.priority,
            )
            fresh.append(Head(birth, state=spec.state, version=1))
            known[spec.key, spec.attempt] = birth.id
        ids = [known[spec.key, spec.attempt] for spec in command.children]
        return tuple(fresh), replace(command, metadata={**command.metadata, "child_session_ids": ids})
