"""A store that does what `Collection` asks for is synced and verified; what it lacks is said."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from embedconsole.collection.base import (
    Aliases,
    Collection,
    Optimizer,
    SchemaChanges,
    StoredVectors,
    VectorSearch,
)
from embedconsole.faults import Refused
from embedconsole.items import point_id
from embedconsole.sync.audit.report import CollectionAudit, NotChecked
from embedconsole.sync.audit.verify import verify
from embedconsole.sync.inspect.collection import survey
from embedconsole.sync.reindex.switch import AliasSwitch
from embedconsole.sync.run.components import components_of
from embedconsole.sync.search.search import ByText, search
from embedconsole.sync.shared.options import RunOptions
from sync.driving import LIMIT, report_of

if TYPE_CHECKING:
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.run.engine import Engine
    from support.shop import Shop
    from sync.rig import HeldEmbedder, MemoryCollection

CORE = {"describe", "create", "upsert", "update", "delete", "retrieve", "scroll", "aclose"}


def test_the_core_has_eight_methods() -> None:
    assert {name for name in vars(Collection) if not name.startswith("_")} == {"target", *CORE}


@pytest.mark.parametrize("capability", [SchemaChanges, StoredVectors, VectorSearch, Aliases, Optimizer])
def test_the_store_of_these_tests_has_no_capability(collection: MemoryCollection, capability: type) -> None:
    assert not isinstance(collection, capability)


@pytest.fixture
def synced(handle: EngineHandle, embedder: HeldEmbedder) -> EngineHandle:
    embedder.go.set()
    assert report_of(handle.run(RunOptions())).embedded == 20
    return handle


def test_it_is_kept_true(synced: EngineHandle, shop: Shop, collection: MemoryCollection) -> None:
    shop.edit([1, 2], title="Newer")
    shop.delete([3])
    report = report_of(synced.run(RunOptions()))
    assert (report.embedded, report.deleted) == (2, 1)
    titles = {point: payload["title"] for point, payload in collection.points.items()}
    assert len(titles) == 19
    assert titles[point_id("1")] == titles[point_id("2")] == "Newer"


def test_it_is_verified_but_for_its_vectors(synced: EngineHandle, collection: MemoryCollection) -> None:
    collection.points.pop(point_id("5"))
    audit = synced.call(partial(verify, pipeline="products", sample=5)).result(timeout=LIMIT)
    assert isinstance(audit.collection, CollectionAudit)
    assert audit.collection.differences["missing"] == 1
    assert isinstance(audit.vectors, NotChecked)


def test_it_is_surveyed(synced: EngineHandle) -> None:
    found = synced.call(partial(survey, pipeline="products")).result(timeout=LIMIT)
    assert (found.naming, found.optimizations) == (None, None)


def test_what_it_can_not_do_is_refused_in_words(synced: EngineHandle) -> None:
    async def look(engine: Engine) -> None:
        components = components_of(engine.all_components, "products")
        with pytest.raises(Refused, match="this kind of collection has no search"):
            await search(components, ByText("shoe"), vector=None, limit=3)
        with pytest.raises(Refused, match="this kind of collection has no aliases"):
            await AliasSwitch(engine.ledger, components).searched()

    synced.call(look).result(timeout=LIMIT)
