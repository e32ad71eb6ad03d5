"""The worker: what is done with one claimed batch, stage by stage.

No transaction is open while it waits for the network: it claims (before), reads, embeds, writes, and settles
with the ledger in one transaction that the lease's token fences.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from embedconsole.faults import FaultClass, Refused, Transient
from embedconsole.items import point_id
from embedconsole.ledger.claims import LEASE_SECONDS
from embedconsole.ledger.crashes import LATE_WRITES_SECONDS
from embedconsole.ledger.records.work import Failure
from embedconsole.ledger.states import State
from embedconsole.sync.embedding import embed_contents
from embedconsole.sync.flow import Interrupted, Stop
from embedconsole.sync.isolate import Rejection
from embedconsole.sync.outcome import Outcome
from embedconsole.sync.patience import in_ledger
from embedconsole.sync.retry import delay_after

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.catalog.base import Catalog
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.faults import Fault
    from embedconsole.items import CatalogRow
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch, ClaimedItem, Settlement
    from embedconsole.sync.content import Content, Recipe
    from embedconsole.sync.embedding import GatedEmbedder
    from embedconsole.sync.flow import Gate
    from embedconsole.sync.guard import DeleteGuard
    from embedconsole.sync.journal import Journal
    from embedconsole.sync.keeping import VectorKeeper
    from embedconsole.sync.noting import CatalogNoter
    from embedconsole.sync.progress import Progress
    from embedconsole.sync.readiness import ReadyCollection

    Vector = NDArray[np.float32]

T = TypeVar("T")

_RELEASE_SECONDS = 10.0


class _TakenOver(Exception):
    """The lease ran out while the process was away, and somebody else has the items."""


@dataclass(slots=True)
class Worker:
    """Does what batches need; one for all workers of a pipeline, it has no state of its own.

    Args:
        embedders: Vector name to its embedder.
        embed_slots: Batches that may be embedding at the same time.
        enter_stage: Told what a batch (by token) is doing now.
        holds: Whether a batch is ours for so many seconds more.
        give_up: Told why the run can't go on, before the batch is given back: nobody shall claim it again.
    """

    pipeline: Pipeline
    catalog: Catalog
    ledger: Ledger
    recipe: Recipe
    embedders: Mapping[str, GatedEmbedder]
    collection: ReadyCollection
    reader: Gate
    guard: DeleteGuard
    progress: Progress
    journal: Journal
    embed_slots: anyio.CapacityLimiter
    enter_stage: Callable[[int, str], None]
    holds: Callable[[Batch, float], Awaitable[bool]]
    give_up: Callable[[Fault], None]
    ended_early: Callable[[], bool]
    keeper: VectorKeeper
    noter: CatalogNoter

    async def process(self, batch: Batch) -> None:
        """Work on a batch and settle it, whatever happens.

        Raises:
            Stop: the run can't go on.
        """
        task = _Task(self, batch)
        stop: Stop | None = None
        try:
            await task.work()
        except Interrupted:
            pass
        except _TakenOver:
            self.journal.note("warning", "lease", f"batch {batch.token} was taken over by another worker")
        except Transient as fault:
            self.journal.note("warning", fault.kind, f"batch {batch.token} given back: {fault}")
        except Refused as fault:
            stop = Stop(fault)
        except Stop as error:
            stop = error
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True), anyio.move_on_after(_RELEASE_SECONDS, shield=True):
                await task.settle()
            raise
        if stop is not None:
            self.give_up(stop.fault)
        await task.settle()
        if stop is not None:
            raise stop


class _Task:
    """One batch on its way."""

    def __init__(self, worker: Worker, batch: Batch) -> None:
        self._w = worker
        self._batch = batch
        self._rows: dict[str, CatalogRow] = {}
        self._outcome = Outcome()
        self._vectors: dict[str, Mapping[str, Vector]] = {}
        self._unsure: Sequence[str] = ()
        self._stages: dict[str, float] = {}
        self._stage = ""
        self._stage_began = time.monotonic()

    async def work(self) -> None:
        """Do what the batch needs; what has been decided when it raises stands."""
        if self._w.ended_early():
            # Its claim was under way when another batch was refused, and got what that one gave back.
            raise Interrupted
        self._enter("read")
        contents = await self._w.reader.call_counted(
            lambda: anyio.to_thread.run_sync(self._read, abandon_on_cancel=True),
            self._w.pipeline.retry,
        )
        if self._batch.work is State.DELETE:
            await self._delete(contents)
        else:
            await self._fill(contents)

    def _read(self) -> dict[str, Content]:
        self._rows = self._w.catalog.read([item.key for item in self._batch.items])
        return {key: self._w.recipe.content(row) for key, row in self._rows.items()}

    async def settle(self) -> None:
        """End the batch in the ledger, and note what was synced in the catalog."""
        self._enter("finish")
        settlement = self._outcome.settlement(self._batch)
        for failure in settlement.failed:
            self._w.journal.item_failed(failure, self._rows.get(failure.item.key))
        lost = await self._in_ledger(partial(self._w.ledger.work.settle, self._batch, settlement))
        await self._doubt(settlement, lost=lost)
        self._count(settlement)
        if not lost:
            await self._w.keeper.written(self._batch, [hashes.embed for _, hashes in settlement.written])
            await self._w.noter.note(self._batch, settlement, self._rows, self._vectors)
        self._enter("")
        self._w.journal.batch_done(self._batch, settlement, self._rows, lost=lost, stages=self._stages)

    async def _doubt(self, settlement: Settlement, *, lost: int) -> None:
        """Have points looked at again that we wrote without holding them, or may have written."""
        add = self._w.ledger.doubts.add
        generation = self._batch.generation_id
        if lost:
            keys = [item.key for item, _ in settlement.written] + [item.key for item in settlement.deleted]
            await self._in_ledger(partial(add, generation, keys, delay=0.0))
        if self._unsure:
            await self._in_ledger(partial(add, generation, self._unsure, delay=LATE_WRITES_SECONDS))

    # Deleting

    async def _delete(self, contents: Mapping[str, Content]) -> None:
        # What the catalog has again is wanted again: its point is not deleted.
        gone = []
        for item in self._batch.items:
            content = contents.get(item.key)
            if content is None:
                gone.append(item)
            else:
                self._outcome.back.append((item, content.hashes))
        await self._w.collection.look()
        if self._w.collection.missing:
            self._outcome.deleted += gone
        elif gone:
            self._enter("write")
            collection = await self._w.collection.get()
            with self._unsure_of([item.key for item in gone]):
                await collection.delete([point_id(item.key) for item in gone], self._fence)
            self._outcome.deleted += gone

    # Filling

    async def _fill(self, contents: Mapping[str, Content]) -> None:
        to_embed, to_update = [], []
        for item in self._batch.items:
            content = contents.get(item.key)
            if content is None:
                self._gone(item)
            elif content.problem is not None:
                self._fail(item, Rejection(FaultClass.ITEM, content.problem))
            elif content.hashes.embed == item.synced_embed:
                to_update.append((item, content))
            else:
                to_embed.append((item, content))
        if to_update:
            await self._update_payloads(to_update)
        if to_embed:
            ended_by = await self._embed(to_embed)
            # What was embedded before it ended is paid for.
            await self._write([pair for pair in to_embed if pair[1].key in self._vectors])
            if ended_by is not None:
                raise ended_by

    def _gone(self, item: ClaimedItem) -> None:
        # What the collection never held can go at any time; the guard is over what people search.
        if item.synced_embed is not None and not self._w.guard.admit(1):
            raise Stop(Refused("catalog", self._w.guard.refusal(self._w.guard.admitted + 1)))
        self._outcome.gone.append(item)

    def _fail(self, item: ClaimedItem, rejection: Rejection) -> None:
        delay = None
        if rejection.error_class is FaultClass.TRANSIENT:
            delay = delay_after(item.attempts + 1, self._w.pipeline.retry, luck=random.random())
        self._outcome.failed.append(Failure(item, rejection.error_class, rejection.reason, delay))

    async def _update_payloads(self, pairs: Sequence[tuple[ClaimedItem, Content]]) -> None:
        self._enter("write")
        await self._w.collection.look()
        if self._w.collection.missing:
            self._outcome.unsynced += [item for item, _ in pairs]
            return
        collection = await self._w.collection.get()
        with self._unsure_of([content.key for _, content in pairs]):
            missing, rejected = await collection.overwrite_payloads(
                [content for _, content in pairs], self._fence
            )
        for item, content in pairs:
            if content.key in rejected:
                self._fail(item, rejected[content.key])
            elif content.point in missing:
                # Somebody removed the point: only embedding brings it back.
                self._outcome.unsynced.append(item)
            else:
                self._outcome.written.append((item, content.hashes))

    async def _embed(self, pairs: Sequence[tuple[ClaimedItem, Content]]) -> Fault | Stop | Interrupted | None:
        """Embed what is not kept; returns why some of it could not be."""
        contents = [content for _, content in pairs]
        have = await self._w.keeper.take(self._batch, contents, self._rows)
        await self._w.collection.look()
        self._enter("wait")
        async with self._w.embed_slots:
            if self._w.ended_early():
                # While it waited for its turn, another batch was refused, or the operator said stop.
                raise Interrupted
            await self._fence()
            self._enter("embed")
            result = await embed_contents(contents, self._w.embedders, have)
        self._vectors |= result.vectors
        for item, content in pairs:
            if content.key in result.rejected:
                self._fail(item, result.rejected[content.key])
        paid = result.partial | (result.vectors if self._w.keeper.always else {})
        new = [
            content for content in contents if len(paid.get(content.key, ())) > len(have.get(content.key, ()))
        ]
        await self._w.keeper.keep(self._batch, new, paid)
        if isinstance(result.ended_by, Refused | Stop):
            # Before what is there is written: nobody shall begin to embed meanwhile.
            self._w.give_up(result.ended_by.fault if isinstance(result.ended_by, Stop) else result.ended_by)
        return result.ended_by

    async def _write(self, pairs: Sequence[tuple[ClaimedItem, Content]]) -> None:
        if not pairs:
            return
        self._enter("write")
        unwritten = {content.key: content for _, content in pairs}
        try:
            collection = await self._w.collection.get(self._sizes())
            with self._unsure_of([content.key for _, content in pairs]):
                rejected = await collection.upsert(
                    [content for _, content in pairs], self._vectors, self._fence
                )
            for item, content in pairs:
                if content.key in rejected:
                    self._fail(item, rejected[content.key])
                else:
                    self._outcome.written.append((item, content.hashes))
                    del unwritten[content.key]
        finally:
            if unwritten and not self._w.keeper.always:
                # They are paid for: the next attempt shall find them.
                with anyio.CancelScope(shield=True), anyio.move_on_after(_RELEASE_SECONDS, shield=True):
                    await self._w.keeper.keep(self._batch, list(unwritten.values()), self._vectors)

    async def _fence(self) -> None:
        # Ours for as long as the request may take; later than that, another worker's content may be there.
        timeout = self._w.pipeline.collection.timeout
        if not await self._w.holds(self._batch, min(timeout, LEASE_SECONDS / 2)):
            raise _TakenOver

    @contextmanager
    def _unsure_of(self, keys: Sequence[str]) -> Iterator[None]:
        """A write that is under way, or was not confirmed, may have arrived or may still do so."""
        self._unsure = keys
        yield
        self._unsure = ()

    def _sizes(self) -> dict[str, int]:
        """The sizes of the vectors at hand, by name."""
        return {name: vector.size for vectors in self._vectors.values() for name, vector in vectors.items()}

    # The ends of a batch

    def _count(self, settlement: Settlement) -> None:
        progress = self._w.progress
        embedded = sum(1 for item, _ in settlement.written if item.key in self._vectors)
        progress.embedded += embedded
        progress.payload_updated += len(settlement.written) - embedded
        progress.deleted += len(settlement.deleted)
        progress.newly_failed += sum(1 for failure in settlement.failed if failure.delay is None)

    async def _in_ledger(self, work: Callable[[], T]) -> T:
        return await in_ledger(work, self._w.journal, f"batch {self._batch.token}")

    def _enter(self, stage: str) -> None:
        now = time.monotonic()
        if self._stage:
            self._stages[self._stage] = self._stages.get(self._stage, 0.0) + now - self._stage_began
        self._stage, self._stage_began = stage, now
        if stage:
            self._w.enter_stage(self._batch.token, stage)
