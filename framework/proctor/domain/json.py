"""JSON values, as types."""

from collections.abc import Mapping, Sequence
from typing import Never, NoReturn, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]


class _Empty(dict[str, Never]):
    """An empty mapping that may stand as a default: a dataclass takes none that cannot be hashed."""

    def __hash__(self) -> int:  # type: ignore[override] # a dict has none, as it could be filled; this one cannot
        return 0

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("this mapping stays empty; make one of your own")

    __setitem__ = __ior__ = setdefault = update = _refuse


EMPTY: Mapping[str, Never] = _Empty()
"""No entries, whatever their type would be."""
