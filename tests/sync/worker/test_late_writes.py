"""A worker is held up while it writes, and loses its lease: the write arrives too late. Scenario 16."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio.to_thread
import pytest

from embedconsole.ledger.database import Database
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.daemon.engine_thread import EngineHandle, engine_in_thread
from embedconsole.sync.shared.options import RunOptions
from sync.driving import LIMIT, report_of

if TYPE_CHECKING:
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import Points
    from support.shop import Shop
    from sync.rig import HeldEmbedder, MemoryCollection


class HeldWrite:
    """Holds up the first write that has a product in it, before it takes effect."""

    def __init__(self, collection: MemoryCollection, product: int) -> None:
        self.held, self.go = threading.Event(), threading.Event()
        self._write = collection.upsert
        self._product = product

    async def __call__(self, points: Points) -> None:
        if self._product in points.ids and not self.held.is_set():
            self.held.set()
            await anyio.to_thread.run_sync(self.go.wait, LIMIT, limiter=anyio.CapacityLimiter(1))
        await self._write(points)


def let_leases_run_out(ledger_url: str) -> None:
    database = Database(ledger_url)
    with database.engine.begin() as connection:
        for statement in (
            "UPDATE embedconsole_items SET due_at = 1 WHERE batch_id IS NOT NULL",
            "UPDATE embedconsole_batches SET lease_until = 1",
        ):
            connection.exec_driver_sql(statement)
    database.close()


@pytest.mark.parametrize("meanwhile", ["edited", "deleted"])
def test_what_a_stale_worker_writes_late_is_put_right(
    handle: EngineHandle,
    pipeline: Pipeline,
    ledger_url: str,
    shop: Shop,
    embedder: HeldEmbedder,
    collection: MemoryCollection,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: str,
) -> None:
    embedder.go.set()
    late = HeldWrite(collection, 1)
    monkeypatch.setattr(collection, "upsert", late)
    stale = handle.run(RunOptions())
    assert late.held.wait(LIMIT)

    let_leases_run_out(ledger_url)
    if meanwhile == "edited":
        shop.edit([1], title="Newest")
    else:
        shop.delete([1])
    with engine_in_thread([pipeline], ledger_url) as other:
        # Another process would have another pid; ours under another id would be taken for dead.
        other._engine.me = replace(other._engine.me, place="elsewhere")
        other.call(lambda engine: engine.help()).result(timeout=LIMIT)
    assert collection.points.get(1, {}).get("title") == ("Newest" if meanwhile == "edited" else None)
    late.go.set()
    stale.result(timeout=LIMIT)
    assert collection.points[1]["title"] == "Product number 1", "the collection takes what is sent"

    report_of(handle.run(RunOptions()))

    if meanwhile == "edited":
        assert collection.points[1]["title"] == "Newest"
    else:
        assert 1 not in collection.points
    assert set(collection.points) >= set(range(2, 21))
    with open_ledger(ledger_url) as ledger:
        generation = ledger.generations.current("products")
        assert generation is not None
        assert ledger.rechecks.due(generation.id) == []
        counts = ledger.overview.counts(generation.id)
        assert (counts.pending, counts.failed) == (0, 0)
