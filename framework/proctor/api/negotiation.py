"""Which media type an answer has, from what the request accepts."""

from functools import lru_cache

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENTS = "text/event-stream"
HTML = "text/html"


@lru_cache(maxsize=256)  # clients send the same few again and again
def preferred(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """Choose the offered type that is wanted most, the first of equals; None if none is accepted."""
    if not accept or not accept.strip():
        return offered[0]
    ranges = [_range(part) for part in accept.split(",")]
    best, weight = None, 0.0
    for candidate in offered:
        if (found := _weight(candidate, ranges)) > weight:
            best, weight = candidate, found
    return best


def _range(part: str) -> tuple[str, float]:
    """Read one media range and its weight."""
    media, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return media.lower(), float(value)
            except ValueError:
                return media.lower(), 0.0
    return media.lower(), 1.0


def _weight(candidate: str, ranges: list[tuple[str, float]]) -> float:
    """Give what the most specific range that covers the candidate weighs."""
    family = f"{candidate.partition('/')[0]}/*"
    for pattern in (candidate, family, "*/*"):
        weights = [weight for media, weight in ranges if media == pattern]
        if weights:
            return max(weights)
    return 0.0
