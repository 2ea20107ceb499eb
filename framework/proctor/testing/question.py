"""One call of a step's method under watch: what it answers, and what it must not do."""

import asyncio
import copy
from dataclasses import dataclass

from pydantic import BaseModel

from proctor.contracts.answers import flaw
from proctor.contracts.step import Step
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.scope import Scope
from proctor.domain.session import Session
from proctor.patience import Late, within
from proctor.testing.cancellation import cancelled_at, moments
from proctor.testing.kit import Hung, blame
from proctor.testing.witness import Seen, watched

CPU_S = 0.1
"""So much processor time a call may take; the best of three tries counts."""


CALL_S = 5.0
"""So long a call may take here. Steps decide; they wait for nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a question."""

    answer: object
    error: BaseException | None
    seen: Seen


@dataclass(frozen=True, slots=True)
class Question:
    """Asks a step for its command or, with a result, for its verdict; a new object of the step each time."""

    step: type[Step]
    options: BaseModel
    about: str
    """What the session or the result is like."""
    session: Session
    result: Result | None = None

    def __str__(self) -> str:
        return f"{'get_command' if self.result is None else 'handle_result'}, for {self.about},"

    async def ask(self, step: Step | None = None) -> Asked:
        """Ask it, a new object unless one is given, and see what else it does. Raises Hung."""
        answer, failure = None, None
        with watched() as seen:
            try:
                answer = await within(CALL_S, lambda: self._call(step or self.step()))
            except Late as late:
                raise Hung(f"{self} {late}.") from None
            except BaseException as error:  # a plugin may raise anything
                if (task := asyncio.current_task()) and task.cancelling():
                    raise
                failure = error
        return Asked(answer, failure, seen)

    async def check_answer(self) -> None:
        """See that it answers, and that the answer can be stored."""
        asked, kind = await self.ask(), Command if self.result is None else Outcome
        assert asked.error is None, f"{self} raised {blame(asked.error)}."
        answer = asked.answer
        assert isinstance(answer, kind), f"{self} gave {_short(answer)}, which is no {kind.__name__}."
        wrong = flaw(answer)
        assert wrong is None, f"What {self} gave cannot be stored: {wrong}."

    async def check_same(self) -> None:
        """See that the second answer is the first: of the same object, and of another."""
        step = self.step()
        first, second, third = [(await self.ask(each)).answer for each in (step, step, self.step())]
        assert first == second, f"{self} gave first {_short(first)} and then {_short(second)}."
        assert first == third, f"{self} gave {_short(first)}, and another object of the step {_short(third)}."

    async def check_idle(self) -> None:
        """See that nothing happened but the answer, and that what it was given is as it was."""
        before = copy.deepcopy((self.session, self.result, self.options))
        seen = (await self.ask()).seen
        assert not seen.deeds, f"{self} {seen.deeds[0]}."
        assert not seen.printed, f"{self} printed {seen.printed[:80]!r}; say it in the answer."
        for was, is_now in zip(before, (self.session, self.result, self.options), strict=True):
            assert was == is_now, f"{self} changed the {type(is_now).__name__} that it was given."

    async def check_quick(self) -> None:
        """See that it leaves the event loop to others."""
        spent = min([(await self.ask()).seen.cpu_s for _ in range(3)])
        assert spent <= CPU_S, (
            f"{self} took {spent:.2f} s; {CPU_S:g} are allowed. Let the command's program do the work."
        )

    async def check_cancellable(self) -> None:
        """See that it ends when it is cancelled, wherever it waits."""
        for moment in moments():
            try:
                reached, answer = await cancelled_at(self._call(self.step()), moment, CALL_S)
            except Late as late:
                raise Hung(f"{self} {late}.") from None
            except Exception:  # noqa: BLE001 # that it raises nothing is another rule
                return
            if not reached:
                return
            assert answer is None, f"{self} went on when it was cancelled at its wait number {moment + 1}."

    async def _call(self, step: Step) -> object:
        if self.result is None:
            return await step.get_command(Scope(), self.session, self.options)
        return await step.handle_result(Scope(), self.session, self.result, self.options)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
