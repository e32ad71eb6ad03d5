"""The pictures of a call's inputs, fetched by us: each once, and each missing one with its reason."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio
import numpy as np

from embedconsole.faults import BadInput, Transient
from embedconsole.items import Embedded
from embedconsole.pictures.fetch import PictureFetcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embedconsole.embedders.base import Embedder
    from embedconsole.items import EmbedInput
    from embedconsole.pictures.decode import Picture
    from embedconsole.pictures.policy import PictureLimits


@dataclass(slots=True)
class FetchedPicture:
    """The results of fetching references.

    Attributes:
        pictures: Reference to its picture.
        missing: Reference to why there is none.
        passing: Those of the missing that may be there another time.
    """

    pictures: dict[str, Picture] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    passing: set[str] = field(default_factory=set)


async def fetch_all(fetcher: PictureFetcher, references: Iterable[str]) -> FetchedPicture:
    """Fetch pictures side by side; a reference that several inputs share is fetched once."""
    fetched = FetchedPicture()

    async def fetch(reference: str) -> None:
        try:
            fetched.pictures[reference] = await fetcher.fetch(reference)
        except BadInput as fault:
            fetched.missing[reference] = fault.message
        except Transient as fault:
            fetched.missing[reference] = fault.message
            fetched.passing.add(reference)

    async with anyio.create_task_group() as group:
        for reference in dict.fromkeys(references):
            group.start_soon(fetch, reference)
    return fetched


def spread(
    embedded: Embedded, places: Sequence[int], count: int, images: Mapping[int, str], fetched: FetchedPicture
) -> Embedded:
    """The result of some inputs of a call, as the answer to all of them.

    Args:
        embedded: The answer to the inputs at `places`.
        count: How many inputs the call has.
        images: Index of an input to the reference of its picture.
        fetched: What came of those references.
    """
    vectors = np.zeros((count, embedded.vectors.shape[1]), dtype=np.float32)
    vectors[list(places)] = embedded.vectors
    said = {places[index]: reason for index, reason in embedded.rejected.items()}
    missing = {at: fetched.missing[image] for at, image in images.items() if image in fetched.missing}
    postponed = {places[index] for index in embedded.postponed}
    postponed |= {at for at, image in images.items() if image in fetched.passing}
    return replace(
        embedded,
        vectors=vectors,
        rejected=dict(sorted((missing | said).items())),
        postponed=postponed,
        refused={places[index] for index in embedded.refused},
        unasked={places[index] for index in embedded.unasked},
    )


class SendsPictures:
    """An embedder that is given pictures in place of references to them; else as it is.

    An input whose picture can't be had is rejected (or postponed) before anything is sent for it.
    """

    def __init__(self, embedder: Embedder, limits: PictureLimits) -> None:
        self._embedder = embedder
        self._fetcher = PictureFetcher(limits)

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def identity(self) -> str:
        return self._embedder.identity

    @property
    def batch_size(self) -> int:
        return self._embedder.batch_size

    @property
    def concurrency(self) -> int:
        return self._embedder.concurrency

    @property
    def price_per_1000(self) -> float | None:
        return self._embedder.price_per_1000

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Fetch the pictures, then embed each input."""
        images = {index: entry.image for index, entry in enumerate(inputs) if entry.image}
        fetched = await fetch_all(self._fetcher, images.values())
        sent: dict[int, EmbedInput] = {}
        for index, entry in enumerate(inputs):
            if index not in images:
                sent[index] = entry
            elif (picture := fetched.pictures.get(images[index])) is not None:
                sent[index] = replace(entry, image=data_address(picture))
        if sent:
            embedded = await self._embedder.embed(list(sent.values()))
        else:
            embedded = Embedded(np.zeros((0, 0), dtype=np.float32), requests=0)
        return spread(embedded, list(sent), len(inputs), images, fetched)

    async def health(self) -> None:
        """Check the embedder that gets the pictures."""
        await self._embedder.health()

    async def aclose(self) -> None:
        """Close the embedder that gets the pictures."""
        await self._fetcher.aclose()
        await self._embedder.aclose()


def data_address(picture: Picture) -> str:
    """A picture as its own address."""
    return f"data:{picture.media_type};base64,{b64encode(picture.data).decode('ascii')}"
