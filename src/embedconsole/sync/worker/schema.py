"""The schema that the configuration describes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.faults import Refused
from embedconsole.items import CollectionSchema, VectorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import CollectionState


def vector_size(pipeline: Pipeline, name: str, state: CollectionState | None = None) -> int | None:
    """The size of a vector as configured; where nothing is, as the collection has it. None: not known."""
    there = None if state is None else state.vectors.get(name)
    configured = pipeline.vectors[name].size or pipeline.collection.size
    return configured or (None if there is None else there.size)


def wanted_vector(pipeline: Pipeline, name: str, size: int) -> VectorSpec:
    """The configured specification of a vector of this size."""
    config = pipeline.vectors[name]
    return VectorSpec(size, config.distance or pipeline.collection.distance, config.pictures == "all")


def wanted_schema(pipeline: Pipeline, sizes: Mapping[str, int]) -> CollectionSchema:
    """The configured schema of the collection.

    Args:
        sizes: Sizes of vectors for which the configuration names none.

    Raises:
        Refused: the size of a vector is not known.
    """
    vectors = {}
    for name in pipeline.vectors:
        size = vector_size(pipeline, name) or sizes.get(name)
        if size is None:
            place = f"vectors.{name}.size" if name else "collection.size"
            raise Refused(
                f"pipeline {pipeline.name}",
                f"the size of its vector {name!r} is not known yet",
                remedy=f"Set pipelines.{pipeline.name}.{place}",
            )
        vectors[name] = wanted_vector(pipeline, name, size)
    return CollectionSchema(vectors, dict(pipeline.collection.indexes))
