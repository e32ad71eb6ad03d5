"""Looking at a pipeline's collection: on a server, behind an alias, and with a key that may not see all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from embedconsole.collection.qdrant.server import ServerCollection
from embedconsole.faults import Refused
from embedconsole.items import CollectionSchema, Naming, Optimizations, VectorSpec
from embedconsole.sync.daemon.lifecycle import open_engine
from embedconsole.sync.inspect.collection import survey
from sync.makers import make_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.sync.inspect.collection import Survey
    from support.qdrant_server import QdrantServer

pytestmark = pytest.mark.anyio


async def surveyed(tmp_path: Path, **collection: Any) -> Survey:
    """What is seen of this collection."""
    pipeline = make_pipeline(collection={"indexes": {"title": "text"}, **collection})
    async with open_engine([pipeline], f"sqlite:///{tmp_path / 'ledger.db'}") as engine:
        return await survey(engine, pipeline="products")


async def test_a_collection_behind_an_alias(
    tmp_path: Path, qdrant: QdrantServer, collection_name: str
) -> None:
    made = ServerCollection(qdrant.url, collection_name)
    await made.create(CollectionSchema({"": VectorSpec(16, "cosine")}))
    await made.aclose()
    alias = f"live-{collection_name}"
    action = {"create_alias": {"collection_name": collection_name, "alias_name": alias}}
    async with httpx.AsyncClient() as client:
        await client.post(f"{qdrant.url}/collections/aliases", json={"actions": [action]})

    found = await surveyed(tmp_path, url=qdrant.url, name=alias)

    assert found.naming == Naming(collection_name, (alias,))
    assert found.optimizations == Optimizations()
    assert found.vectors == {"": VectorSpec(16, "cosine")}
    assert [one.field for one in found.differences] == ["indexes.title"]


async def test_a_missing_one_tells_what_is_configured(tmp_path: Path) -> None:
    found = await surveyed(tmp_path, path=str(tmp_path / "qdrant"), name="products", size=8)

    assert found.state is None
    assert found.vectors == {"": VectorSpec(8, "cosine")}
    assert found.indexes == {"title": "text"}


async def test_what_a_key_may_not_see_is_left_out(
    tmp_path: Path, qdrant: QdrantServer, collection_name: str
) -> None:
    made = ServerCollection(qdrant.url, collection_name)
    await made.create(CollectionSchema({"": VectorSpec(16, "cosine")}))
    await made.aclose()
    qdrant.fail_next(status=403, body="forbidden", path="aliases")
    qdrant.fail_next(status=403, body="forbidden", path="optimizations")

    found = await surveyed(tmp_path, url=qdrant.url, name=collection_name)

    assert found.state is not None
    assert (found.naming, found.optimizations) == (None, None)


async def test_one_that_refuses_us_altogether_is_a_fault(tmp_path: Path, qdrant: QdrantServer) -> None:
    qdrant.fail_next(status=403, body="forbidden")
    with pytest.raises(Refused, match="forbidden"):
        await surveyed(tmp_path, url=qdrant.url, name="products")
