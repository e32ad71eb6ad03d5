"""Models on this machine: texts, pictures, or a pair of models with one space for both (CLIP).

The pictures are fetched and decoded by us, one by one: a bad one would fail the whole batch of the library.
Computing happens in threads and in small portions, so that a stop never waits long; it holds the GIL only in
between.
"""

from __future__ import annotations

import difflib
import os
import threading
import warnings
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread
import numpy as np
import onnxruntime
from fastembed import ImageEmbedding, TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType
from loguru import logger
from PIL import Image

from embedconsole.config.paths import models_dir
from embedconsole.config.sections.embedders.model_folders import model_file
from embedconsole.embedders.base import NOTHING_TO_EMBED, blank
from embedconsole.embedders.pictures import FetchedPicture, fetch_all, spread
from embedconsole.embedders.vectors import checked, normalized
from embedconsole.faults import BadInput, Refused
from embedconsole.foreign_text import one_line
from embedconsole.items import Embedded
from embedconsole.pictures.decode import decoded
from embedconsole.pictures.fetch import PictureFetcher
from embedconsole.pieces import portions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from embedconsole.config.sections.embedders.fastembed import FastembedConfig
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets
    from embedconsole.items import EmbedInput
    from embedconsole.pictures.decode import Picture


Model = TypeVar("Model", TextEmbedding, ImageEmbedding)

_POOLING = {
    "mean": PoolingType.MEAN,
    "cls": PoolingType.CLS,
    "last": PoolingType.LAST_TOKEN,
    "none": PoolingType.DISABLED,
}
_ANY_IMAGE_MODEL = "Qdrant/clip-ViT-B-32-vision"
"""fastembed takes no image model of one's own; this one's class reads any that has `model.onnx`."""
_MOST_CHARACTERS = 400_000
"""No model that fastembed lists reads more than 32,768 tokens."""
_ERRORS_ONLY = 3
_registering = threading.Lock()


@dataclass(frozen=True, slots=True)
class LocalModels:
    """The loaded models; each has already embedded something."""

    text: TextEmbedding | None
    image: ImageEmbedding | None

    def of_texts(self, texts: Mapping[int, str]) -> dict[int, bytes]:
        """The vector of each as little-endian float32; raises whatever the model raises."""
        assert self.text is not None
        vectors = self.text.embed([_readable(text) for text in texts.values()], batch_size=len(texts))
        return dict(zip(texts, map(_packed, vectors), strict=True))

    def of_pictures(self, pictures: Mapping[str, Picture]) -> tuple[dict[str, bytes], dict[str, str]]:
        """The same for pictures, and why some of them can't be read: one would fail all of the library's."""
        assert self.image is not None
        pixels: dict[str, Image.Image] = {}
        unread: dict[str, str] = {}
        for name, picture in pictures.items():
            try:
                pixels[name] = decoded(picture)
            except BadInput as fault:
                unread[name] = fault.message
        if not pixels:
            return {}, unread
        vectors = self.image.embed(list(pixels.values()), batch_size=len(pixels))
        return dict(zip(pixels, map(_packed, vectors), strict=True)), unread


def load_models(source: str, name: str, config: FastembedConfig) -> LocalModels:
    """Load what is configured and try each model once. Takes seconds, minutes where it has to download.

    Args:
        source: Who it is, for the words of faults.
        name: The embedder's name in the configuration.

    Raises:
        Refused: A model is not there, can't be downloaded, or is none; the two are no pair.
    """
    _quieten()
    loading = _Loading(source, name, config)
    models = LocalModels(loading.text(), loading.image())
    sizes = loading.sizes(models)
    if len(set(sizes)) > 1:
        raise Refused(
            source,
            f"model has {sizes[0]:,} dimensions, image_model has {sizes[1]:,}",
            remedy=f"Choose two models of one space for embedders.{name}, or make two embedders of them",
        )
    return models


class _Loading:
    def __init__(self, source: str, name: str, config: FastembedConfig) -> None:
        self._source = source
        self._key = f"embedders.{name}"
        self._config = config
        self._cache = str(config.cache or os.environ.get("FASTEMBED_CACHE_PATH") or models_dir())

    def text(self) -> TextEmbedding | None:
        config = self._config
        model, path = config.for_texts, config.path
        if model is None:
            return None
        known = _names(TextEmbedding.list_supported_models())
        if model.lower() not in map(str.lower, known):
            if path is None:
                raise self._unknown(model, known, "path")
            return self._own_text_model(model, path)
        if config.pooling is not None:
            remedy = f"Remove {self._key}.pooling"
            raise Refused(self._source, f"{model} is pooled as it has to be", remedy=remedy)
        return self._opened(TextEmbedding, model, model, "path", path)

    def image(self) -> ImageEmbedding | None:
        model, path = self._config.for_pictures, self._config.image_path
        if model is None:
            return None
        known = _names(ImageEmbedding.list_supported_models())
        listed = model.lower() in map(str.lower, known)
        if not listed and path is None:
            raise self._unknown(model, known, "image_path")
        return self._opened(ImageEmbedding, model if listed else _ANY_IMAGE_MODEL, model, "image_path", path)

    def _own_text_model(self, model: str, path: Path) -> TextEmbedding:
        """A model that fastembed does not list."""

        def opened(pooling: str) -> TextEmbedding:
            return self._opened(TextEmbedding, _registered(model, path, pooling), model, "path", path)

        if self._config.pooling is not None:
            return opened(self._config.pooling)
        # Without pooling only one works that answers a vector a text; it works with no other.
        unpooled = opened("none")
        return unpooled if _works(unpooled) else opened("mean")

    def _opened(
        self, kind: Callable[..., Model], model: str, asked: str, setting: str, path: Path | None
    ) -> Model:
        """A model from its folder, or from the cache, or downloaded; `model` is fastembed's name for it."""
        try:
            return kind(
                model,
                cache_dir=self._cache,
                threads=self._config.threads,
                local_files_only=not self._config.download,
                specific_model_path=None if path is None else str(path),
            )
        except Exception as error:  # every library below raises its own
            said = one_line(str(error)).rstrip(".") or type(error).__name__
            if path is not None:
                remedy = f"Check that {self._key}.{setting} holds all files of that model"
                raise Refused(self._source, f"{asked} can't be loaded: {said}", remedy=remedy) from error
            why = "can't be loaded or downloaded" if self._config.download else "is not on this machine"
            remedy = f"Without internet copy its files here, and set {self._key}.{setting} to their folder"
            raise Refused(self._source, f"{asked} {why}: {said}", remedy=remedy) from error

    def sizes(self, models: LocalModels) -> list[int]:
        """The dimensions of each model, found by embedding something."""
        found = []
        try:
            if models.text is not None:
                found.append(_size(models.text.embed(["embedconsole"])))
            if models.image is not None:
                found.append(_size(models.image.embed([Image.new("RGB", (64, 64), "red")])))
        except Exception as error:  # every library below raises its own
            which = "image_model" if found or models.text is None else "model"
            pooling = f", and {self._key}.pooling" if which == "model" and self._config.path else ""
            raise Refused(
                self._source,
                f"its {which} does not embed anything: {one_line(str(error)).rstrip('.')}",
                remedy=f"Check that {self._key}.{which} is a model for embeddings{pooling}",
            ) from error
        return found

    def _unknown(self, model: str, known: Sequence[str], setting: str) -> Refused:
        close = difflib.get_close_matches(model, known, n=1, cutoff=0.5)
        hint = f"Did you mean {close[0]}? " if close else ""
        remedy = f"{hint}For a model of your own set {self._key}.{setting} to its folder"
        return Refused(
            self._source, f"fastembed knows no model {one_line(model)!r} of this kind", remedy=remedy
        )


def _registered(model: str, path: Path, pooling: str) -> str:
    """Make a model from a folder known to fastembed, once a process; returns its name there."""
    file = model_file(path) or "model.onnx"
    label = f"{model} ({file}, {pooling})"
    with _registering:
        if label.lower() not in map(str.lower, _names(TextEmbedding.list_supported_models())):
            TextEmbedding.add_custom_model(
                label,
                pooling=_POOLING[pooling],
                normalization=False,  # done by us where it is configured
                sources=ModelSource(url="nowhere"),
                dim=0,
                model_file=file,
            )
    return label


def _works(model: TextEmbedding) -> bool:
    try:
        list(model.embed(["embedconsole"]))
    except Exception:  # noqa: BLE001 - every library below raises its own
        return False
    return True


def _names(models: Iterable[dict[str, object]]) -> list[str]:
    return [str(model["model"]) for model in models]


def _readable(text: str) -> str:
    """A text as tokenizers take it: no lone surrogates, and no more than a model could read of it."""
    return text[:_MOST_CHARACTERS].encode("utf-8", "replace").decode()


def _packed(vector: NDArray[np.generic]) -> bytes:
    return vector.reshape(-1).astype("<f4").tobytes()


def _size(vectors: Iterable[NDArray[np.generic]]) -> int:
    (vector,) = vectors
    return vector.size


def _quieten() -> None:
    """Silence the libraries: their output would end up on the operator's screen."""
    warnings.filterwarnings("ignore", message="Cannot enable progress bars")
    logger.disable("fastembed")
    onnxruntime.set_default_logger_severity(_ERRORS_ONLY)


T = TypeVar("T")

_TEXTS_AT_ONCE = 32
_PICTURES_AT_ONCE = 16
_PIXELS_AT_ONCE = 50_000_000
"""Pixels of the pictures that are decoded in memory at the same time, three bytes each."""
_FAILURE_STANDS = 5.0
"""Seconds before loading is retried: a caller that waited meanwhile gets the same answer."""


class FastembedEmbedder:
    """See the module. The models are loaded when they are first needed."""

    def __init__(self, name: str, config: FastembedConfig, expected_size: int | None) -> None:
        self.name = name
        self.identity = config.identity
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
        """Embed each input by its image, or by its text where it has none."""
        models = await self._loaded()
        unsendable = {
            at: reason for at, entry in enumerate(inputs) if (reason := self._unsendable(entry)) is not None
        }
        sent = {at: entry for at, entry in enumerate(inputs) if at not in unsendable}
        images = {at: entry.image for at, entry in sent.items() if entry.image}
        texts = {at: entry.text or "" for at, entry in sent.items() if at not in images}
        rows: dict[int, bytes] = {}
        for indices in portions(texts, _TEXTS_AT_ONCE):
            rows |= await self._in_thread(partial(models.of_texts, {at: texts[at] for at in indices}))
        pictures, fetched = await self._of_pictures(models, images.values())
        rows |= {at: pictures[image] for at, image in images.items() if image in pictures}
        places = sorted(rows)
        found = self._believed([rows[at] for at in places])
        answer = spread(found, places, len(inputs), images, fetched)
        return replace(answer, rejected=dict(sorted((unsendable | dict(answer.rejected)).items())))

    async def health(self) -> None:
        """Check that the models can be loaded."""
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

        return load_models(self._source, self.name, self._config)

    async def _of_pictures(
        self, models: LocalModels, references: Iterable[str]
    ) -> tuple[dict[str, bytes], FetchedPicture]:
        """Vectors by reference, and why some have none; no more are held than are embedded at once."""
        vectors: dict[str, bytes] = {}
        gone = FetchedPicture()
        for some in portions(dict.fromkeys(references), _PICTURES_AT_ONCE):
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


def build(name: str, config: FastembedConfig, expected_size: int | None, tickets: Tickets | None) -> Embedder:
    """Build the embedder of these settings."""
    return FastembedEmbedder(name, config, expected_size)
