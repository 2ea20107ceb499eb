"""The kit for steps."""

from collections.abc import Iterator
from typing import ClassVar

from proctor.contracts.conformity import Unfit, as_step
from proctor.contracts.step import Step
from proctor.contracts.wrapper import Wrapper
from proctor.domain.interaction import Command, Outcome, Result
from proctor.domain.json import EMPTY, JsonObject
from proctor.domain.session import Session
from proctor.domain.workflow import ANY, OK, PinnedWorkflow, Workflow
from proctor.errors import ProctorError
from proctor.registry import Registry
from proctor.testing.factories import a_session
from proctor.testing.hostile import any_results, any_sessions
from proctor.testing.kit import Kit, rule
from proctor.testing.options import check_options
from proctor.testing.placing import placed
from proctor.testing.question import Question


class StepContract(Kit):
    """Every rule for a step.

        class TestCheckLength(StepContract):
            step = CheckLength

            def result(self):
                return a_result(data={"report": {"test_a": 3}})

    Say which step it is, and what the executor of its command gives when all is well. Where the step needs more of a
    session than `a_session` gives, override `session` too.
    """

    page = "docs/testing.md#steps"
    step: ClassVar[type[Step]]
    options: ClassVar[JsonObject] = EMPTY
    """Settings to run it with, if not the defaults."""
    workflow: ClassVar[Workflow | None] = None
    """The step's workflow, if that is not installed."""
    has_session: ClassVar[bool] = True
    """False: nobody knows a session for it, and the rules that need one do not apply."""
    has_result: ClassVar[bool] = True
    """False: nobody knows what its command gives when all is well; only what goes wrong is judged."""

    def session(self) -> Session:
        """Give a session that has come to this step."""
        return a_session(self.step.workflow)

    def result(self) -> Result:
        """Give what the executor of its command gives when all is well."""
        return Result(OK)

    @rule()
    def test_it_is_what_the_entry_point_asks_for(self) -> None:
        """A step has a name of small letters, a workflow, a table from status to step, options and both methods."""
        plugin = self._plugin()
        name = f"{getattr(plugin, 'workflow', '?')}.{getattr(plugin, 'name', '?')}"
        try:
            as_step(name, plugin)
        except Unfit as error:
            raise AssertionError(f"{name} cannot be used: {error}.") from error

    @rule()
    def test_its_options_have_defaults(self) -> None:
        """Every option has a default, can be kept as JSON, and is described by a JSON schema."""
        check_options(self._plugin().Options, {})
        check_options(self._plugin().Options, self.options)

    @rule()
    def test_it_finds_its_place(self) -> None:
        """A step stands beside a step of its workflow, never after the last, and its table leads to steps there."""
        self._placed()

    @rule(when="has_session")
    async def test_get_command_answers_for_any_session(self) -> None:
        """get_command has an answer for every session: a Command that can be stored."""
        for question in self._commands():
            await question.check_answer()

    @rule(when="has_session")
    async def test_its_command_can_be_executed(self) -> None:
        """The command's kind is installed, its arguments fit that kind, and its workflow may have such children."""
        registry, workflow = Registry(), self._placed()
        for question in self._commands():
            command = (await question.ask()).answer
            if isinstance(command, Command):
                try:
                    registry.executor(command.kind).Arguments.model_validate(command.arguments)
                except (ProctorError, ValueError) as error:
                    raise AssertionError(f"{question} gave one of the kind {command.kind!r}: {error}") from error
                strange = sorted({child.workflow for child in command.children} - {*workflow.spawns})
                assert not strange, f"{question} gave children of {strange}, which {workflow.name} does not spawn."

    @rule(when="has_session")
    async def test_get_command_says_the_same_twice(self) -> None:
        """get_command may be asked more than once for one interaction, and then gives the same command."""
        for question in self._commands():
            await question.check_same()

    @rule(when="has_session")
    async def test_get_command_only_decides(self) -> None:
        """get_command makes a command and does nothing else: it writes, starts, prints and changes nothing."""
        for question in self._commands():
            await question.check_idle()

    @rule(when="has_session")
    async def test_handle_result_answers_for_any_result(self) -> None:
        """handle_result has an answer for every result, whatever its status and text: an Outcome that can be stored."""
        for question in self._verdicts():
            await question.check_answer()

    @rule(when="has_session")
    async def test_its_verdict_is_in_its_table(self) -> None:
        """The status that handle_result gives is one that the step's own table lists."""
        table = self._placed().steps[self.step.replaces or self.step.name].transitions
        for question in self._verdicts():
            outcome = (await question.ask()).answer
            if isinstance(outcome, Outcome) and ANY not in table:
                status, listed = outcome.result.status, ", ".join(table)
                assert status in table, f"{question} gave the status {status!r}; its table lists {listed}."

    @rule(when="has_session")
    async def test_handle_result_says_the_same_twice(self) -> None:
        """handle_result may be asked more than once for one result, and then gives the same outcome."""
        for question in self._verdicts():
            await question.check_same()

    @rule(when="has_session")
    async def test_handle_result_only_judges(self) -> None:
        """handle_result judges and does nothing else: it writes, starts, prints and changes nothing."""
        for question in self._verdicts():
            await question.check_idle()

    @rule(when="has_session")
    async def test_it_does_not_hold_up_others(self) -> None:
        """A call takes less than 0.1 s of processor time: the event loop belongs to all sessions."""
        for question in self._first():
            await question.check_quick()

    @rule(when="has_session")
    async def test_it_can_be_cancelled(self) -> None:
        """A call ends when it is cancelled, wherever it waits."""
        for question in self._first():
            await question.check_cancellable()

    def _plugin(self) -> type[Step | Wrapper]:
        """Give what is registered."""
        return self.step

    def _asked(self) -> type[Step]:
        """Give what is asked."""
        return self.step

    def _placed(self) -> PinnedWorkflow:
        try:
            return placed(self.step, Registry(), self.workflow)
        except ProctorError as error:
            raise AssertionError(str(error)) from error

    def _commands(self) -> Iterator[Question]:
        options = self._plugin().Options.model_validate(self.options)
        for about, session in any_sessions(self.session()):
            yield Question(self._asked(), options, about, session)

    def _verdicts(self) -> Iterator[Question]:
        step, options = self._asked(), self._plugin().Options.model_validate(self.options)
        given, good = self.session(), self.result()
        for about, result in any_results(good if self.has_result else None):
            yield Question(step, options, about, given, result)
        for about, session in any_sessions(given) if self.has_result else ():
            yield Question(step, options, about, session, good)

    def _first(self) -> Iterator[Question]:
        """Give one question of each kind."""
        yield next(self._commands())
        yield next(self._verdicts())
