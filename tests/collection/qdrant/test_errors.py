"""Every way in which a Qdrant server fails, and the fault it becomes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import anyio.to_thread
import httpx
import pytest
from yarl import URL

from collection.samples import PLAIN, payload, payloads, plain_points
from embedconsole.collection.qdrant import server
from embedconsole.collection.qdrant.server import ServerCollection
from embedconsole.faults import BadInput, Fault, Overloaded, Refused, Throttled, Transient, Unreachable
from embedconsole.filters import Condition, Scope
from embedconsole.items import UNNAMED
from support.qdrant_server import QdrantServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from embedconsole.items import PointId

pytestmark = pytest.mark.anyio

CALLS: dict[str, Callable[[ServerCollection], Awaitable[object]]] = {
    "describe": lambda c: c.describe(),
    "create": lambda c: c.create(PLAIN),
    "create_index": lambda c: c.create_index("sku", "keyword"),
    "upsert": lambda c: c.upsert(plain_points([1])),
    "update": lambda c: c.update(payloads({1: {}})),
    "delete": lambda c: c.delete([1]),
    "retrieve": lambda c: c.retrieve([1]),
    "naming": lambda c: c.naming(),
    "similar": lambda c: c.similar(1, using=UNNAMED, limit=1),
    "search": lambda c: c.search(plain_points([1]).vectors[UNNAMED][0], using=UNNAMED, limit=1),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
raw_or_client = pytest.mark.parametrize("call", [CALLS["upsert"], CALLS["search"]], ids=["raw", "client"])


@each_call
@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (400, BadInput),
        (401, Refused),
        (403, Refused),
        (404, Refused),
        (405, Refused),
        (408, Transient),
        (413, BadInput),
        (422, BadInput),
        (429, BadInput),
        (500, Transient),
        (502, Transient),
        (503, Overloaded),
        (507, Transient),
    ],
)
async def test_status_codes(
    server_collection: ServerCollection,
    qdrant: QdrantServer,
    call: Callable[[ServerCollection], Awaitable[object]],
    status: int,
    fault: type[Fault],
) -> None:
    qdrant.fail_next(status=status, body='{"status":{"error":"the\\nreason"},"time":0}')
    with pytest.raises(fault, match=rf"answered {status}: the reason") as caught:
        await call(server_collection)
    assert type(caught.value) is fault
    assert caught.value.source == "Qdrant"


@raw_or_client
@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_429_with_retry_after_is_throttled(
    server_collection: ServerCollection,
    qdrant: QdrantServer,
    call: Callable[[ServerCollection], Awaitable[object]],
    form: str,
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    qdrant.fail_next(status=429, headers={"Retry-After": "30" if form == "seconds" else date})
    with pytest.raises(Throttled) as caught:
        await call(server_collection)
    assert caught.value.retry_after == pytest.approx(30, abs=5)


async def test_507_says_what_to_free(server_collection: ServerCollection, qdrant: QdrantServer) -> None:
    qdrant.fail_next(status=507)
    with pytest.raises(Transient, match="out of disk") as caught:
        await server_collection.delete([1])
    assert caught.value.remedy is not None


@each_call
async def test_a_truncated_reply_is_transient(
    server_collection: ServerCollection,
    qdrant: QdrantServer,
    call: Callable[[ServerCollection], Awaitable[object]],
) -> None:
    qdrant.fail_next("truncate", count=2)
    with pytest.raises(Transient, match="broke the connection"):
        await call(server_collection)


@each_call
async def test_a_dropped_connection_is_transient(
    server_collection: ServerCollection,
    qdrant: QdrantServer,
    call: Callable[[ServerCollection], Awaitable[object]],
) -> None:
    qdrant.fail_next("drop", count=2)
    with pytest.raises(Transient, match="broke the connection"):
        await call(server_collection)


@each_call
async def test_html_with_200_is_transient(
    server_collection: ServerCollection,
    qdrant: QdrantServer,
    call: Callable[[ServerCollection], Awaitable[object]],
) -> None:
    html = "<html>\n<h1>Welcome</h1></html>"
    qdrant.fail_next(status=200, body=html, headers={"Content-Type": "text/html"})
    with pytest.raises(Transient, match="something other than Qdrant") as caught:
        await call(server_collection)
    assert "\n" not in str(caught.value)


@raw_or_client
async def test_json_with_200_that_is_no_reply_of_qdrant_is_transient(
    server_collection: ServerCollection,
    qdrant: QdrantServer,
    call: Callable[[ServerCollection], Awaitable[object]],
) -> None:
    qdrant.fail_next(status=200, body="[1, 2]")
    with pytest.raises(Transient, match="something other than Qdrant"):
        await call(server_collection)


@raw_or_client
async def test_a_slow_server_is_transient(
    qdrant: QdrantServer,
    collection_name: str,
    call: Callable[[ServerCollection], Awaitable[object]],
) -> None:
    collection = ServerCollection(qdrant.url, collection_name, timeout=0.2)
    qdrant.fail_next("hold")
    with pytest.raises(Transient, match=r"did not answer in time|can't be reached"):
        await call(collection)
    qdrant.release()
    await collection.aclose()


@pytest.mark.parametrize("status", ["acknowledged", "wait_timeout"])
async def test_a_write_that_is_not_completed_is_transient(
    server_collection: ServerCollection, qdrant: QdrantServer, status: str
) -> None:
    await server_collection.create(PLAIN)
    qdrant.fail_next(status=200, body=f'{{"result":{{"operation_id":1,"status":"{status}"}},"status":"ok"}}')
    with pytest.raises(Transient, match=f"did not confirm.*{status}"):
        await server_collection.upsert(plain_points([1]))
    qdrant.fail_next(
        status=200, body=f'{{"result":[{{"operation_id":1,"status":"{status}"}}],"status":"ok"}}'
    )
    with pytest.raises(Transient, match=f"did not confirm.*{status}"):
        await server_collection.update(payloads({1: {}}))


@raw_or_client
async def test_a_huge_error_body_becomes_a_short_line(
    server_collection: ServerCollection,
    qdrant: QdrantServer,
    call: Callable[[ServerCollection], Awaitable[object]],
) -> None:
    qdrant.fail_next(status=500, body="\x1b[31mboom\n" * 400_000, headers={"Content-Type": "text/plain"})
    with pytest.raises(Transient, match="boom") as caught:
        await call(server_collection)
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


async def test_only_the_beginning_of_a_huge_error_body_is_read(
    server_collection: ServerCollection, qdrant: QdrantServer
) -> None:
    qdrant.fail_next(status=500, body="x" * 5_000_000)
    reply = await server_collection._http.send("GET", URL(f"{qdrant.url}/collections"))
    assert len(reply.body) == 64 * 1024
    assert not reply.whole


async def test_a_server_that_is_not_there_is_unreachable(own_qdrant: QdrantServer) -> None:
    collection = ServerCollection(own_qdrant.url, "products")
    own_qdrant.stop()
    for call in CALLS.values():
        with pytest.raises(Unreachable, match="can't be reached"):
            await call(collection)
    await collection.aclose()


async def test_a_killed_server_has_kept_what_it_confirmed(own_qdrant: QdrantServer) -> None:
    collection = ServerCollection(own_qdrant.url, "products")
    await collection.create(PLAIN)
    await collection.upsert(plain_points([1, 2]))
    own_qdrant.kill()
    await anyio.to_thread.run_sync(own_qdrant.start)  # leaves the loop free to see the connection end
    assert set(await collection.retrieve([1, 2, 3])) == {1, 2}
    await collection.aclose()


async def test_an_alias_is_as_good_as_a_name(
    qdrant: QdrantServer, server_collection: ServerCollection
) -> None:
    await server_collection.create(PLAIN)
    name = server_collection.target.split()[1]
    create = {"create_alias": {"collection_name": name, "alias_name": f"{name}-alias"}}
    async with httpx.AsyncClient(base_url=qdrant.url) as client:
        reply = await client.post("/collections/aliases", json={"actions": [create]})
        reply.raise_for_status()
    alias = ServerCollection(qdrant.url, f"{name}-alias")
    state = await alias.describe()
    assert state is not None
    assert state.vectors == PLAIN.vectors
    await alias.upsert(plain_points([1]))
    assert await server_collection.retrieve([1]) == {1: payload(0)}
    with pytest.raises(Fault):
        await alias.create(PLAIN)
    await alias.aclose()


@pytest.mark.parametrize("name", ["a b", "50%", "prix €", "a?b#c", "%2e%2e", "a;b&c=d"])
async def test_names_that_mean_something_in_a_url(qdrant: QdrantServer, name: str) -> None:
    collection = ServerCollection(qdrant.url, name)
    await collection.create(PLAIN)
    await collection.upsert(plain_points([1]))
    hits = await collection.search(plain_points([1]).vectors[UNNAMED][0], using=UNNAMED, limit=1)
    assert [hit.id for hit in hits] == [1]
    state = await collection.describe()
    assert state is not None
    assert state.indexes == PLAIN.indexes
    await collection.aclose()


async def test_the_api_key_is_sent_and_never_shown(tmp_path: Path) -> None:
    key = "very-secret-key"
    with QdrantServer(tmp_path, api_key=key) as server:
        right = ServerCollection(server.url, "products", api_key=key)
        await right.create(PLAIN)
        await right.upsert(plain_points([1]))
        wrong = ServerCollection(server.url, "products", api_key="another")
        for call in CALLS.values():
            with pytest.raises(Refused, match="Invalid API key") as caught:
                await call(wrong)
            assert "api_key" in str(caught.value.remedy)
        for call in (CALLS["upsert"], CALLS["search"]):
            server.fail_next(status=500, body=f"upstream said: header api-key {key} is odd")
            with pytest.raises(Transient) as shown:
                await call(right)
            assert key not in str(shown.value)
            assert "***" in str(shown.value)
        await right.aclose()
        await wrong.aclose()


async def test_a_url_with_a_password_works_and_is_not_shown(qdrant: QdrantServer) -> None:
    url = qdrant.url.replace("http://", "http://user:pass%20word@")
    collection = ServerCollection(url, "products-behind-a-proxy")
    await collection.create(PLAIN)
    assert "pass" not in collection.target
    await collection.aclose()


async def test_a_lost_confirmation_can_simply_be_written_again(
    server_collection: ServerCollection, qdrant: QdrantServer
) -> None:
    await server_collection.create(PLAIN)
    qdrant.fail_next(status=502, applied=True)
    with pytest.raises(Transient):
        await server_collection.upsert(plain_points([1, 2]))
    await server_collection.upsert(plain_points([1, 2]))
    state = await server_collection.describe()
    assert state is not None
    assert state.points == 2


async def test_points_that_vanish_between_two_tries_are_told_as_missing(
    server_collection: ServerCollection, qdrant: QdrantServer
) -> None:
    await server_collection.create(PLAIN)
    await server_collection.upsert(plain_points([1]))
    qdrant.fail_next(
        status=404,
        path="/points/batch",
        body='{"status":{"error":"Not found: No point with id 1 found"}}',
        count=9,
    )
    with pytest.raises(Transient, match="vanish"):
        await server_collection.update(payloads({1: {}}))


async def test_a_reply_beyond_the_limit_is_requested_in_halves(
    server_collection: ServerCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server_collection.create(PLAIN)
    ids: list[PointId] = list(range(1, 9))
    await server_collection.upsert(plain_points(ids))
    monkeypatch.setattr(server, "REPLY_LIMIT", 900)

    assert set(await server_collection.retrieve(ids)) == set(ids)
    page = await server_collection.scroll(None, limit=8)

    assert 0 < len(page.points) < 8
    assert page.following == len(page.points) + 1


async def test_a_reply_without_an_end_is_a_fault_with_words(
    server_collection: ServerCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server_collection.create(PLAIN)
    await server_collection.upsert(plain_points([1]))
    monkeypatch.setattr(server, "REPLY_LIMIT", 50)
    for call in (server_collection.describe(), server_collection.retrieve([1])):
        with pytest.raises(Transient, match="answered more than 64 MB to one request"):
            await call


def test_importing_and_using_the_write_path_does_not_import_qdrant_client() -> None:
    code = (
        "import sys, embedconsole.collection.qdrant.server as s;"
        "s.ServerCollection('http://localhost', 'products');"
        "bad = [m for m in sys.modules if m.partition('.')[0] in ('qdrant_client', 'grpc', 'qdrant_edge')];"
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_a_strict_server_wants_an_index_for_what_is_asked(
    qdrant: QdrantServer, server_collection: ServerCollection, collection_name: str
) -> None:
    await server_collection.create(PLAIN)
    await server_collection.upsert(plain_points([1]))
    strict = {"strict_mode_config": {"enabled": True, "unindexed_filtering_retrieve": False}}
    async with httpx.AsyncClient() as client:
        reply = await client.patch(f"{qdrant.url}/collections/{collection_name}", json=strict)
    assert reply.is_success
    vector = plain_points([1]).vectors[UNNAMED][0]
    color = Condition("metadata.color", "in", ("red",))
    for scope, field in (
        (Scope((color,)), "metadata.color"),
        (Scope((replace(color, values=("red", 5)),)), "metadata.color"),
        (Scope((Condition("title", "in", ("Product 0",)),)), "title"),
        (Scope(group_by="product_id"), "product_id"),
    ):
        with pytest.raises(Refused, match=f"refuses to filter or group by {field}, which has no") as caught:
            await server_collection.search(vector, using=UNNAMED, limit=1, scope=scope)
        assert caught.value.remedy == f"Add {field} to collection.indexes and run `embedconsole init`"
    await server_collection.create_index("metadata.color", "keyword")
    assert await server_collection.search(vector, using=UNNAMED, limit=1, scope=Scope((color,))) == []
    cheap = Scope((Condition("price", "<", (9,)), Condition("in_stock", "in", (True,))))
    assert len(await server_collection.search(vector, using=UNNAMED, limit=1, scope=cheap)) == 1
