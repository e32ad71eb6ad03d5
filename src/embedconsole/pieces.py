"""A sequence cut into pieces that are bounded by their count and by the bytes they weigh together."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")


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
