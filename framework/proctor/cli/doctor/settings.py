"""What `proctor doctor` looks at of the user's choices: settings, plugins, agents and the interpreter of the tests."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson

from proctor.app.order import active_environment
from proctor.cli.doctor.diagnosis import Diagnosis, Setup, Status
from proctor.cli.doctor.machine import answer
from proctor.cli.tree.product import mapping, text
from proctor.cli.wording import count
from proctor.config import AgentSettings
from proctor.errors import ProctorError
from proctor.registry import Registry
from proctor.settings_file import settings_file

OLDEST = (3, 9)
"""The first Python whose packages can be tested."""
_PROBE = """\
import json, platform
from importlib import metadata
def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
print(json.dumps({"python": platform.python_version(), "pytest": version("pytest"), "coverage": version("coverage")}))
"""


def settings(setup: Setup) -> Iterator[Diagnosis]:
    """See whether the settings can be read."""
    file = settings_file()
    if setup.invalid:
        yield Diagnosis("settings", "problem", setup.invalid, "Put it right; until then this is told of the defaults.")
    elif file.is_file():
        yield Diagnosis("settings", "ok", f"{file} is valid")
    else:
        yield Diagnosis("settings", "ok", f"there is no {file}; everything is as usual")


def plugins(setup: Setup) -> Iterator[Diagnosis]:
    """Load every plugin that may load, to find those that are broken or claim the same name."""
    registry = Registry(setup.settings.may_load())
    found = registry.plugins(check=True)
    broken = {f"{each.name} of {each.distribution} {each.version}: {each.error}" for each in found if each.error}
    for each in sorted(broken):
        yield Diagnosis("plugins", "problem", each, "Mend or uninstall it, or leave it out with `plugins.only`.")
    if not broken:
        distributions = dict.fromkeys(f"{each.distribution} {each.version}" for each in found)
        yield Diagnosis("plugins", "ok", f"{count(len(found), 'plugin')} of {', '.join(distributions)} can be loaded")


def agents(setup: Setup) -> Iterator[Diagnosis]:
    """See whether the agents of the settings can be made, and their commands be found."""
    registry, chosen = Registry(setup.settings.may_load()), setup.settings.agent
    known = {each.name for each in registry.plugins() if each.group == "proctor.agents"}
    if chosen not in known | setup.settings.agents.keys():
        remedy = f"Choose another one, or set [agents.{chosen}] in {settings_file()}."
        yield Diagnosis("agents", "problem", f"the agent {chosen!r} of the settings is not known", remedy)
    named = {**({chosen: AgentSettings(plugin=chosen)} if chosen in known else {}), **setup.settings.agents}
    for name, agent in named.items():
        problem = _unusable(registry, agent)
        used = ", asked unless a run names another" if name == chosen else ""
        if problem:
            status: Status = "problem" if name == chosen else "warning"
            remedy = f"Put [agents.{name}] of {settings_file()} right."
            yield Diagnosis("agents", status, f"{name}{used}: {problem}", remedy)
        else:
            yield Diagnosis("agents", "ok", f"{name}{used}")


def interpreter(setup: Setup) -> Iterator[Diagnosis]:
    """Find what would run the tests of the repository that the user is in, and what it has."""
    candidates = [*_candidates(setup)]
    known = ((each, said) for each in candidates if (said := answer([each, "-c", _PROBE], Path("/"))))
    executable, said = next(known, (candidates[0], ""))
    try:
        facts = mapping(orjson.loads(said))
    except orjson.JSONDecodeError:
        told = f"{executable} is no Python that can be started"
        yield Diagnosis("interpreter", "problem", told, "Name another one with --python or PROCTOR_PYTHON.")
        return
    version, pytest, coverage = (text(facts.get(name)) for name in ("python", "pytest", "coverage"))
    told = f"Python {version} ({executable}), {f'pytest {pytest}' if pytest else 'no pytest'}"
    if tuple(map(int, (version or "0.0").split(".")[:2])) < OLDEST:
        yield Diagnosis("interpreter", "problem", f"{told}: it is too old", "Name one of 3.9 or newer with --python.")
    elif not pytest:
        yield Diagnosis("interpreter", "problem", told, f"{executable} -m pip install pytest, or name another one.")
    else:
        yield Diagnosis("interpreter", "ok", f"{told}, {f'coverage {coverage}' if coverage else 'our own coverage'}")


def _candidates(setup: Setup) -> Iterator[str]:
    """Give what a run tries, in that order: what is named, else the active environment, the repository's, our own."""
    if named := setup.settings.python:
        yield str(Path(named).expanduser().absolute()) if "/" in named else named
        return
    top = answer(["git", "rev-parse", "--show-toplevel"], setup.folder)
    homes = [Path(home)] if (home := active_environment()) else []
    homes += [Path(top) / name for name in (".venv", "venv")] if top else []
    yield from (str(home / "bin" / "python") for home in homes)
    yield sys.executable


def _unusable(registry: Registry, agent: AgentSettings) -> str | None:
    """Say why an agent cannot be used."""
    try:
        options = registry.agent(agent.plugin).Options.model_validate(agent.options())
    except ProctorError as error:
        return str(error)
    except ValueError as error:
        return " ".join(str(error).split())
    argv = getattr(options, "argv", None)
    command = argv[0] if isinstance(argv, list) and argv and isinstance(argv[0], str) else None
    return f"the command {command} cannot be found" if command and shutil.which(command) is None else None
