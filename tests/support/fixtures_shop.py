"""A shop, its services and an installation of embedconsole: the stage of the end-to-end tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from support.installation import Installation, Points, shop_settings
from support.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.qdrant_server import QdrantServer


@dataclass(frozen=True)
class Stage:
    """Everything an end-to-end test plays with."""

    shop: Shop
    service: EmbeddingService
    qdrant: QdrantServer
    points: Points
    installation: Installation


@pytest.fixture
def stage(
    database: Database,
    embedding_process: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> Stage:
    """A shop without products in each of the databases, and an installation whose ledger is beside it.

    The ledger lies in the same database as the shop, so that all three ledgers are played through.
    """
    shop = Shop(database)
    shop.create()
    ledger = None if database.dialect == "sqlite" else database.url
    settings = shop_settings(
        catalog_url=database.url,
        service_url=embedding_process.url,
        qdrant_url=qdrant.url,
        collection=collection_name,
        ledger_url=ledger,
    )
    installation = Installation(tmp_path, settings)
    return Stage(shop, embedding_process, qdrant, Points(qdrant.url, collection_name), installation)
