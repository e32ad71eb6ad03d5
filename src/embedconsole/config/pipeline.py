"""A pipeline with everything it inherits filled in."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.config.yaml_source import printable
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.config.sections.catalog import CatalogConfig
    from embedconsole.config.sections.collection import CollectionConfig
    from embedconsole.config.sections.embedder import EmbedderConfig
    from embedconsole.config.sections.pictures import PicturesConfig
    from embedconsole.config.sections.vector import VectorConfig
    from embedconsole.config.settings import KeepVectors, RetryConfig, Settings


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline, ready to be worked on.

    Attributes:
        vectors: Vector name (`UNNAMED` for the only one) to what it is made of.
        embedders: The embedders its vectors use, by name.
        known_embedders: All that are configured.
        pictures: Where pictures may be looked at, unless their embedder says so itself.
        chunk_size: Items in a batch.
        workers: Batches at the same time.
        retry: Its own settings where it has them, else those of the top level, key by key.
        max_delete_fraction: Share of the items, 0 to 1, that a scan may delete without being asked.
    """

    name: str
    catalog: CatalogConfig
    collection: CollectionConfig
    vectors: Mapping[str, VectorConfig]
    embedders: Mapping[str, EmbedderConfig]
    known_embedders: Mapping[str, EmbedderConfig]
    pictures: PicturesConfig
    chunk_size: int
    workers: int
    retry: RetryConfig
    keep_vectors: KeepVectors
    max_delete_fraction: float


def resolve_pipelines(settings: Settings, names: Sequence[str] = ()) -> list[Pipeline]:
    """The pipelines of these names, in this order and each once; without names all, as they are configured.

    Raises:
        ConfigError: A name is unknown; says which are known.
    """
    unknown = [name for name in names if name not in settings.pipelines]
    if unknown:
        raise ConfigError("\n".join(_unknown(name, list(settings.pipelines)) for name in unknown))
    return [_resolve(settings, name) for name in dict.fromkeys(names or settings.pipelines)]


def _unknown(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"no pipeline {printable(name)!r}; {hint}known: {', '.join(map(printable, known))}"


def _resolve(settings: Settings, name: str) -> Pipeline:
    own = settings.pipelines[name]
    vectors = own.vector_configs
    retry = settings.retry
    if own.retry is not None:
        # Only what the pipeline writes itself: `retry: {attempts: 5}` keeps the backoff of the top level.
        retry = retry.model_copy(
            update={field: getattr(own.retry, field) for field in own.retry.model_fields_set}
        )
    return Pipeline(
        name=name,
        catalog=own.catalog,
        collection=own.collection,
        vectors=vectors,
        embedders={config.embedder: settings.embedders[config.embedder] for config in vectors.values()},
        known_embedders=settings.embedders,
        pictures=settings.pictures,
        chunk_size=settings.chunk_size if own.chunk_size is None else own.chunk_size,
        workers=settings.workers if own.workers is None else own.workers,
        retry=retry,
        keep_vectors=settings.keep_vectors if own.keep_vectors is None else own.keep_vectors,
        max_delete_fraction=(
            settings.max_delete_fraction if own.max_delete_fraction is None else own.max_delete_fraction
        ),
    )
