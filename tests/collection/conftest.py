"""Collections of both kinds, fresh for every test."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from embedconsole.collection.embedded.embedded import EmbeddedCollection
from embedconsole.collection.qdrant.server import ServerCollection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.full_collection import FullCollection
    from support.qdrant_server import QdrantServer


@pytest.fixture
async def server_collection(qdrant: QdrantServer, collection_name: str) -> AsyncIterator[ServerCollection]:
    collection = ServerCollection(qdrant.url, collection_name, timeout=20)
    yield collection
    await collection.aclose()


@pytest.fixture
async def embedded_collection(tmp_path: Path) -> AsyncIterator[EmbeddedCollection]:
    collection = EmbeddedCollection(tmp_path / "qdrant", "products", timeout=20)
    yield collection
    await collection.aclose()


@pytest.fixture(params=["server", "embedded"])
async def collection(
    request: pytest.FixtureRequest, tmp_path: Path, collection_name: str
) -> AsyncIterator[FullCollection]:
    """An implementation of the protocol with nothing in it, not even the collection."""
    async with AsyncExitStack() as stack:
        made: FullCollection
        if request.param == "server":
            server: QdrantServer = request.getfixturevalue("qdrant")
            made = ServerCollection(server.url, collection_name, timeout=20)
        else:
            made = EmbeddedCollection(tmp_path / "qdrant", collection_name, timeout=20)
        stack.push_async_callback(made.aclose)
        yield made
