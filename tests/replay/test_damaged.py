"""A history that was damaged is refused, or decided once more: it never ends in an error of ours."""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from proctor.history import Unreadable, read, replay
from proctor.registry import Registry

FILES = sorted((Path(__file__).parent / "histories").glob("*.json"))
MUTATIONS = 20
"""Of each history."""
ODD: tuple[object, ...] = (None, 0, -1, 99, "", "other", [], {}, True, 1.5)


def containers(value: Any) -> Iterator[Any]:
    """Give every object and array that holds something."""
    if isinstance(value, dict | list) and value:
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from containers(item)


def damage(document: Any, chance: random.Random) -> None:
    """Take something out, put something else in its place, double it, or let two change places."""
    part = document["entries"] if chance.random() < 0.4 else chance.choice([*containers(document)])
    places = [*part] if isinstance(part, dict) else range(len(part))
    one, other = chance.choice(places), chance.choice(places)
    match chance.randrange(4):
        case 0:
            del part[one]
        case 1:
            part[one] = chance.choice(ODD)
        case 2:
            part[one], part[other] = part[other], part[one]
        case _:
            part[one] = part[other]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_damaged_history_is_refused_or_decided_once_more(file: Path) -> None:
    registry, whole = Registry(), file.read_bytes()  # noqa: ASYNC240 # nothing else goes on
    for seed in range(MUTATIONS):
        document = orjson.loads(whole)
        chance = random.Random(f"{file.stem} {seed}")  # it guards nothing
        for _ in range(chance.choice((1, 1, 3))):
            damage(document, chance)
        with suppress(Unreadable):
            await replay(read(orjson.dumps(document)), registry)


def entry(document: Any, kind: str) -> Any:
    return next(each for each in document["entries"] if each["kind"] == kind)


def none(document: Any) -> None:
    entry(document, "interaction_started")["sequence"] = 0


def twice(document: Any) -> None:
    document["entries"].append(dict(entry(document, "interaction_completed")))


def early(document: Any) -> None:
    document["entries"].insert(1, dict(entry(document, "interaction_completed")))


def born_twice(document: Any) -> None:
    document["entries"].append(dict(document["entries"][0]))


def strange_line(document: Any) -> None:
    document["workflows"][0]["main"][0] = "other"


def no_line(document: Any) -> None:
    document["workflows"][0]["main"] = []


def strange_step(document: Any) -> None:
    document["sessions"][0]["interactions"][0]["command"]["step"] = "other"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (none, "interaction 0 .* is started out of turn"),
        (twice, "is completed out of turn"),
        (early, "is completed out of turn"),
        (born_twice, "created twice"),
        (strange_line, "has no step other"),
        (no_line, "has no step at all"),
        (strange_step, "has no step other"),
    ],
)
def test_what_contradicts_itself_is_refused(spoil: Callable[[Any], None], says: str) -> None:
    document = orjson.loads(FILES[1].read_bytes())
    spoil(document)
    with pytest.raises(Unreadable, match=f"it is damaged: .*{says}"):
        read(orjson.dumps(document))
