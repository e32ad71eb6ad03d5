"""Models on this machine: texts, pictures, or a pair of models with one space for both (CLIP).

The pictures are fetched and decoded by us, one by one: a bad one would fail the whole batch of the library.
Computing happens in threads and in small portions, so that a stop never waits long; it holds the GIL only in
between.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread
import numpy as np

from embedconsole.embedders.identity import identity_of
from embedconsole.embedders.pictures import FetchedPicture, fetch_all, spread
from embedconsole.embedders.remote import NOTHING_TO_EMBED, blank
from embedconsole.embedders.vectors import checked, normalized
from embedconsole.faults import BadInput, Refused
from embedconsole.foreign_text import one_line
from embedconsole.items import Embedded
from embedconsole.pictures.fetcher import PictureFetcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from embedconsole.config.embedder import FastembedConfig
    from embedconsole.embedders.local_models import LocalModels
    from embedconsole.items import EmbedInput
    from embedconsole.pictures.inspect import Picture

T = TypeVar("T")

_TEXTS_AT_ONCE = 32
_PICTURES_AT_ONCE = 16
_PIXELS_AT_ONCE = 50_000_000
"""Of the pictures that lie decoded in memory together, three bytes each."""
_FAILURE_STANDS = 5.0
"""Seconds before loading is tried again: whoever waited meanwhile gets the same answer."""


class FastembedEmbedder:
    """See the module. The models are loaded when they are first needed."""

    def __init__(self, name: str, config: FastembedConfig, expected_size: int | None) -> None:
        self.name = name
        self.identity = identity_of(name, config)
        self.batch_size = config.batch_size
        self.concurrency = config.concurrency
        self.price_per_1000 = config.price_per_1000
        self._source = f"embedding service {name}"
        self._config = config
        self._expected_size = expected_size
        self._proved = False
        self._fetcher = PictureFetcher(config.pictures.limits)
        self._threads = anyio.CapacityLimiter(config.concurrency)
        self._loading = anyio.Lock()
        self._models: LocalModels | None = None
        self._failure: tuple[float, Refused] | None = None

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """See `Embedder.embed`. An input with an image is that image, any other its text."""
        models = await self._loaded()
        unsendable = {
            at: reason for at, entry in enumerate(inputs) if (reason := self._unsendable(entry)) is not None
        }
        sent = {at: entry for at, entry in enumerate(inputs) if at not in unsendable}
        images = {at: entry.image for at, entry in sent.items() if entry.image}
        texts = {at: entry.text or "" for at, entry in sent.items() if at not in images}
        rows: dict[int, bytes] = {}
        for indices in _cut(texts, _TEXTS_AT_ONCE):
            rows |= await self._in_thread(partial(models.of_texts, {at: texts[at] for at in indices}))
        pictures, fetched = await self._of_pictures(models, images.values())
        rows |= {at: pictures[image] for at, image in images.items() if image in pictures}
        places = sorted(rows)
        found = self._believed([rows[at] for at in places])
        answer = spread(found, places, len(inputs), images, fetched)
        return replace(answer, rejected=dict(sorted((unsendable | dict(answer.rejected)).items())))

    async def health(self) -> None:
        """See `Embedder.health`: whether the models can be loaded."""
        await self._loaded()

    async def aclose(self) -> None:
        """Let go of the models."""
        self._models = None
        await self._fetcher.aclose()

    def _unsendable(self, entry: EmbedInput) -> str | None:
        """Why there is no model for an input; None when there is."""
        key = f"embedders.{self.name}"
        if entry.image and self._config.for_pictures is None:
            return f"there is no model for its image: set {key}.image_model"
        if entry.image:
            return None
        if blank(entry.text):
            return NOTHING_TO_EMBED
        return None if self._config.for_texts else f"there is no model for its text: set {key}.model"

    async def _loaded(self) -> LocalModels:
        """The models.

        Raises:
            Refused: They can't be loaded.
        """
        async with self._loading:
            if self._models is not None:
                return self._models
            if self._failure is not None and anyio.current_time() < self._failure[0] + _FAILURE_STANDS:
                raise self._failure[1]
            try:
                # Abandoned at a stop: a download takes minutes.
                self._models = await anyio.to_thread.run_sync(self._load, abandon_on_cancel=True)
            except Refused as fault:
                self._failure = (anyio.current_time(), fault)
                raise
            return self._models

    def _load(self) -> LocalModels:
        # Read when its library is imported: bars of a download would be drawn over the console.
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        # Here, because the import takes a second.
        from embedconsole.embedders.local_models import load_models

        return load_models(self._source, self.name, self._config)

    async def _of_pictures(
        self, models: LocalModels, references: Iterable[str]
    ) -> tuple[dict[str, bytes], FetchedPicture]:
        """Vectors by reference, and why some have none; no more are held than are embedded at once."""
        vectors: dict[str, bytes] = {}
        gone = FetchedPicture()
        for some in _cut(dict.fromkeys(references), _PICTURES_AT_ONCE):
            fetched = await fetch_all(self._fetcher, some)
            for portion in _by_pixels(fetched.pictures, _PIXELS_AT_ONCE):
                good, bad = await self._in_thread(partial(models.of_pictures, portion))
                vectors |= good
                gone.missing |= bad
            gone.missing |= fetched.missing
            gone.passing |= fetched.passing
        return vectors, gone

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._threads)
        except Exception as error:  # the runtime raises nothing more precise
            said = one_line(str(error)) or type(error).__name__
            raise BadInput(self._source, f"the model failed on what it was given: {said}") from error

    def _believed(self, rows: Sequence[bytes]) -> Embedded:
        if not rows:
            return Embedded(np.zeros((0, self._expected_size or 0), dtype=np.float32))
        found = checked(self._source, rows, len(rows), self._expected_size, proved=self._proved)
        self._proved = self._proved or len(found.rejected) < len(rows)
        vectors = normalized(found.vectors) if self._config.normalizes else found.vectors
        return Embedded(vectors, found.rejected, refused=found.refused)


def _cut(entries: Iterable[T], size: int) -> list[list[T]]:
    every = list(entries)
    return [every[start : start + size] for start in range(0, len(every), size)]


def _by_pixels(pictures: Mapping[str, Picture], most: int) -> list[dict[str, Picture]]:
    """The pictures in portions of so many pixels at most; one that has more comes alone."""
    portions: list[dict[str, Picture]] = []
    pixels = 0
    for reference, picture in pictures.items():
        pixels += picture.pixels
        if not portions or pixels > most:
            portions.append({})
            pixels = picture.pixels
        portions[-1][reference] = picture
    return portions
