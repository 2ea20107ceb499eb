"""Copies of what a stranger is given, so that whatever it does to them harms nobody.

Only what can be changed is copied, and that is JSON. `copy.deepcopy` costs ten times as much: it also copies the frozen
values, and keeps account of everything it met.
"""

from copy import deepcopy
from dataclasses import replace
from types import NoneType
from typing import cast

from proctor.domain.interaction import Result
from proctor.domain.json import EMPTY, Json, JsonObject
from proctor.domain.scope import Scope
from proctor.domain.session import Session

PLAIN = (str, int, float, bool, NoneType)


def copied(value: Scope | Session | Result) -> Scope | Session | Result:
    """Give a value that shares nothing that can be changed, be it by force."""
    match value:
        case Session():
            return _session(value)
        case Result():
            return replace(value, data=_object(value.data), files={**value.files})
        case Scope():
            return replace(value)


def _session(session: Session) -> Session:
    return replace(
        session,
        state=_object(session.state),
        subject=_object(session.subject),
        children=tuple(
            replace(
                child, subject=_object(child.subject), product=None if child.product is None else _object(child.product)
            )
            for child in session.children
        ),
    )


def _object(value: JsonObject) -> JsonObject:
    return EMPTY if value is EMPTY else cast(JsonObject, _copy(value))


def _copy(value: Json) -> Json:
    if type(value) is dict:
        return {name: each if type(each) in PLAIN else _copy(each) for name, each in value.items()}
    if type(value) is list:
        return [each if type(each) in PLAIN else _copy(each) for each in value]
    return value if type(value) in PLAIN else deepcopy(value)
