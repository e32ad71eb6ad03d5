"""The worker of a run with all its parts; made for the first batch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from embedconsole.sync.content.row_reader import RowPortions
from embedconsole.sync.worker.batch import BatchWorker
from embedconsole.sync.worker.collection_setup import ReadyCollection
from embedconsole.sync.worker.context import Workbench
from embedconsole.sync.worker.embed import GatedEmbedder, KnownSize
from embedconsole.sync.worker.kept_vectors import VectorKeeper
from embedconsole.sync.worker.known_good import KnownGood
from embedconsole.sync.worker.memory_budget import MemoryBudget
from embedconsole.sync.worker.reuse import Donor
from embedconsole.sync.worker.schema import vector_size
from embedconsole.sync.worker.write import GatedCollection
from embedconsole.sync.worker.writeback import CatalogWriteback

if TYPE_CHECKING:
    from embedconsole.ledger.records.items import Counts
    from embedconsole.sync.run.pipeline_run import PipelineRun
    from embedconsole.sync.shared.delete_guard import DeleteGuard

_ROOM_BYTES = 16 << 20
"""For rows in hand; on their way to the embedder and to Qdrant they are in memory several times."""


def equipped(run: PipelineRun, guard: DeleteGuard, counts: Counts) -> BatchWorker:
    """The one for all workers of a run.

    Args:
        counts: Of its generation, when the run began.
    """
    pipeline = run.components.pipeline
    sizes = {name: KnownSize(vector_size(pipeline, name)) for name in pipeline.vectors}
    known_good = KnownGood(run.ledger, run.components.catalog, run.recipe, run.generation.id)
    embedders = {
        name: GatedEmbedder(
            embedder,
            sizes[name],
            run.embedders[embedder.name],
            pipeline.retry,
            run.progress,
            budget=run.budget,
            remembered=partial(known_good.of, name),
        )
        for name, embedder in run.components.embedders.items()
    }
    keeper = VectorKeeper(run.ledger, run.journal, always=pipeline.keep_vectors == "always")
    ready = ReadyCollection(
        pipeline,
        run.components.collection,
        run.writer,
        sizes,
        run.journal,
        refill=partial(keeper.refill, run.generation.id),
        synced=counts.synced,
        force=run.options.from_scratch,
        when_there=run.deferring.begin,
        held=partial(run.ledger.overview.held, run.generation.id),
        take_over=run.options.take_over,
        former_fields=run.former_fields,
        when_written=run.note_space,
    )
    return BatchWorker(
        Workbench(
            pipeline=pipeline,
            catalog=run.components.catalog,
            rows=RowPortions(run.components.catalog),
            room=MemoryBudget(_ROOM_BYTES),
            ledger=run.ledger,
            recipe=run.recipe,
            embedders=embedders,
            collection=ready,
            reader=run.reader,
            guard=guard,
            progress=run.progress,
            journal=run.journal,
            embed_slots=run.pool.embed_slots,
            enter_stage=run.claims.in_flight.enter_stage,
            holds=run.claims.holds,
            give_up=run.state.give_up,
            ended_early=lambda: run.state.ended_early,
            keeper=keeper,
            writeback=CatalogWriteback(pipeline, run.components.catalog, run.reader, run.journal),
            donor=_donor(run),
        )
    )


def _donor(run: PipelineRun) -> Donor | None:
    if run.donor is None or run.options.force:
        return None
    generation_id, collection = run.donor
    pipeline = run.components.pipeline
    return Donor(
        ledger=run.ledger,
        generation_id=generation_id,
        collection=collection,
        gated=None if collection is None else GatedCollection(collection, run.writer, pipeline.retry),
        distances={
            name: config.distance or pipeline.collection.distance for name, config in pipeline.vectors.items()
        },
    )
