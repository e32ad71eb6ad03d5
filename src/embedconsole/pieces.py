"""A sequence cut into pieces that are bounded by their count, or by the bytes they weigh together."""

from __future__ import annotations

from itertools import chain, islice
from sys import getsizeof
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

_STEP = 4
_MEMORY = 0.8
"""How much of an earlier weight still counts once lighter values were seen."""


def weight_of(rows: Iterable[Iterable[object]]) -> int:
    """The bytes that the values of rows take in memory; what is nested in them is not counted."""
    return sum(map(getsizeof, chain.from_iterable(rows)))


class Estimate:
    """How many values of a kind fit into so many bytes, learned from those that were seen.

    Begins with one, and goes up by steps: the first ones say little about the next.
    """

    def __init__(self) -> None:
        self._each = 0.0
        self._most = 0

    @property
    def known(self) -> bool:
        """Whether any value was seen."""
        return self._most > 0

    def count(self, limit: int) -> int:
        """How many values to ask for."""
        return max(1, min(self._most * _STEP, int(limit / max(self._each, 1.0))))

    def weight(self, count: int) -> int:
        """The estimated size of so many values; 0 until one was seen."""
        return int(self._each * count)

    def saw(self, count: int, weight: int) -> None:
        """Note that so many values weighed so much."""
        if count:
            self._each = max(weight / count, self._each * _MEMORY)
            self._most = max(self._most, count)


def portions(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of the values in order, each of at most `size` of them."""
    iterator = iter(values)
    while portion := list(islice(iterator, size)):
        yield portion


def pieces(
    values: Iterable[T], limit: int, weight: Callable[[T], int], *, count: int | None = None
) -> Iterator[list[T]]:
    """Lists of the values in order, each of at most `limit` bytes; a value that weighs more is alone.

    Args:
        values: Read one ahead of what is yielded.
        weight: The bytes of a value.
        count: Values in a list, at most; None bounds only their weight.
    """
    piece: list[T] = []
    room = limit
    for value in values:
        weighs = weight(value)
        if piece and (weighs > room or len(piece) == count):
            yield piece
            piece, room = [], limit
        piece.append(value)
        room -= weighs
    if piece:
        yield piece
