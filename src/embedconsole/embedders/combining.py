"""Text and picture of an item, embedded one by one by the same model, as one vector."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from embedconsole.embedders.identity import combined_identity
from embedconsole.embedders.memo import Memo
from embedconsole.embedders.remote import NOTHING_TO_EMBED, blank
from embedconsole.embedders.vectors import normalized
from embedconsole.faults import Fault, Refused
from embedconsole.items import Embedded, EmbedInput

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from embedconsole.config.types import Combine
    from embedconsole.embedders.base import Embedder
    from embedconsole.items import Vectors

    Vector = NDArray[np.float32]

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Part:
    """What came of the texts of a call, or of its pictures, by place; see `Embedded`."""

    vectors: Mapping[int, Vector]
    rejected: Mapping[int, str] = field(default_factory=dict)
    postponed: frozenset[int] = frozenset()
    refused: frozenset[int] = frozenset()
    unasked: frozenset[int] = frozenset()
    requests: int = 0
    paid: int = 0


class CombinedEmbedder:
    """An embedder of a text or a picture as one of both; see `Embedder`.

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
        """See `Embedder.embed`.

        Raises:
            Refused: besides, its texts and pictures have different sizes.
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
        """Remember texts that are paid for: whoever tries these places again shall not ask for them."""
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
        """See `Embedder.health`."""
        await self._inner.health()

    async def aclose(self) -> None:
        """Close the inner one."""
        await self._inner.aclose()
