"""Writes the reference beside it, a page for each entry in pages.toml, from signatures and docstrings.

    python docs/reference/make.py

The source is read and not imported, so that docstrings of attributes, which Python forgets, are found too. The tables
of settings, on other pages, are written as well.
"""  # noqa: INP001 # a program that people start: no package

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import griffe
import settings
import spelling

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "framework"
FRONT_DOORS = ("proctor", "proctor.contracts", "proctor.testing")
NOTE = "Made by `python docs/reference/make.py` from the docstrings; [all names](README.md)."
HEAD = """# Reference

Every name that a plugin may meet, with its signature, its attributes and what is said of it. Made by
`python docs/reference/make.py` from the docstrings.

What stands here with a line that imports it is for plugins, and keeps to [the policy](../versions.md). Names without
one are met as values and types; where they are defined may change.
"""


@dataclass(frozen=True)
class Page:
    """One entry in pages.toml."""

    name: str
    title: str
    text: str
    names: list[str] = field(default_factory=list)
    group: str | None = None
    registered: str | None = None
    kit: str | None = None
    exports: str | None = None
    errors: str | None = None
    line: str | None = None
    """What the index says of it, if that is not `text`."""


class Reference:
    """All pages."""

    def __init__(self) -> None:
        self.package = griffe.load("proctor", search_paths=[SOURCE], allow_inspection=False)
        self.pages = [Page(**entry) for entry in tomllib.loads((HERE / "pages.toml").read_text("utf-8"))["page"]]

    @cached_property
    def objects(self) -> dict[str, list[griffe.Object]]:
        """Give what stands on each page."""
        return {page.name: [self.find(name) for name in self._names(page)] for page in self.pages}

    @cached_property
    def places(self) -> dict[str, str]:
        """Map the whole name of each object to the link that leads to it."""
        return {each.path: f"{page}.md#{each.name.lower()}" for page, all_ in self.objects.items() for each in all_}

    @cached_property
    def imports(self) -> dict[str, str]:
        """Map the whole name of what stands in a front door to the line that imports it; the first door wins."""
        found: dict[str, str] = {}
        for door in FRONT_DOORS:
            for name in self.exported(door):
                found.setdefault(self.find(f"{door}.{name}").path, f"from {door} import {name}")
        return found

    def find(self, name: str) -> griffe.Object:
        """Give the object of a whole name, where it is defined."""
        found = spelling.target(self.package[name.removeprefix("proctor.")] if "." in name else self.package)
        return found[found.name] if found.is_module and found.name in found.members else found  # both bear one name

    def exported(self, module: str) -> list[str]:
        """Give the names in a module's __all__."""
        return [str(name) for name in self.find(module).exports or ()]

    def files(self) -> dict[str, str]:
        """Give the content of every page by the name of its file."""
        return {"README.md": self._index(), **{f"{page.name}.md": self._page(page) for page in self.pages}}

    def _names(self, page: Page) -> list[str]:
        exported = self.exported(page.exports) if page.exports else []
        return [f"{page.exports}.{name}" for name in exported] + page.names

    def _index(self) -> str:
        pages = [(f"[{page.title}]({page.name}.md)", page.line or page.text) for page in self.pages]
        names = [(self._link(each.path), spelling.in_a_line(each)) for each in sorted(self._all(), key=_in_order)]
        titles = spelling.table(("page", "what it tells"), pages)
        return f"{HEAD}\n{titles}\n## All names\n\n{spelling.table(('name', 'what it is'), names)}"

    def _all(self) -> Iterator[griffe.Object]:
        for objects in self.objects.values():
            yield from objects

    def _page(self, page: Page) -> str:
        head = f"# {page.title}\n\n{page.text}\n\n{NOTE}\n"
        parts = [head, self._facts(page), *map(self._section, self.objects[page.name]), self._errors(page)]
        return "\n".join(part for part in parts if part)

    def _facts(self, page: Page) -> str:
        """Say how such a plugin is registered and tested."""
        facts: list[tuple[str, ...]] = []
        if page.group:
            version = spelling.value_of(self.objects[page.name][0].members["contract"])
            facts += [("entry-point group", f"`{page.group}`"), ("what is registered", page.registered or "")]
            facts += [("contract version", f"{version}, see [versions](../versions.md#contracts)")]
        if page.kit:
            facts += [("kit", self._link(self.find(f"proctor.testing.{page.kit}").path))]
        return spelling.table(("", ""), facts) if facts else ""

    def _section(self, each: griffe.Object) -> str:
        head = f"## {each.name}\n\n`{self._home(each.path)}`\n\n{self._declared(each)}"
        return "\n".join([head, *self._inside(each)]) if isinstance(each, griffe.Class) else head

    def _home(self, path: str) -> str:
        """Give the line that imports a name, if plugins may."""
        module, _, name = path.rpartition(".")
        public = re.match(r"proctor\.(contracts|errors)\b", module)
        return self.imports.get(path) or (f"from {module} import {name}" if public else path)

    def _declared(self, each: griffe.Object) -> str:
        """Give the declaration, the docstring and, of a function, links to the types that it names."""
        mark = "To be implemented. " if "abstractmethod" in each.labels else ""
        text = f"```python\n{spelling.declaration(each)}\n```\n{spelling.described(each, mark)}"
        if not isinstance(each, griffe.Function):
            return text
        names = spelling.names_in([*(argument.annotation for argument in each.parameters), each.returns])
        links = ", ".join(self._link(name) for name in names if name in self.places)
        return f"{text}\nTypes: {links}.\n" if links else text

    def _inside(self, each: griffe.Class) -> Iterator[str]:
        """Give what stands below a class: attributes, methods and, of a kit, rules."""
        members = [member for member in self._members(each) if not re.match("_|model_config$", member.name)]
        methods = [member for member in members if isinstance(member, griffe.Function)]
        rules = {method.name: applies for method in methods if (applies := spelling.condition(method))}
        if known := [self._link(base) for base in spelling.bases_of(each) if base in self.places]:
            yield f"What it inherits: {', '.join(known)}.\n"
        if attributes := [self._attribute(member) for member in members if member.is_attribute]:
            yield spelling.table(("attribute", "type", "default", "meaning"), attributes)
        for method in methods:
            if method.name not in rules:
                yield f"### {each.name}.{method.name}\n\n{self._declared(method)}"
        if rules:
            told = [(f"`{one.name}`", spelling.in_a_line(one), rules[one.name]) for one in methods if one.name in rules]
            yield spelling.table(("rule", "what it says", "if"), told)

    def _members(self, each: griffe.Class) -> list[griffe.Object]:
        """Give a class's own members, and those of bases of Proctor's that stand on no page."""
        found: dict[str, griffe.Object] = {}
        hidden = [base for base in each.mro() if base.path.startswith("proctor.") and base.path not in self.places]
        for one in (*reversed(hidden), each):
            found |= {name: spelling.target(member) for name, member in one.members.items()}
        return [*found.values()]

    def _attribute(self, each: griffe.Object) -> tuple[str, ...]:
        default = spelling.value_of(each) if "class-attribute" in each.labels else ""
        kind = self._type(spelling.type_of(each))
        return f"`{each.name}`", kind, f"`{default}`" if default else "", spelling.in_a_line(each)

    def _type(self, kind: str | griffe.Expr | None) -> str:
        if not isinstance(kind, griffe.Expr):
            return spelling.escaped(kind or "")
        return "".join(self._word(part) for part in kind.iterate(flat=True))

    def _word(self, part: str | griffe.Expr) -> str:
        if isinstance(part, griffe.ExprName) and part.canonical_path in self.places:
            return self._link(part.canonical_path)
        return spelling.escaped(str(part).replace("'", '"'))

    def _link(self, path: str) -> str:
        return f"[{path.rpartition('.')[2]}]({self.places[path]})"

    def _errors(self, page: Page) -> str:
        """List the classes that are only a name and a message."""
        members = self.find(page.errors).members.values() if page.errors else ()
        errors = [each for each in members if isinstance(each, griffe.Class) and each.path not in self.places]
        rows = [(f"`{each.name}`", _error_link(each.name), ", ".join(map(str, each.bases))) for each in errors]
        return f"## All errors\n\n{spelling.table(('class', 'code', 'kind of'), rows)}" if rows else ""


def _in_order(each: griffe.Object) -> str:
    return each.name.lower()


def _error_link(name: str) -> str:
    code = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return f"[`{code}`](../errors/{code}.md)"


def write(folder: Path = HERE) -> None:
    """Write the pages, and remove those that are none any more."""
    files = Reference().files()
    for old in {path.name for path in folder.glob("*.md")} - files.keys():
        (folder / old).unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
    settings.write()
