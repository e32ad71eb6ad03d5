"""A verify beside a sync at work: what moves is no reason for an alarm."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread
import pytest
from sqlalchemy import delete

from embedconsole.faults import Unreachable
from embedconsole.ledger.items.synced_items import SyncedItems
from embedconsole.ledger.schema import items
from embedconsole.sync.audit.repair import LedgerRepairer
from embedconsole.sync.audit.report import CollectionAudit
from embedconsole.sync.audit.verify import Verification, verify
from embedconsole.sync.run.components import components_of
from embedconsole.sync.run.generations import current_generation
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.verdict import Verdict
from sync.driving import LIMIT, report_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.items import JsonObject, PointId, PointPage, Points
    from embedconsole.ledger.records.items import SyncedItem
    from embedconsole.sync.audit.report import Audit
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.run.engine import Engine
    from support.shop import Shop
    from sync.rig import HeldEmbedder, MemoryCollection


def verified(handle: EngineHandle) -> Audit:
    return handle.call(partial(verify, pipeline="products")).result(timeout=LIMIT)


def collection_of(audit: Audit) -> CollectionAudit:
    assert isinstance(audit.collection, CollectionAudit), audit.collection
    return audit.collection


@pytest.fixture
def synced(handle: EngineHandle, embedder: HeldEmbedder) -> EngineHandle:
    """20 products in the collection."""
    embedder.go.set()
    assert report_of(handle.run(RunOptions())).embedded == 20
    return handle


def test_what_is_written_but_not_settled_is_waiting(
    synced: EngineHandle,
    shop: Shop,
    collection: MemoryCollection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written, go = threading.Event(), threading.Event()
    write = collection.update

    async def write_and_linger(points: Points) -> frozenset[PointId]:
        missing = await write(points)
        written.set()
        await anyio.to_thread.run_sync(go.wait, LIMIT, limiter=anyio.CapacityLimiter(4))
        return missing

    monkeypatch.setattr(collection, "update", write_and_linger)
    shop.edit([1, 2], title="Newer")
    running = synced.run(RunOptions())
    assert written.wait(LIMIT)

    audit = verified(synced)

    go.set()
    assert audit.drift == 0
    assert collection_of(audit).counts[Verdict.WAITING] >= 2
    running.result(timeout=LIMIT)
    audit = verified(synced)
    assert (audit.drift, collection_of(audit).counts) == (0, {Verdict.AGREES: 20})


def test_what_was_synced_between_the_two_readings_is_looked_at_again(
    synced: EngineHandle,
    shop: Shop,
    collection: MemoryCollection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The points are read; then products are edited, deleted, added and synced; then the items are read."""
    scroll, page = collection.scroll, SyncedItems.page
    scrolled = threading.Event()
    ran: list[int] = []

    async def tell(start: PointId | None, *, fields: Sequence[str] | None, limit: int) -> PointPage:
        points = await scroll(start, fields=fields, limit=limit)
        scrolled.set()
        return points

    def sync_and_read(beliefs: SyncedItems, generation_id: int, after: bytes, count: int) -> list[SyncedItem]:
        assert scrolled.wait(LIMIT)
        if not ran:
            shop.edit([1, 2, 3], title="Newer")
            shop.delete([4])
            shop.add([21])
            ran.append(report_of(synced.run(RunOptions())).embedded)
        return page(beliefs, generation_id, after, count)

    monkeypatch.setattr(collection, "scroll", tell)
    monkeypatch.setattr(SyncedItems, "page", sync_and_read)

    audit = verified(synced)

    assert ran == [4]
    assert collection_of(audit).drift == 0
    assert collection_of(audit).counts == {Verdict.AGREES: 20}


def test_an_item_that_is_synced_under_the_second_look_is_looked_at_once_more(
    synced: EngineHandle,
    shop: Shop,
    collection: MemoryCollection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Item, point, item: only what has stood still counts."""
    look = collection.retrieve
    looks: list[int] = []

    async def sync_and_look(ids: Sequence[PointId]) -> Mapping[PointId, JsonObject]:
        looks.append(len(ids))
        if len(looks) == 1:
            # The real thing that looks wrong, and one that is synced between our readings of it.
            shop.edit([2], title="Newer")
            await anyio.to_thread.run_sync(
                lambda: report_of(synced.run(RunOptions())), limiter=anyio.CapacityLimiter(1)
            )
        return await look(ids)

    stale = collection.points[2]
    del collection.points[1]
    collection.points[2] = {}
    monkeypatch.setattr(collection, "retrieve", sync_and_look)

    audit = verified(synced)

    assert looks == [2, 1], "the one that moved is looked at again, alone"
    assert collection.points[2] != stale
    assert collection_of(audit).examples == {Verdict.MISSING: ("1",)}


def test_a_catalog_that_is_away_leaves_the_rest_checked(
    synced: EngineHandle, shop: Shop, collection: MemoryCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nobody can tell orphans from what the ledger has lost."""
    marker = collection.points[1]["_embedconsole"]
    assert isinstance(marker, dict)
    collection.points[99] = {"_embedconsole": {**marker, "key": "99"}}
    shop.database.run("ALTER TABLE products RENAME TO moved")

    audit = verified(synced)

    assert audit.failed
    assert audit.drift is None
    assert audit.known_drift == 1
    assert collection_of(audit).examples == {Verdict.UNLISTED: ("99",)}


def test_a_collection_that_goes_away_half_way_was_not_checked(
    synced: EngineHandle, collection: MemoryCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(start: PointId | None, *, fields: Sequence[str] | None, limit: int) -> object:
        raise Unreachable("Qdrant", "gone fishing")

    monkeypatch.setattr(collection, "scroll", away)

    audit = verified(synced)

    assert audit.failed == ("Qdrant: gone fishing",)
    assert audit.as_json()["collection"] == {"checked": False, "why": "Qdrant: gone fishing"}


def test_differences_that_a_run_is_about_to_find_are_waiting(
    synced: EngineHandle, shop: Shop, embedder: HeldEmbedder
) -> None:
    shop.edit([1], title="Newer")
    embedder.go.clear()
    running = synced.run(RunOptions())
    assert embedder.wait_for(lambda: embedder.inside > 0)
    shop.edit([2], title="Newer")

    audit = verified(synced)

    embedder.go.set()
    running.result(timeout=LIMIT)
    assert audit.drift == 0
    assert audit.as_json()["catalog"] == {
        "checked": True,
        "rows": 20,
        "missing": 0,
        "changed": 0,
        "gone": 0,
        "waiting": 1,
    }
    assert verified(synced).drift == 1


def test_what_is_entered_is_compared_by_every_later_run_until_one_has_come_to_its_end(
    synced: EngineHandle, shop: Shop, collection: MemoryCollection
) -> None:
    """A repair may be killed before its own run: a scan for changes would not look at what it entered."""

    async def lose_and_mend(engine: Engine) -> None:
        components = components_of(engine.all_components, "products")
        generation = current_generation(components, engine.ledger)
        assert generation is not None
        assert generation.scan_age is not None
        engine.ledger.database.execute(delete(items).where(items.c.key.in_(["3", "4"])))
        repairer = LedgerRepairer(engine.ledger, generation.id)
        await Verification(engine.ledger, components, generation, repair=repairer.repair).audit()
        generation = current_generation(components, engine.ledger)
        assert generation is not None
        assert (generation.scan_age, generation.watermark) == (None, None)

    shop.edit([3], touch=False, title="Behind the watermark")
    synced.call(lose_and_mend).result(timeout=LIMIT)

    report = report_of(synced.run(RunOptions()))

    assert (report.embedded, report.unchanged) == (1, 19)
    assert collection.points[3]["title"] == "Behind the watermark"
    assert verified(synced).drift == 0
