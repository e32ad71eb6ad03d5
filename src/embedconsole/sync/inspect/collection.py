"""A pipeline's collection compared with its configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.collection.base import Aliases, Optimizer
from embedconsole.faults import Fault, Refused
from embedconsole.sync.run.components import components_of
from embedconsole.sync.run.init import compared, configured_vectors, plan_init

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.collection.base import Collection
    from embedconsole.collection.compare import Difference
    from embedconsole.items import CollectionState, IndexType, Naming, Optimizations, VectorSpec
    from embedconsole.ledger.records.history import AuditRecord
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.run.init import InitPlan

AUDITS = 6


@dataclass(frozen=True, slots=True)
class Survey:
    """A collection and what was configured.

    Attributes:
        state: None when it does not exist.
        vectors: As configured; where no size is, the collection's own counts.
        asks: Configured vectors whose size is not known yet.
        indexes: As configured.
        naming: None when the store does not report it.
        optimizations: None when the store does not report them.
        audits: The results of the latest verifies, newest first.
    """

    state: CollectionState | None
    vectors: Mapping[str, VectorSpec] = field(default_factory=dict)
    asks: tuple[str, ...] = ()
    indexes: Mapping[str, IndexType] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    naming: Naming | None = None
    optimizations: Optimizations | None = None
    audits: tuple[AuditRecord, ...] = ()


async def survey(engine: Engine, *, pipeline: str) -> Survey:
    """Look at a collection.

    Raises:
        Transient, Refused: it does not answer, or not to us.
    """
    components = components_of(engine.all_components, pipeline)
    collection = components.collection
    state = await collection.describe()
    vectors, asks = configured_vectors(components, state)
    indexes = dict(components.pipeline.collection.indexes)
    audits = await _audits(engine, pipeline)
    if state is None:
        return Survey(None, vectors, asks, indexes, audits=audits)
    return Survey(
        state=state,
        vectors=vectors,
        asks=asks,
        indexes=indexes,
        differences=tuple(compared(components, state)),
        naming=await _naming(collection),
        optimizations=await _optimizations(collection),
        audits=audits,
    )


async def init_planned(engine: Engine, *, pipeline: str) -> InitPlan:
    """Plan `init` for one of an engine's pipelines, changing nothing."""
    return await plan_init(components_of(engine.all_components, pipeline))


async def _audits(engine: Engine, pipeline: str) -> tuple[AuditRecord, ...]:
    """The latest audits; none while the ledger is unreachable, which other panels show."""
    try:
        return tuple(await anyio.to_thread.run_sync(engine.ledger.audits.latest, pipeline, AUDITS))
    except Fault:
        return ()


# A key for one collection alone may be refused both: what there is to see is shown anyway.


async def _naming(collection: Collection) -> Naming | None:
    if not isinstance(collection, Aliases):
        return None
    try:
        return await collection.naming()
    except Refused:
        return None


async def _optimizations(collection: Collection) -> Optimizations | None:
    if not isinstance(collection, Optimizer):
        return None
    try:
        return await collection.optimizations()
    except Refused:
        return None
