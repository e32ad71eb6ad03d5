"""`init`: create a collection, or compare the one that is there. Never drops anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.collection.base import SchemaChanges, lacking
from embedconsole.collection.compare import differences, index_field, missing_vector
from embedconsole.items import CollectionSchema
from embedconsole.sync.content.trial import trial_input
from embedconsole.sync.worker.schema import vector_size, wanted_schema, wanted_vector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.collection.compare import Difference
    from embedconsole.items import CollectionState, IndexType, VectorSpec
    from embedconsole.sync.run.components import Components


@dataclass(frozen=True, slots=True)
class InitPlan:
    """What `init` would do.

    Attributes:
        exists: Whether the collection is there; else it would be created with all its indexes.
        vectors: Those that are configured; without the ones whose size is not known yet.
        asks: Vectors whose size would be asked of their embedder, by one embedding each.
        indexes: Payload indexes that would be added.
        left: Differences that it would not repair; some may forbid writing.
    """

    target: str
    exists: bool
    vectors: Mapping[str, VectorSpec] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    indexes: Mapping[str, IndexType] = field(default_factory=dict)
    left: tuple[Difference, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return not self.exists or bool(self.indexes)


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `init` found and did.

    Attributes:
        created: The collection did not exist and was created.
        added: Payload indexes that were added to an existing one.
        left: Differences that `init` does not repair; some may forbid writing.
    """

    target: str
    schema: CollectionSchema
    created: bool
    added: tuple[str, ...] = ()
    left: tuple[Difference, ...] = ()


async def initialise(components: Components) -> Initialised:
    """Create the pipeline's collection and payload indexes, or compare and add missing indexes.

    Raises:
        Transient, Refused: the collection, or the embedder that was asked for a size, fails.
    """
    plan = await plan_init(components)
    collection = components.collection
    if not plan.exists:
        sizes = {name: spec.size for name, spec in plan.vectors.items()}
        schema = wanted_schema(components.pipeline, sizes | await _asked_sizes(components, plan.asks))
        await collection.create(schema)
        return Initialised(collection.target, schema, created=True)
    for path, kind in plan.indexes.items():
        if not isinstance(collection, SchemaChanges):
            raise lacking(collection, "way to add an index")
        await collection.create_index(path, kind)
    schema = CollectionSchema(plan.vectors, dict(components.pipeline.collection.indexes))
    return Initialised(collection.target, schema, created=False, added=tuple(plan.indexes), left=plan.left)


async def plan_init(components: Components) -> InitPlan:
    """Look what `initialise` would do, and do nothing.

    Raises:
        Transient, Refused: the collection fails.
    """
    state = await components.collection.describe()
    vectors, asks = configured_vectors(components, state)
    indexes = components.pipeline.collection.indexes
    if state is None:
        return InitPlan(components.collection.target, False, vectors, asks, dict(indexes))
    added = {path: kind for path, kind in indexes.items() if path not in state.indexes}
    repaired = {index_field(path) for path in added}
    found = compared(components, state)
    left = tuple(difference for difference in found if difference.field not in repaired)
    return InitPlan(components.collection.target, True, vectors, asks, added, left)


def compared(components: Components, state: CollectionState) -> list[Difference]:
    """What of a collection is not as configured; asks no embedder for the size of a vector."""
    pipeline = components.pipeline
    vectors, asks = configured_vectors(components, state)
    missing = [
        missing_vector(name, f"{pipeline.vectors[name].distance or pipeline.collection.distance}", state)
        for name in asks
    ]
    return [*missing, *differences(CollectionSchema(vectors, pipeline.collection.indexes), state)]


def configured_vectors(
    components: Components, state: CollectionState | None
) -> tuple[dict[str, VectorSpec], tuple[str, ...]]:
    """The vectors as configured, and those whose size neither the configuration nor the collection tells.

    Where no size is configured, the collection's own counts.
    """
    pipeline = components.pipeline
    known, unknown = {}, []
    for name in pipeline.vectors:
        size = vector_size(pipeline, name, state)
        if size is None:
            unknown.append(name)
        else:
            known[name] = wanted_vector(pipeline, name, size)
    return known, tuple(unknown)


async def _asked_sizes(components: Components, names: tuple[str, ...]) -> dict[str, int]:
    """The sizes of vectors, by one embedding each."""
    sizes = {}
    for name in names:
        embedded = await components.embedders[name].embed([trial_input(components.pipeline.vectors[name])])
        if not embedded.rejected:
            sizes[name] = int(embedded.vectors.shape[1])
    return sizes
