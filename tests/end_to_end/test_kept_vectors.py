"""Vectors that are paid for: a dropped collection is filled again without one embedding. Invariant 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.qdrant_server import QdrantServer


def drop_collection(stage: Stage) -> None:
    httpx.delete(f"{stage.points.url}/collections/{stage.points.collection}").raise_for_status()
    assert stage.points.ids() == set()


def test_a_dropped_collection_is_refilled_without_one_embedding(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.installation.settings["keep_vectors"] = "always"
    stage.shop.add(range(1, 26))
    assert stage.installation.sync().code == 0
    before = stage.points.all(vectors=True)
    drop_collection(stage)
    stage.forget()
    stage.shop.edit([3], price="7.77")
    stage.shop.delete([4])

    refilled = stage.installation.sync()

    assert refilled.code == 0, refilled.err
    assert stage.service.stats().requests == 0
    assert (refilled.products["embed_requests"], refilled.products["embed_items"]) == (0, 0)
    after = stage.points.all(vectors=True)
    assert after.keys() == before.keys() - {4}
    assert all(after[number]["vector"] == before[number]["vector"] for number in after)
    assert after[3]["payload"]["price"] == 7.77
    assert "written again from kept vectors" in stage.installation.log


def test_a_dropped_collection_is_not_paid_for_again_without_being_asked(sqlite_stage: Stage) -> None:
    """One vector that is not kept is enough: paying is the operator's decision."""
    stage = sqlite_stage
    stage.shop.add([1])
    assert stage.installation.sync().code == 0
    stage.installation.settings["keep_vectors"] = "always"
    stage.shop.add(range(2, 6))
    assert stage.installation.sync().code == 0
    drop_collection(stage)
    stage.forget()
    stage.shop.edit([3], title="Changed")

    refused = stage.installation.sync()

    assert refused.code == 3
    assert "does not exist, though" in refused.err
    assert stage.service.stats().requests == 0
    assert stage.points.ids() == set()


def test_a_dropped_collection_is_missed_and_refilled_though_nothing_changed(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.installation.settings["keep_vectors"] = "always"
    stage.shop.add(range(1, 26))
    assert stage.installation.sync().code == 0
    before = stage.points.all(vectors=True)
    drop_collection(stage)
    stage.forget()

    refilled = stage.installation.sync()

    assert refilled.code == 0, refilled.err
    assert stage.service.stats().requests == 0
    assert stage.points.all(vectors=True) == before


def test_a_dropped_collection_is_never_called_in_sync(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.shop.add(range(1, 6))
    assert stage.installation.sync().code == 0
    drop_collection(stage)

    refused = stage.installation.sync()

    assert refused.code == 3
    assert "does not exist, though 5 items were written to it" in refused.err


def test_with_nothing_to_write_an_absent_qdrant_is_no_reason_to_fail(
    sqlite_stage: Stage, own_qdrant: QdrantServer
) -> None:
    stage = sqlite_stage
    stage.pipeline["collection"]["url"] = own_qdrant.url
    stage.shop.add(range(1, 6))
    assert stage.installation.sync().code == 0
    own_qdrant.stop()

    assert stage.installation.sync().code == 0
