"""What is wrong with an answer: nothing, or a sentence."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

KEYS = {"data", "errors", "extensions"}
OURS = ("internal_error", "proctor_error", "usage_error")
"""Codes of errors that no caller can have caused."""


def wrong_with(status: int, text: str, codes: Counter[str]) -> Iterator[str]:
    """Judge an answer over HTTP, and count the codes in it."""
    if status >= 500:
        yield f"status {status}"
    if "Traceback" in text:
        yield "a traceback"
    try:
        answer = json.loads(text)
    except ValueError:
        yield f"no JSON: {text[:200]}"
        return
    yield from wrong_with_result(answer, codes)


def wrong_with_result(answer: object, codes: Counter[str]) -> Iterator[str]:
    """Judge a GraphQL response, from whatever transport."""
    if not isinstance(answer, dict) or not answer or answer.keys() - KEYS:
        yield f"no GraphQL response: {str(answer)[:200]}"
        return
    if "errors" in answer:
        yield from _wrong_with_errors(answer["errors"], codes)
    elif not isinstance(answer.get("data"), dict):
        yield "neither data nor errors"
    codes.update(_outcomes(answer.get("data")))


def _wrong_with_errors(errors: object, codes: Counter[str]) -> Iterator[str]:
    if not isinstance(errors, list) or not errors:
        yield f"errors is no list of errors: {errors}"
        return
    for error in errors:
        code = (error.get("extensions") or {}).get("code")
        codes[str(code)] += 1
        if not isinstance(error.get("message"), str) or not error["message"]:
            yield f"an error without a message: {error}"
        if not isinstance(code, str):
            yield f"an error without a code: {error}"
        elif code in OURS:
            yield f"a fault of ours: {error}"


def _outcomes(data: object) -> Iterator[str]:
    for name, value in data.items() if isinstance(data, dict) else ():
        if isinstance(value, dict) and not name.startswith("__") and isinstance(value.get("fuzzed"), str):
            yield value["fuzzed"]


def is_refusal(answer: Any) -> bool:  # JSON
    """Tell whether everything that a mutation asked for was refused, not only the telling of what it did."""
    if not isinstance(answer, dict):
        return True
    is_told = any(type_.endswith("Success") for type_ in _outcomes(answer.get("data")))
    return not is_told and all(len(error.get("path") or ()) < 2 for error in answer.get("errors", ()))
