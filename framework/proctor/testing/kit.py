"""What all kits are made of: rules, and what is said when one is broken.

A rule is a method whose docstring states it in a sentence. pytest collects it as a test of the author's subclass;
`Kit.broken` runs it without pytest. A rule may be async: it gets an event loop of its own, so that nothing has to be
configured in the author's project.
"""

import asyncio
import inspect
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from proctor.contracts.answers import line_of
from proctor.patience import Late, within
from proctor.restraint import staying

SECONDS = 60.0
"""How long an async rule may take."""


class Hung(AssertionError):
    """A plugin's call did not come back."""


class RuleBroken(AssertionError):
    """A plugin breaks a rule of its contract."""

    __module__ = "proctor.testing"

    def __init__(self, rule: str, reason: str, page: str, *, hung: bool = False) -> None:
        super().__init__(f"{rule}\n{reason}\nMore on this: {page}")
        self.rule = rule
        """The sentence."""
        self.reason = reason
        """What was seen."""
        self.page = page
        """Where the rule is documented."""
        self.hung = hung
        """The plugin did not come back: another rule would wait as long."""


class Kit:
    """The base of all kits. Each rule gets a new object of the class, and an empty folder that is removed after."""

    page: ClassVar[str] = "docs/testing.md"
    """Where the rules are documented."""
    folder: Path
    """An empty folder for this rule alone."""

    _promises: ClassVar[dict[str, "Promise"]] = {}
    """The rules of this class alone, by name."""
    _taken_out: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        """Take those rules out of the class that need what it says it cannot do."""
        super().__init_subclass__()
        cls._promises = {name: made for name, made in vars(cls).items() if isinstance(made, Promise)}
        rules = _rules_of(cls)
        out = frozenset(name for name, made in rules.items() if made.when is not None and not cls.can(made.when))
        for name in out | cls._taken_out | cls._promises.keys():
            setattr(cls, name, None if name in out else rules[name].test())
        cls._taken_out = out

    @classmethod
    def can(cls, capability: str) -> bool:
        """Tell whether rules that need this capability apply: the class attribute of that name."""
        return bool(getattr(cls, capability))

    @classmethod
    def rules(cls) -> list[str]:
        """Name the rules that apply, in the order in which they are written."""
        return [name for name in _rules_of(cls) if callable(getattr(cls, name))]

    @classmethod
    def broken(cls) -> Iterator[RuleBroken]:
        """Try every rule that applies, and give those that are broken. One that hangs is the last that is tried."""
        for name in cls.rules():
            try:
                getattr(cls(), name)()
            except RuleBroken as broken:
                yield broken
                if broken.hung:
                    return

    async def keep(self, promise: Callable[[], Awaitable[None]]) -> None:
        """Run an async rule. A kit may prepare something before, and put it away after."""
        await promise()


@dataclass(frozen=True, slots=True)
class Promise:
    """A rule as it was written."""

    keep: Callable[..., Awaitable[None] | None]
    when: str | None
    """The capability without which it does not apply."""

    def test(self) -> Callable[[Kit], None]:
        """Give the method that tries it."""
        sentence = inspect.cleandoc(self.keep.__doc__ or self.keep.__name__)

        def test(kit: Kit) -> None:
            __tracebackhide__ = True
            error = _error(kit, partial(self.keep, kit))
            if error is not None:
                raise RuleBroken(sentence, _reason(error), kit.page, hung=isinstance(error, Hung | Late))

        test.__name__, test.__qualname__ = self.keep.__name__, self.keep.__qualname__
        test.__module__, test.__doc__ = self.keep.__module__, sentence
        return test


def rule(*, when: str | None = None) -> Callable[[Callable[..., Awaitable[None] | None]], Promise]:
    """Make a method a rule; `when` names the capability without which it does not apply."""
    return lambda keep: Promise(keep, when)


def _error(kit: Kit, promise: Callable[[], Awaitable[None] | None]) -> BaseException | None:
    """Give what is raised where a promise is not kept; None if it is."""
    with tempfile.TemporaryDirectory(prefix="proctor-kit-") as folder, staying():
        kit.folder = Path(folder).resolve()
        try:
            if inspect.iscoroutinefunction(promise):
                asyncio.run(within(SECONDS, lambda: kit.keep(promise)))
            else:
                promise()
        except BaseException as error:  # a plugin may raise anything
            if isinstance(error, KeyboardInterrupt) or _is_pytests(error):
                raise
            return error
    return None


def _reason(error: BaseException) -> str:
    match error:
        case AssertionError():
            return str(error) or f"It does not hold ({_place(error)})."
        case Late():
            return f"It {error}."
        case _:
            return f"It raised {blame(error)}."


def _is_pytests(error: BaseException) -> bool:
    """Tell whether this is how pytest skips or ends a test, which is no business of a plugin."""
    return any(kind.__name__ == "OutcomeException" for kind in type(error).__mro__)


def blame(error: BaseException) -> str:
    """Say what was raised, and where."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]} ({_place(error)})"


def _place(error: BaseException) -> str:
    """Name the innermost line of the plugin's own, else the innermost of all."""
    frames = traceback.extract_tb(error.__traceback__)
    innermost = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    return line_of(frames).removeprefix(", at ") or innermost


def _rules_of(kit: type[Kit]) -> dict[str, Promise]:
    """Find the rules of a kit and of those that it is made of."""
    found: dict[str, Promise] = {}
    for each in reversed(kit.__mro__):
        found.update(vars(each).get("_promises", {}))
    return found
