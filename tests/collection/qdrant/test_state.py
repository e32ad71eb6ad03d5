"""What only a server tells of a collection: aliases, optimizations, and what its optimizers complain of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import orjson
import pytest

from collection.samples import PLAIN
from embedconsole.collection.qdrant.server import ServerCollection
from embedconsole.collection.qdrant.state import parse_state
from embedconsole.faults import Refused
from embedconsole.items import Naming, Optimization, Optimizations

if TYPE_CHECKING:
    from support.qdrant_server import QdrantServer

pytestmark = pytest.mark.anyio

NINE, LATER = "2026-01-01T09:00:00Z", "2026-01-01T09:01:00Z"
PROGRESS = {
    "name": "Segment Optimizing",
    "started_at": NINE,
    "children": [
        {"name": "copy_data", "started_at": NINE, "finished_at": LATER, "done": 9, "total": 9},
        {
            "name": "vector_index",
            "started_at": LATER,
            "children": [{"name": "main_graph", "started_at": LATER, "done": 5, "total": 20}],
        },
        {"name": "sparse_vector_index"},
    ],
}
RUNNING = {
    "uuid": "5b1f4f7e-7d6c-4b4e-9c0a-0123456789ab",
    "optimizer": "indexing",
    "status": "optimizing",
    "segments": [{"uuid": "a", "points_count": 12_000}, {"uuid": "b", "points_count": 8_000}],
    "progress": PROGRESS,
}
SUMMARY = {"queued_optimizations": 3, "queued_segments": 4, "queued_points": 500, "idle_segments": 2}


async def test_an_alias_stands_for_its_collection(
    server_collection: ServerCollection, qdrant: QdrantServer, collection_name: str
) -> None:
    await server_collection.create(PLAIN)
    actions = [
        {"create_alias": {"collection_name": collection_name, "alias_name": f"{alias}-{collection_name}"}}
        for alias in ("shop", "live")
    ]
    async with httpx.AsyncClient() as client:
        reply = await client.post(f"{qdrant.url}/collections/aliases", json={"actions": actions})
    assert reply.is_success
    expected = Naming(collection_name, (f"live-{collection_name}", f"shop-{collection_name}"))
    assert await server_collection.naming() == expected
    by_alias = ServerCollection(qdrant.url, f"live-{collection_name}")
    assert await by_alias.naming() == expected
    await by_alias.aclose()


async def test_running_optimizations_tell_the_stage_they_are_in(
    server_collection: ServerCollection, qdrant: QdrantServer
) -> None:
    await server_collection.create(PLAIN)
    assert await server_collection.optimizations() == Optimizations()

    body = orjson.dumps({"result": {"summary": SUMMARY, "running": [RUNNING]}, "status": "ok"}).decode()
    qdrant.fail_next(status=200, body=body, path="/optimizations")
    assert await server_collection.optimizations() == Optimizations(
        running=(Optimization("indexing", "main_graph", 5, 20, segments=2, points=20_000),),
        queued=3,
        queued_points=500,
    )


async def test_a_server_that_does_not_tell_its_optimizations_is_no_fault(
    server_collection: ServerCollection, qdrant: QdrantServer
) -> None:
    await server_collection.create(PLAIN)
    qdrant.fail_next(status=404, body="", path="/optimizations")
    assert await server_collection.optimizations() is None
    qdrant.fail_next(status=403, body="forbidden", path="/optimizations")
    with pytest.raises(Refused):
        await server_collection.optimizations()


def test_optimizers_that_stopped_are_told_beside_the_warnings() -> None:
    state = parse_state(
        {
            "status": "red",
            "optimizer_status": {"error": "disk full"},
            "warnings": [{"message": "strict mode is off"}],
            "config": {},
        }
    )
    assert state is not None
    assert state.complaints == ("optimizer: disk full", "strict mode is off")
