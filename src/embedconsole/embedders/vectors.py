"""Replies are checked here first: what comes out of here may go into a collection."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from embedconsole.embedders.base import NOTHING_TO_EMBED, blank, combined_identity
from embedconsole.embedders.batching import Memo
from embedconsole.faults import BadAnswer, Fault, Refused
from embedconsole.items import Embedded, EmbedInput

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from embedconsole.config.types import Combine
    from embedconsole.embedders.base import Embedder
    from embedconsole.items import Vectors

    Vector = NDArray[np.float32]


_FLOAT_BYTES = 4


def checked(
    source: str, rows: Sequence[object], count: int, expected_size: int | None, *, proved: bool = False
) -> Embedded:
    """The vectors of a reply.

    Args:
        source: Who answered: "embedding service ml".
        rows: The reply's vectors in the order of the inputs: lists of numbers as JSON holds them, or bytes of
            little-endian float32.
        count: How many inputs there were.
        expected_size: Dimensions of the collection; None takes the size that most vectors have.
        proved: Whether vectors of the expected size came from there before: then one of another size is not
            the configuration's fault.

    Raises:
        BadAnswer: Not one vector an input, or no notification which of several sizes is right.
        Refused: No vector has the expected size.
    """
    if len(rows) != count:
        raise BadAnswer(source, f"answered {len(rows):,} vectors for {count:,} items")
    lengths = Counter(
        len(row) if isinstance(row, list) else len(row) // _FLOAT_BYTES
        for row in rows
        if isinstance(row, (list, bytes))
    )
    size = expected_size if expected_size is not None else _usual_size(source, lengths)
    if lengths and size not in lengths and not proved:
        wrong = lengths.most_common(1)[0][0]
        raise Refused(
            source,
            f"answers {wrong:,} dimensions, the collection has {size:,}",
            remedy="Correct the embedder's model or the collection's size, or re-index with the new size",
        )
    return _embedded(rows, size)


def is_usable(row: object, expected_size: int | None) -> bool:
    """Whether a single vector of a reply could go into a collection."""
    size = expected_size
    if size is None and isinstance(row, (list, bytes)):
        size = len(row) if isinstance(row, list) else len(row) // _FLOAT_BYTES
    return not _embedded([row], size or 0).rejected


def _usual_size(source: str, lengths: Counter[int]) -> int:
    if not lengths:
        return 0
    ranked = lengths.most_common(2)
    if len(ranked) == 2 and ranked[0][1] == ranked[1][1]:
        sizes = " and ".join(f"{size:,}" for size in sorted(size for size, _ in ranked))
        raise BadAnswer(source, f"answered vectors of different sizes ({sizes} dimensions)")
    return ranked[0][0]


def _embedded(rows: Sequence[object], size: int) -> Embedded:
    # struct packs a row of 512 numbers in 3 µs, a third of numpy's time, and takes no text for a number.
    packer = struct.Struct(f"={size}f")
    packed = bytearray(packer.size * len(rows))
    rejected: dict[int, str] = {}
    for index, row in enumerate(rows):
        reason = _pack(packer, packed, index, row, size)
        if reason is not None:
            rejected[index] = reason
    vectors = np.frombuffer(packed, dtype=np.float32).reshape(len(rows), size)
    for index, reason in _unusable(vectors, rows):
        rejected.setdefault(index, reason)
    if rejected:
        vectors[list(rejected)] = 0.0
    return Embedded(vectors, dict(sorted(rejected.items())), refused=frozenset(rejected))


def _pack(packer: struct.Struct, packed: bytearray, index: int, row: object, size: int) -> str | None:
    """Put a row's numbers in their place, or say why it can't be."""
    if row is None:
        return "its vector is null"
    if isinstance(row, bytes):
        return _copy(packed, index, row, size)
    if not isinstance(row, list):
        return "its vector is not a list of numbers"
    if len(row) != size:
        return f"its vector has {len(row):,} dimensions, expected {size:,}"
    if not row:
        return "its vector is empty"
    try:
        packer.pack_into(packed, index * packer.size, *row)
    except OverflowError:
        return "its vector has a number beyond float32"
    except struct.error:
        return "its vector has something that is not a number"
    return None


def _copy(packed: bytearray, index: int, row: bytes, size: int) -> str | None:
    if len(row) != size * _FLOAT_BYTES:
        return f"its vector has {len(row) / _FLOAT_BYTES:,g} dimensions, expected {size:,}"
    if not row:
        return "its vector is empty"
    numbers = np.frombuffer(row, dtype="<f4").astype(np.float32, copy=False)
    packed[index * len(row) : (index + 1) * len(row)] = numbers.tobytes()
    return None


def normalized(vectors: Vectors) -> Vectors:
    """The vectors at length 1; those that are all zeros stay."""
    # In double precision: the square of a float32 may be too small or too large for one.
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    unit: Vectors = (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return unit


def _unusable(vectors: Vectors, rows: Sequence[object]) -> list[tuple[int, str]]:
    """Index and reason of rows that are numbers, but no vector that can be searched."""
    if vectors.size == 0:
        return []
    with np.errstate(all="ignore"):
        squares = np.einsum("ij,ij->i", vectors, vectors)
    # One number that is not finite makes the sum of all squares so; few rows are worth the look at each.
    found = [
        (
            int(index),
            "its vector is too long for float32"
            if np.isfinite(vectors[index]).all()
            else "its vector has NaN or infinity in it",
        )
        for index in np.flatnonzero(~np.isfinite(squares))
    ]
    found += [(int(index), "its vector is all zeros") for index in np.flatnonzero(squares == 0.0)]
    # JSON's true packs as 1; only rows with such a number are worth the look at every type.
    suspects = np.flatnonzero(((vectors == 0.0) | (vectors == 1.0)).any(axis=1))
    for index in suspects.tolist():
        row = rows[index]
        if isinstance(row, list) and any(isinstance(number, bool) for number in row):
            found.append((index, "its vector has something that is not a number"))
    return found


_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Part:
    """The results for the texts of a call, or for its pictures, by place."""

    vectors: Mapping[int, Vector]
    rejected: Mapping[int, str] = field(default_factory=dict)
    postponed: frozenset[int] = frozenset()
    refused: frozenset[int] = frozenset()
    unasked: frozenset[int] = frozenset()
    requests: int = 0
    paid: int = 0


class CombinedEmbedder:
    """An embedder of texts and an embedder of pictures as one `Embedder`.

    Each part is brought to length 1. `mean` adds them up, and takes one alone where the other is missing;
    `concat` puts the picture behind the text, with zeros for what is missing. The result has length 1.

    Args:
        inner: Embeds texts and pictures into vectors of one size.
    """

    def __init__(self, inner: Embedder, how: Combine) -> None:
        self._inner = inner
        self._how = how
        self._paid: Memo[Vector] = Memo(_REMEMBERED)
        self.name = inner.name
        self.identity = combined_identity(inner.identity, how)
        self.batch_size = inner.batch_size
        self.concurrency = inner.concurrency
        # What is configured is the price of one input, and an item has two.
        self.price_per_1000 = None if inner.price_per_1000 is None else 2 * inner.price_per_1000

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Embed each input by its text, its picture, or both.

        Raises:
            Refused: its texts and pictures have different sizes.
        """
        texts = {
            place: EmbedInput(one.product_id, one.text, None, one.fields)
            for place, one in enumerate(inputs)
            if not blank(one.text)
        }
        pictures = {
            place: EmbedInput(one.product_id, None, one.image)
            for place, one in enumerate(inputs)
            if one.image
        }
        rejected = {
            place: NOTHING_TO_EMBED for place in range(len(inputs)) if place not in {*texts, *pictures}
        }
        parts: list[_Part] = []
        try:
            parts.append(await self._part(texts))
            unasked = parts[0].unasked
            parts.append(await self._part({at: one for at, one in pictures.items() if at not in unasked}))
        except Fault:
            self._keep(texts, parts, {*texts})
            raise
        for part in parts:
            rejected |= part.rejected
        postponed = parts[0].postponed | parts[1].postponed
        self._keep(texts, parts, postponed | parts[1].unasked)
        joined = self._joined(len(inputs), *(part.vectors for part in parts))
        joined[list(rejected)] = 0.0
        return Embedded(
            joined,
            dict(sorted(rejected.items())),
            requests=sum(part.requests for part in parts),
            postponed=postponed,
            refused=parts[0].refused | parts[1].refused,
            unasked=parts[0].unasked | parts[1].unasked,
            paid=ceil(sum(part.paid for part in parts) / 2),  # an item is two inputs, and priced as such
        )

    def _keep(self, texts: Mapping[int, EmbedInput], parts: Sequence[_Part], places: Collection[int]) -> None:
        """Remember texts that are paid for: another try of these places does not ask for them again."""
        for part in parts[:1]:
            self._paid.keep({texts[one].text: part.vectors[one] for one in places if one in part.vectors})

    async def _part(self, inputs: Mapping[int, EmbedInput]) -> _Part:
        known = {
            place: vector
            for place, one in inputs.items()
            if one.text is not None and (vector := self._paid.take(one.text)) is not None
        }
        places = [place for place in inputs if place not in known]
        if not places:
            return _Part(known)
        embedded = await self._inner.embed([inputs[place] for place in places])
        unit = normalized(embedded.vectors)
        fresh = {place: unit[index] for index, place in enumerate(places) if index not in embedded.rejected}
        return _Part(
            known | fresh,
            {places[index]: reason for index, reason in embedded.rejected.items()},
            frozenset(places[index] for index in embedded.postponed),
            frozenset(places[index] for index in embedded.refused),
            frozenset(places[index] for index in embedded.unasked),
            embedded.requests,
            embedded.usable if embedded.paid is None else embedded.paid,
        )

    def _joined(self, count: int, texts: Mapping[int, Vector], pictures: Mapping[int, Vector]) -> Vectors:
        sizes = {vector.size for part in (texts, pictures) for vector in part.values()}
        if len(sizes) > 1:
            raise Refused(
                f"embedder {self.name}",
                f"its texts and pictures have different sizes ({' and '.join(map(str, sorted(sizes)))})",
                remedy="Use a model in which they are comparable, or give each a vector of its own",
            )
        size = next(iter(sizes), 0)
        halves = np.zeros((2, count, size), dtype=np.float32)
        for half, part in zip(halves, (texts, pictures), strict=True):
            for place, vector in part.items():
                half[place] = vector
        return normalized(halves.sum(axis=0) if self._how == "mean" else np.concatenate(halves, axis=1))

    async def health(self) -> None:
        """Check both embedders."""
        await self._inner.health()

    async def aclose(self) -> None:
        """Close the inner one."""
        await self._inner.aclose()
