"""Tells whether an object is what its entry-point group asks for, before anything is done with it.

Each function takes the entry point's name and the loaded object, and gives it back with its type, or raises Unfit.
"""

import re
from abc import ABCMeta
from collections.abc import Mapping

from pydantic import BaseModel

from proctor.contracts.agent import Agent
from proctor.contracts.answers import told
from proctor.contracts.engine import Engine
from proctor.contracts.executor import Executor
from proctor.contracts.step import Step
from proctor.contracts.version import CONTRACTS
from proctor.contracts.wrapper import Wrapper
from proctor.domain.workflow import Workflow


class Unfit(Exception):
    """The object does not keep its group's contract; the text says in what."""


def as_workflow(name: str, value: object) -> Workflow:
    """Check the value of an entry point in `proctor.workflows`."""
    if not isinstance(value, Workflow):
        raise Unfit(f"it is of type {type(value).__name__}, not Workflow")
    if value.name != name:
        raise Unfit(f"it calls itself {value.name}")
    _check_contract(value.contract)
    return value


def as_step(name: str, value: object) -> Step | Wrapper:
    """Check a class of `proctor.steps`, whose entry point is `<workflow>.<name>`, and make the one object of it."""
    if not (isinstance(value, type) and issubclass(value, Step | Wrapper)):
        raise Unfit("it is no subclass of Step or Wrapper")
    _check_contract(value.contract)
    own_name = f"{getattr(value, 'workflow', '?')}.{getattr(value, 'name', '?')}"
    if own_name != name:
        raise Unfit(f"it calls itself {own_name}")
    if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name):
        raise Unfit("its name may consist of small letters and underscores only")
    if issubclass(value, Wrapper) and not isinstance(getattr(value, "wraps", None), str):
        raise Unfit("it does not say which step it wraps")
    for place in ("after", "before", "replaces"):
        if not isinstance(getattr(value, place, None), str | None):
            raise Unfit(f"its `{place}` is not the name of a step")
    if issubclass(value, Step) and not _maps_text(value.transitions):
        raise Unfit("its transitions do not map the names of statuses to the names of steps")
    _check_model(value, "Options")
    _check_defaults(value.Options)
    _check_methods(value)
    return value()


def as_agent(_name: str, value: object) -> type[Agent]:
    """Check a class of `proctor.agents`."""
    if not (isinstance(value, type) and issubclass(value, Agent)):
        raise Unfit("it is no subclass of Agent")
    _check_contract(value.contract)
    _check_model(value, "Options")
    _check_methods(value)
    return value


def as_executor(_name: str, value: object) -> type[Executor]:
    """Check a class of `proctor.executors`."""
    if not (isinstance(value, type) and issubclass(value, Executor)):
        raise Unfit("it is no subclass of Executor")
    _check_contract(value.contract)
    _check_model(value, "Arguments")
    _check_model(value, "Data")
    _check_methods(value)
    return value


def as_engine(_name: str, value: object) -> type[Engine]:
    """Check a class of `proctor.engines`."""
    if not (isinstance(value, type) and issubclass(value, Engine)):
        raise Unfit("it is no subclass of Engine")
    _check_contract(value.contract)
    _check_methods(value)
    return value


def _check_contract(version: object) -> None:
    if type(version) is not int or version not in CONTRACTS:
        known = " and ".join(map(str, CONTRACTS))
        raise Unfit(f"it was written for version {version} of the plugin contracts, and this Proctor keeps {known}")


def _check_methods(value: ABCMeta) -> None:
    if missing := sorted(value.__abstractmethods__):
        raise Unfit(f"it does not implement {', '.join(missing)}")


def _check_model(value: type, attribute: str) -> None:
    model = getattr(value, attribute, None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise Unfit(f"its {attribute} is no pydantic model")


def _check_defaults(model: type[BaseModel]) -> None:
    """Look whether the options can be had without anything set, and be stored: every session pins them."""
    try:
        model.model_validate(model().model_dump(mode="json", warnings=False))
    except Exception as error:
        text = f"{type(error).__name__}: {told(error)}"
        raise Unfit(f"its Options do not keep to defaults that can be stored as JSON: {text}") from error


def _maps_text(value: object) -> bool:
    pairs = value.items() if isinstance(value, Mapping) else [(None, None)]
    return all(isinstance(text, str) for pair in pairs for text in pair)
