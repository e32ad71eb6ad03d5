"""Pictures for a service that can't fetch them itself: fetched by us, and sent along as `data:` addresses."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from embedconsole.embedders.pictures import fetch_all, spread
from embedconsole.items import Embedded
from embedconsole.pictures.fetcher import PictureFetcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.embedders.base import Embedder
    from embedconsole.items import EmbedInput
    from embedconsole.pictures.inspect import Picture
    from embedconsole.pictures.limits import PictureLimits


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
        """See `Embedder.embed`."""
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
        """See `Embedder.health`."""
        await self._embedder.health()

    async def aclose(self) -> None:
        """See `Embedder.aclose`."""
        await self._fetcher.aclose()
        await self._embedder.aclose()


def data_address(picture: Picture) -> str:
    """A picture as its own address."""
    return f"data:{picture.media_type};base64,{b64encode(picture.data).decode('ascii')}"
