"""The programs that travel with a command, as its inputs."""

from functools import cache
from importlib.resources import files

from pydantic import BaseModel

ARGUMENTS = "arguments.json"

_PYTEST = ("pytest_run", "pytest_report", "proctor_coverage")
_PARTS = {
    "survey": ("survey", "package", "layout", "notices", "probe", "outline", "entry", "imports", "target", *_PYTEST),
    "component": ("component", "outline", "entry", "target"),
    "check": ("check", "assertions", "target", *_PYTEST),
    "drop": ("drop", "target"),
    "verify": ("verify", "drop", "target", *_PYTEST),
}


def argv(name: str) -> tuple[str, ...]:
    """Return how a program is started."""
    return ("{proctor_python}", f"{{inputs}}/{name}.py", f"{{inputs}}/{ARGUMENTS}")


def inputs(name: str, values: BaseModel) -> dict[str, str]:
    """Return everything that a program needs beside it, its arguments included: file name -> text."""
    return {**program(*_PARTS[name]), ARGUMENTS: arguments(values)}


def program(*names: str) -> dict[str, str]:
    """Return the texts of these programs: file name -> text."""
    return {f"{name}.py": _text(name) for name in names}


def arguments(values: BaseModel) -> str:
    """Return the text of a program's arguments."""
    return values.model_dump_json()


@cache
def _text(name: str) -> str:
    return files("proctor_python").joinpath("programs", f"{name}.py").read_text(encoding="utf-8")
