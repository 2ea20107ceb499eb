"""Where the names of an example come from: doctest looks in the module's own namespace, then in the builtins."""

import ast
import builtins
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from proctor_agents.doctests import Example
from proctor_agents.scope import Bindings, names_of
from proctor_agents.translation import UntranslatableError, as_local, expected_exception

_OF_EVERY_MODULE = {"__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__"}
# What the tests themselves use: an example that means something else by one of these cannot be translated.
RESERVED = frozenset({"capsys", "caught", "doctest", "matches", "pytest", "repr", "shown", "str", "type"})
_NEEDS_A_PERSON = {"input", "breakpoint", "help", "exit", "quit", "raw_input"}


@dataclass(slots=True)
class Resolution:
    """Resolves the names of one test, example by example; `shared` and `own` are the imports it came to need."""

    module: str
    bindings: Bindings
    later: frozenset[str]
    """Every name that the test binds somewhere: in a function it is a local variable from the start."""
    shared: set[str]
    own: list[str]
    _bound: set[str]
    _stars: list[str]

    @classmethod
    def of(cls, module: str, bindings: Bindings, examples: Sequence[Example]) -> "Resolution":
        """Prepare the resolution of one test's examples."""
        later: set[str] = set()
        for example in examples:
            try:
                later |= names_of(example.source).bound
            except SyntaxError:
                continue
        return cls(module, bindings, frozenset(later), set(), [], set(), [])

    def admit(self, example: Example) -> tuple[str, str | None]:
        """Resolve an example's names; return its code without star imports, and the exception it expects, as written.

        Raises UntranslatableError, and then changes nothing, if the example cannot run in a test.
        """
        before = set(self.shared), list(self.own), set(self._bound), list(self._stars)
        try:
            return self._admit(example)
        except UntranslatableError:
            self.shared, self.own, self._bound, self._stars = before
            raise

    def _admit(self, example: Example) -> tuple[str, str | None]:
        try:
            compile(example.source, "<example>", "exec", dont_inherit=True)
            names = names_of(example.source)
        except (SyntaxError, ValueError) as error:
            raise UntranslatableError("it is not valid Python code") from error
        if names.read & _NEEDS_A_PERSON - self._bound:
            raise UntranslatableError("it waits for somebody at the keyboard")
        if names.bound & RESERVED and not _only_imports(example.source):
            raise UntranslatableError("it binds a name that the tests use themselves")
        if (example.exception or "").startswith("NameError"):
            raise UntranslatableError("it shows that a name is missing, and names of tests are found elsewhere")
        source = as_local(self._without_stars(example.source))
        for name in sorted(names.read - self._bound):
            if not self._find(name) and name not in names.bound:
                raise UntranslatableError(f"the name {name} is not defined in the module or by an earlier example")
        self._bound |= names.bound
        return source, self._exception(example) if example.exception is not None else None

    def _find(self, name: str) -> bool:
        """Make a name of the module, the builtins or a star import available; say whether there is one."""
        here = name in self.bindings.surely
        if here and name not in self.later | RESERVED and not name.lower().startswith("test"):
            self.shared.add(name)
        elif here or name in self.bindings.perhaps or name in _OF_EVERY_MODULE:
            self._import(
                f"import {name}" if name in self.bindings.modules else f"from {self.module} import {name}", name
            )
        elif hasattr(builtins, name) and name != "_":
            if name in self.later:
                self._import(f"from builtins import {name}", name)
        elif origin := self._origin(name):
            self._import(origin, name)
        else:
            return False
        return True

    def _origin(self, name: str) -> str | None:
        """Guess the import that an author left out, from star imports, the package's names and the standard library."""
        parent, _, last = self.module.rpartition(".")
        if name == "_":
            return None
        if self._stars:
            return f"from {self._stars[-1]} import {name}"
        if name == self.module.partition(".")[0]:
            return f"import {name}" if name == self.module else f"import {self.module}"
        if name == last:
            return f"from {parent} import {last}"
        if self.bindings.open_ended:
            return f"from {self.module} import {name}"
        return f"import {name}" if name in sys.stdlib_module_names else None

    def _import(self, line: str, name: str) -> None:
        self.own.append(line)
        self._bound.add(name)

    def _without_stars(self, source: str) -> str:
        """Take star imports out of an example: a function cannot have them."""
        tree = ast.parse(source)
        stars = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"]
        future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        if not stars and not future:
            return source
        if len(tree.body) > 1:
            raise UntranslatableError("it has an import that only a module may have")
        self._stars += [node.module for node in stars if node.module and node.module != self.module]
        return ""

    def _exception(self, example: Example) -> str | None:
        dotted, _ = expected_exception(example)
        first, _, _ = dotted.partition(".")
        path, _, last = dotted.rpartition(".")
        if path and (first in self._bound or first in self.bindings.surely) and self._reach(first):
            return dotted
        if self._reach(last):
            return last
        if first in sys.stdlib_module_names | {self.module.partition(".")[0]} and path:
            self._import(f"import {path}", first)
            return dotted
        return None

    def _reach(self, name: str) -> bool:
        known = name in self.bindings.surely | self.bindings.perhaps or hasattr(builtins, name)
        return name in self._bound or (known and self._find(name))


def _only_imports(source: str) -> bool:
    return all(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(source).body)
