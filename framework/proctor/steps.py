"""Asks steps for their commands and verdicts.

A step is somebody's plugin: it may raise, hang or answer nonsense. Whatever it does becomes a value here: a command,
an outcome, or a `Fault` that names the plugin, its distribution and what went wrong.
"""

import asyncio
import json
import traceback
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

import orjson
from pydantic import BaseModel

from proctor.contracts.step import Step
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.json import JsonObject
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.domain.workflow import FAULT, PinnedStep, PinnedWorkflow
from proctor.registry import Registry

SECONDS = 30.0
"""How long a step may take to make a command or to judge a result. Steps decide; they do not act."""

PRODUCT_BYTES = 64 * 1024

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Fault:
    """A plugin did not do its part."""

    message: str

    def outcome(self) -> Outcome:
        """Give the verdict that takes the place of the plugin's."""
        return Outcome(Result(FAULT, error_message=self.message))


class Steps:
    """The steps of all pinned workflows, ready to be asked."""

    def __init__(self, registry: Registry, *, seconds: float = SECONDS) -> None:
        self._registry = registry
        self._seconds = seconds
        self._ready: dict[tuple[str, str, int], tuple[Step, BaseModel]] = {}

    async def command(self, scope: Scope, workflow: PinnedWorkflow, step: str, session: Session) -> Command | Fault:
        """Ask `step` what has to be done now. Raises PluginMissing, PluginBroken or PluginClash."""
        pinned = workflow.steps[step]
        plugin, options = self._load(workflow, pinned)
        return await self._ask(pinned, "get_command", Command, plugin.get_command(scope, session, options))

    async def outcome(
        self, scope: Scope, workflow: PinnedWorkflow, step: str, session: Session, result: Result
    ) -> Outcome:
        """Ask `step` to judge `result`; a fault of the plugin is a verdict too."""
        pinned = workflow.steps[step]
        plugin, options = self._load(workflow, pinned)
        verdict = await self._ask(
            pinned, "handle_result", Outcome, plugin.handle_result(scope, session, result, options)
        )
        if isinstance(verdict, Outcome):
            verdict = _checked(pinned, verdict)
        return verdict.outcome() if isinstance(verdict, Fault) else verdict

    def _load(self, workflow: PinnedWorkflow, pinned: PinnedStep) -> tuple[Step, BaseModel]:
        key = (workflow.name, pinned.name, id(pinned))
        if key not in self._ready:
            plugin = self._registry.step(workflow.name, pinned.name)
            self._ready[key] = plugin, plugin.Options.model_validate(pinned.options)
        return self._ready[key]

    async def _ask(
        self, pinned: PinnedStep, method: str, kind: type[Answer], answer: Awaitable[Answer]
    ) -> Answer | Fault:
        try:
            async with asyncio.timeout(self._seconds):
                value = await answer
        except TimeoutError:
            return Fault(f"{_named(pinned)}: {method} did not answer within {self._seconds:g} s")
        except (Exception, SystemExit) as error:  # noqa: BLE001 # a plugin may raise anything
            where = "".join(traceback.format_exception(error)[-2:]).strip()
            return Fault(f"{_named(pinned)}: {method} raised {type(error).__name__}: {error}\n{where}"[:4000])
        if not isinstance(value, kind):
            return Fault(f"{_named(pinned)}: {method} gave {type(value).__name__} where {kind.__name__} was expected")
        return value


def _checked(pinned: PinnedStep, verdict: Outcome) -> Outcome | Fault:
    """Refuse what cannot be stored: nothing but JSON may be remembered, and no more than a parent can take."""
    try:
        size = _size(verdict.product)
        _size(verdict.state)
    except (TypeError, ValueError, RecursionError) as error:
        return Fault(f"{_named(pinned)}: what it wants to be remembered is not JSON: {error}")
    if size > PRODUCT_BYTES:
        return Fault(f"{_named(pinned)}: its product is larger than {PRODUCT_BYTES // 1024} KiB")
    return verdict


def _size(value: JsonObject | None) -> int:
    try:
        return len(orjson.dumps(value))
    except TypeError:  # orjson is strict about text; what cannot be stored of it is replaced later
        return len(json.dumps(value))


def _named(pinned: PinnedStep) -> str:
    return f"step {pinned.name} of {pinned.distribution} {pinned.version}".rstrip()
