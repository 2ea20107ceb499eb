"""The first version of a plugin: from its name to a folder with a distribution."""

import keyword
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from textwrap import fill

import proctor
from proctor.scaffold.choices import Kind
from proctor.scaffold.place import Place

NAME = re.compile(r"[a-z]+(_[a-z]+)*")
"""What a plugin of one's own may be called: small letters, and underscores between them."""
SUFFIX = ".txt"
"""What the templates bear behind their names, so that no tool takes them for code of ours."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A plugin that is to be written."""

    kind: Kind
    name: str
    place: Place | None = None
    """Of a step: where it stands."""

    @property
    def distribution(self) -> str:
        """Give the name under which pip knows it."""
        return f"proctor-{self.name.replace('_', '-')}"

    @property
    def module(self) -> str:
        """Give the name under which Python imports it."""
        return f"proctor_{self.name}"

    @property
    def class_name(self) -> str:
        """Give the name of its class: such a one as stands in nobody's way."""
        name = "".join(word.capitalize() for word in self.name.split("_"))
        suffix = self.kind.capitalize()
        wanted = self.kind in ("agent", "executor") and not name.endswith(suffix)
        return name + suffix if wanted or name in proctor.__all__ or keyword.iskeyword(name) else name

    @property
    def entry_points(self) -> Mapping[str, Mapping[str, str]]:
        """Give what it registers: group -> name -> where it is found."""
        if self.kind == "workflow":
            steps = {f"{self.name}.ask": f"{self.module}:Ask", f"{self.name}.answer": f"{self.module}:Answer"}
            return {"proctor.workflows": {self.name: f"{self.module}:WORKFLOW"}, "proctor.steps": steps}
        name = f"{self.place.workflow.name}.{self.name}" if self.place else self.name
        return {f"proctor.{self.kind}s": {name: f"{self.module}:{self.class_name}"}}

    @property
    def plugin(self) -> str:
        """Give the name under which it is registered; of a workflow, its own, not those of its steps."""
        return next(iter(self.entry_points[f"proctor.{self.kind}s"]))

    def files(self) -> Mapping[str, str]:
        """Give the files of the distribution: name -> text."""
        template, facts = self._template(), self._facts()
        sources = {
            "pyproject.toml": "pyproject.toml",
            f"{self.module}.py": f"{template}/module.py",
            f"test_{self.name}.py": f"{template}/test.py",
            "README.md": "README.md",
        }
        return {name: _read(source).substitute(facts) for name, source in sources.items()}

    def write(self, folder: Path) -> None:
        """Make the folder with all files, or nothing. Raises FileExistsError, or another OSError."""
        if folder.exists():
            raise FileExistsError(folder)
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            made = stage / folder.name
            made.mkdir()
            for name, text in self.files().items():
                (made / name).write_text(text, encoding="utf-8")
            made.rename(folder)
        finally:
            shutil.rmtree(stage, ignore_errors=True)

    @property
    def advice(self) -> str:
        """Say how it is used, or what to bear in mind where it stands; nothing if that goes without saying."""
        if self.kind == "executor":
            command = f'Command("{self.name}", {{"glob": "*.py"}}, workspace)'
            return f"A step uses it with the command `{command}`, and finds the number in `result.data`."
        if self.place is None or self.place.relation != "replaces":
            return ""
        return (
            f"It is called {self.place.anchor} by all others, and does what that did until you change it. "
            "Keep the statuses, and what it puts into the state: other steps rely on them."
        )

    def _template(self) -> str:
        if self.place is None:
            return self.kind
        if self.place.relation == "wraps":
            return "wrapper"
        if self.place.relation == "replaces" and self.place.code:
            return "replacement"
        return "check" if self.place.is_among_checks() else "step"

    def _facts(self) -> Mapping[str, str]:
        return {
            "name": self.name,
            "plugin": self.plugin,
            "distribution": self.distribution,
            "module": self.module,
            "class_name": self.class_name,
            "title": f"{'An' if self.kind[0] in 'ae' else 'A'} {self.kind}",
            "entry_points": "\n".join(self._keys()),
            "workflow": self.place.workflow.name if self.place else "",
            "relation": self.place.relation if self.place else "",
            "anchor": self.place.anchor if self.place else "",
            "advice": f"\n{fill(self.advice, 100)}\n" if self.advice else "",
            **self._replaced(),
        }

    def _replaced(self) -> Mapping[str, str]:
        module, _, attribute = (self.place.code if self.place else "").partition(":")
        owners = dict.fromkeys(["proctor", self.place.distribution if self.place else "proctor"])
        return {
            "replaced_module": module.strip(),
            "replaced_class": attribute.strip(),
            "replaced_import": attribute.strip().partition(".")[0],
            "dependencies": ", ".join(f'"{each}"' for each in owners),
        }

    def _keys(self) -> Iterator[str]:
        for group, names in self.entry_points.items():
            for name, value in names.items():
                yield f'entry-points."{group}"."{name}" = "{value}"'


def _read(name: str) -> Template:
    return Template((files("proctor.scaffold") / "templates" / f"{name}{SUFFIX}").read_text(encoding="utf-8"))
