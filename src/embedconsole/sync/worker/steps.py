"""The steps of a batch: read, delete, write payload, embed, write. The decisions of each remain valid."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.faults import Fault, FaultClass, Refused
from embedconsole.items import point_id
from embedconsole.ledger.items.claim import LEASE_SECONDS
from embedconsole.ledger.records.work import Failure, Settlement
from embedconsole.ledger.state import UNKNOWN, State
from embedconsole.retry import item_delay
from embedconsole.sync.content.slots import vector_of
from embedconsole.sync.content.vectors import joined
from embedconsole.sync.resilience.gate import Interrupted, Stop
from embedconsole.sync.worker.bisect import Rejection
from embedconsole.sync.worker.embed import embed_contents
from embedconsole.sync.worker.reuse import standing_of
from embedconsole.telemetry import passed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.items import CatalogRow
    from embedconsole.ledger.records.items import Hashes
    from embedconsole.ledger.records.work import Batch, ClaimedItem
    from embedconsole.sync.content.recipe import Content
    from embedconsole.sync.worker.context import Workbench

    Vector = NDArray[np.float32]


_NOT_OURS = "the point with its id in the collection is {whose}, so it is not overwritten"


class BatchTaken(Interrupted):
    """The lease ran out while the process was away, and another worker has the items."""


class BatchSteps:
    """One batch on its way.

    Attributes:
        rows: What the catalog has of its items, by key.
        vectors: What was embedded, or was there before, by key and slot.
        outcome: What is decided so far.
        unsure: Keys of a write that may have arrived, and was not confirmed.
    """

    def __init__(self, bench: Workbench, batch: Batch) -> None:
        self._bench = bench
        self._batch = batch
        self.rows: dict[str, CatalogRow] = {}
        self._items: Sequence[ClaimedItem] = ()
        self.outcome = BatchOutcome()
        self._found: dict[str, dict[str, Vector]] = {}
        self._unkept: dict[str, tuple[Content, int]] = {}
        """The contents being embedded, with how many of their vectors need not be kept: they already were."""
        self.vectors: dict[str, Mapping[str, Vector]] = {}
        self.unsure: Sequence[str] = ()
        self.stages = Stages(partial(bench.enter_stage, batch.token))

    async def work(self) -> None:
        """Do the work of the batch; decisions made before it raises remain valid."""
        if self._bench.ended_early():
            # Its claim was under way when another batch was refused, and got what that one gave back.
            raise Interrupted
        count = len(self._batch.items)
        async with self._bench.room.held(lambda: self._bench.rows.expected(count)) as room:
            self.stages.enter("read")
            contents, weight = await self._bench.reader.call_counted(
                lambda: anyio.to_thread.run_sync(self._read, abandon_on_cancel=True),
                self._bench.pipeline.retry,
            )
            await room.resize(weight)
            if self._batch.work is State.DELETE:
                await self._delete(contents)
            else:
                await self._fill(contents)

    def _read(self) -> tuple[dict[str, Content], int]:
        """The contents of the rows, and the bytes that these weigh."""
        # What does not fit into the first portion is released with the end of the batch.
        keys, self.rows, weight = next(self._bench.rows.read([item.key for item in self._batch.items]))
        self._items = self._batch.items[: len(keys)]
        return {key: self._bench.recipe.content(row) for key, row in self.rows.items()}, weight

    async def _look_at_collection(self) -> None:
        """See that the collection can be written to; a batch that waits for it says so."""
        if not self._bench.collection.looked:
            self.stages.enter("check")
        await self._bench.collection.look()

    # Deleting

    async def _delete(self, contents: Mapping[str, Content]) -> None:
        # An item that the catalog has again is planned again: its point is not deleted.
        gone = []
        for item in self._items:
            content = contents.get(item.key)
            if content is None:
                gone.append(item)
            else:
                self.outcome.back.append((item, content.hashes))
        await self._look_at_collection()
        if self._bench.collection.missing:
            self.outcome.deleted += gone
        elif gone:
            self.stages.enter("write")
            collection = await self._bench.collection.get()
            with self._unsure_of([item.key for item in gone]):
                await collection.delete([point_id(item.key) for item in gone], self._fence)
            self.outcome.deleted += gone

    # Filling

    async def _fill(self, contents: Mapping[str, Content]) -> None:
        to_embed, to_update, gone = [], [], []
        for item in self._items:
            content = contents.get(item.key)
            if content is None:
                gone.append(item)
            elif self.rows[item.key].unsure:
                self._fail(item, Rejection(FaultClass.TRANSIENT, "its picture can't be looked at now"))
            elif content.problem is not None:
                self._fail(item, Rejection(FaultClass.ITEM, content.problem))
            elif content.hashes.embed == item.synced_embed:
                to_update.append((item, content))
            else:
                to_embed.append((item, content))
        if gone:
            await self._let_go(gone)
        if to_update:
            await self._update_payloads(to_update)
        if to_embed:
            await self._look_at_collection()
            if self._bench.collection.shared:
                to_embed = await self._free(to_embed)
        if to_embed:
            ended_by = await self._embed(to_embed)
            # What was embedded before it ended is paid for.
            await self._write([pair for pair in to_embed if pair[1].key in self.vectors])
            if ended_by is not None:
                raise ended_by

    async def _free(self, pairs: Sequence[tuple[ClaimedItem, Content]]) -> list[tuple[ClaimedItem, Content]]:
        """Those whose id no point of others has; the rest fails before anything is paid for it."""
        new = [content for item, content in pairs if item.synced_embed is None]
        if not new:
            return list(pairs)
        owners = await (await self._bench.collection.get()).owners(new)
        name = self._bench.pipeline.name
        free = []
        for item, content in pairs:
            owner = owners.get(content.point, name)
            if item.synced_embed is not None or owner == name:
                free.append((item, content))
            else:
                whose = "without a marker of ours" if owner is None else f"of pipeline {owner}"
                self._fail(item, Rejection(FaultClass.ITEM, _NOT_OURS.format(whose=whose)))
        return free

    async def _let_go(self, gone: Sequence[ClaimedItem]) -> None:
        # What the collection never held can go at any time; the guard is over what people search.
        searched = sum(item.synced_embed is not None for item in gone)
        if searched:
            refusal = await self._bench.reader.call_counted(
                lambda: anyio.to_thread.run_sync(self._refusal, searched, abandon_on_cancel=True),
                self._bench.pipeline.retry,
            )
            if refusal is not None:
                raise Stop(Refused("catalog", refusal))
        self.outcome.gone += gone

    def _refusal(self, searched: int) -> str | None:
        return self._bench.guard.admit(searched, self._bench.catalog.count())

    def _fail(self, item: ClaimedItem, rejection: Rejection) -> None:
        delay, retry = None, self._bench.pipeline.retry
        if rejection.error_class is FaultClass.TRANSIENT:
            delay = item_delay(item.attempts + 1, retry.backoff, most=retry.attempts, luck=random.random())
        self.outcome.failed.append(Failure(item, rejection.error_class, rejection.reason, delay))

    async def _update_payloads(self, pairs: Sequence[tuple[ClaimedItem, Content]]) -> None:
        await self._look_at_collection()
        self.stages.enter("write")
        if self._bench.collection.missing:
            self.outcome.unsynced += [item for item, _ in pairs]
            return
        collection = await self._bench.collection.get()
        with self._unsure_of([content.key for _, content in pairs]):
            missing, rejected = await collection.update_payloads(
                [content for _, content in pairs], self._fence
            )
        for item, content in pairs:
            if content.key in rejected:
                self._fail(item, rejected[content.key])
            elif content.point in missing:
                # The point was removed by others: only embedding brings it back.
                self.outcome.unsynced.append(item)
            else:
                self.outcome.written.append((item, content.hashes))

    async def _embed(self, pairs: Sequence[tuple[ClaimedItem, Content]]) -> Fault | Stop | Interrupted | None:
        """Embed what is not kept; returns why some of it could not be."""
        contents = [content for _, content in pairs]
        have = await self._have(pairs)
        self.stages.enter("wait")
        async with self._bench.embed_slots:
            if self._bench.ended_early():
                # While it waited for its turn, another batch was refused, or the operator said stop.
                raise Interrupted
            await self._fence()
            self.stages.enter("embed")
            self._found = {content.key: dict(have.get(content.key, {})) for content in contents}
            self._unkept = {content.key: (content, len(self._found[content.key])) for content in contents}
            result = await embed_contents(contents, self._bench.embedders, self._found, self._fence_embedding)
        self.vectors |= result.vectors
        for item, content in pairs:
            if content.key in result.rejected:
                self._fail(item, result.rejected[content.key])
                if result.rejected[content.key].error_class is FaultClass.ITEM:
                    del self._unkept[content.key]
        if isinstance(result.ended_by, Refused | Stop):
            # Before anything else: no other batch may begin to embed meanwhile.
            self._bench.give_up(
                result.ended_by.fault if isinstance(result.ended_by, Stop) else result.ended_by
            )
        if self._bench.keeper.always:
            await self.keep()
        return result.ended_by

    async def _have(self, pairs: Sequence[tuple[ClaimedItem, Content]]) -> dict[str, Mapping[str, Vector]]:
        """Embeddings that need not be paid for, by key and slot: what is kept, and what is in points."""
        bench = self._bench
        contents = [content for _, content in pairs]
        found = await bench.keeper.take(self._batch, contents)
        if bench.recipe.in_slots and not bench.collection.missing:
            changed = [content for item, content in pairs if item.synced_embed not in (None, UNKNOWN)]
            found = joined(found, await standing_of(changed, await bench.collection.get()))
        if bench.donor is not None:
            lacking = [
                content for content in contents if len(found.get(content.key, ())) < len(content.inputs)
            ]
            found = joined(found, await bench.donor.vectors_of(lacking))
        return found

    async def keep(self) -> None:
        """Keep the vectors that are paid for and not in the collection."""
        for item, _ in self.outcome.written:
            self._unkept.pop(item.key, None)
        new = [content for content, had in self._unkept.values() if len(self._found[content.key]) > had]
        await self._bench.keeper.keep(self._batch, new, self._found)
        self._unkept.clear()

    async def _write(self, pairs: Sequence[tuple[ClaimedItem, Content]]) -> None:
        if not pairs:
            return
        self.stages.enter("write")
        collection = await self._bench.collection.get(self._sizes())
        new = [pair for pair in pairs if pair[0].synced_embed is None]
        there = [pair for pair in pairs if pair[0].synced_embed is not None]
        for write, some in ((collection.insert, new), (collection.update, there)):
            contents = [content for _, content in some]
            with self._unsure_of([content.key for content in contents]):
                rejected = await write(contents, self.vectors, self._fence)
            for item, content in some:
                if content.key in rejected:
                    self._fail(item, rejected[content.key])
                else:
                    self.outcome.written.append((item, content.hashes))

    async def _fence(self) -> None:
        # Ours for as long as the request may take; later than that, another worker's content may be there.
        timeout = self._bench.pipeline.collection.timeout
        if not await self._bench.holds(self._batch, min(timeout, LEASE_SECONDS / 2)):
            raise BatchTaken

    async def _fence_embedding(self) -> None:
        # After a sleep the answer has timed out, and another worker pays for the items already. While the
        # ledger is away it can't tell; that is no fault of the embedder, and no process can claim either.
        if self._bench.ended_early():
            raise Interrupted  # what another batch met ends this one's tries as well
        with suppress(Stop):
            await self._fence()

    @contextmanager
    def _unsure_of(self, keys: Sequence[str]) -> Iterator[None]:
        """A write that is under way, or was not confirmed, may have arrived or may still do so."""
        self.unsure = keys
        yield
        self.unsure = ()

    def _sizes(self) -> dict[str, int]:
        """The sizes of the vectors received so far, by name."""
        return {
            vector_of(slot): vector.size for slots in self.vectors.values() for slot, vector in slots.items()
        }


@dataclass(slots=True)
class BatchOutcome:
    """A `Settlement` in the making."""

    written: list[tuple[ClaimedItem, Hashes]] = field(default_factory=list)
    deleted: list[ClaimedItem] = field(default_factory=list)
    gone: list[ClaimedItem] = field(default_factory=list)
    back: list[tuple[ClaimedItem, Hashes]] = field(default_factory=list)
    unsynced: list[ClaimedItem] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)

    def settlement(self, batch: Batch) -> Settlement:
        """Everything decided so far; undecided items return to the queue."""
        decided = {item.id for item, _ in (*self.written, *self.back)}
        decided |= {item.id for item in (*self.deleted, *self.gone, *self.unsynced)}
        decided |= {failure.item.id for failure in self.failed}
        released = [item for item in batch.items if item.id not in decided]
        return Settlement(
            self.written, self.deleted, self.gone, self.back, self.unsynced, self.failed, released
        )


class Stages:
    """The stages of one batch, one after the other.

    Args:
        entered: Called with each.

    Attributes:
        seconds: Stage to the time in it; one that is entered again is added to.
    """

    def __init__(self, entered: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds: dict[str, float] = {}
        self._entered = entered
        self._clock = clock
        self._stage: str | None = None
        self._began = 0.0

    def enter(self, stage: str) -> None:
        """The batch is at this now."""
        self.end()
        self._stage = stage
        self._entered(stage)

    def end(self) -> None:
        """The batch is at nothing any more."""
        now = self._clock()
        if self._stage is not None:
            spent = now - self._began
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + spent
            passed(self._stage, spent)
        self._stage, self._began = None, now
