"""Loading models by fastembed, and computing with them. Everything here blocks."""

from __future__ import annotations

import difflib
import os
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import onnxruntime
from fastembed import ImageEmbedding, TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType
from loguru import logger
from PIL import Image

from embedconsole.config.paths import models_dir
from embedconsole.embedders.model_folders import model_file
from embedconsole.faults import BadInput, Refused
from embedconsole.foreign_text import one_line
from embedconsole.pictures.inspect import decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.config.embedder import FastembedConfig
    from embedconsole.pictures.inspect import Picture

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
    """What is loaded; each model has embedded something already."""

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
                normalization=False,  # done by us where it is wanted
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
    """What these libraries write would end up on the operator's screen."""
    warnings.filterwarnings("ignore", message="Cannot enable progress bars")
    logger.disable("fastembed")
    onnxruntime.set_default_logger_severity(_ERRORS_ONLY)
