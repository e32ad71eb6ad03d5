"""What tests of the engine's parts share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.sync.daemon.engine_thread import EngineHandle, engine_in_thread
from embedconsole.sync.run import components as components
from support.shop import QUERY, Shop
from sync.makers import make_pipeline
from sync.rig import HeldEmbedder, MemoryCollection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from support.databases import Database


@pytest.fixture
def shop(sqlite: Database) -> Shop:
    """A shop with 20 products."""
    shop = Shop(sqlite)
    shop.create()
    shop.add(range(1, 21))
    return shop


@pytest.fixture
def embedder() -> Iterator[HeldEmbedder]:
    """Lets go at the end whatever it still holds."""
    embedder = HeldEmbedder()
    yield embedder
    embedder.go.set()


@pytest.fixture
def collection() -> MemoryCollection:
    return MemoryCollection()


@pytest.fixture
def pipeline(shop: Shop, tmp_path: Path) -> Pipeline:
    """Batches of 2, two of them embedding at the same time."""
    catalog = {"url": shop.database.url, "query": QUERY, "key": "id", "changed": "updated_at"}
    target = {"path": str(tmp_path / "qdrant"), "name": "products", "payload": {"title": "title"}}
    return make_pipeline(
        catalog=catalog,
        embed={"embedder": "ml", "text": "{title}"},
        collection=target,
        chunk_size=2,
        workers=2,
    )


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def handle(
    pipeline: Pipeline,
    ledger_url: str,
    embedder: HeldEmbedder,
    collection: MemoryCollection,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[EngineHandle]:
    """The engine, running and idle."""
    monkeypatch.setattr("embedconsole.embedders.pool.build_embedder", lambda name, config, **_: embedder)
    monkeypatch.setattr(components, "build_itself", lambda config, name: collection)
    with engine_in_thread([pipeline], ledger_url) as handle:
        yield handle
        embedder.go.set()
        handle.drain()
