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
    from support.installation import Json
    from support.qdrant_server import QdrantServer

_WRITES = r"^(PUT|PATCH|DELETE) |^POST .*/points/(batch|delete|payload|vectors)"


@dataclass(frozen=True)
class Stage:
    """Everything an end-to-end test plays with."""

    shop: Shop
    service: EmbeddingService
    qdrant: QdrantServer
    points: Points
    installation: Installation

    @property
    def pipeline(self) -> Json:
        """The settings of the pipeline `products`, to be changed between runs."""
        settings: Json = self.installation.settings["pipelines"]["products"]
        return settings

    @property
    def writes(self) -> dict[str, int]:
        """The requests that change something in Qdrant, since the last `forget`."""
        return self.qdrant.requests(_WRITES)

    def forget(self) -> None:
        """Begin anew to count what the services are asked, and let them behave well."""
        self.service.behave()
        self.service.reset()
        self.qdrant.reset()


def make_stage(
    database: Database, service: EmbeddingService, qdrant: QdrantServer, collection: str, folder: Path
) -> Stage:
    """A shop without products, and an installation whose ledger is beside it.

    The ledger lies in the same database as the shop, so that all three ledgers are played through.
    """
    shop = Shop(database)
    shop.create()
    settings = shop_settings(
        catalog_url=database.url,
        service_url=service.url,
        qdrant_url=qdrant.url,
        collection=collection,
        ledger_url=None if database.dialect == "sqlite" else database.url,
    )
    return Stage(shop, service, qdrant, Points(qdrant.url, collection), Installation(folder, settings))


@pytest.fixture
def stage(
    database: Database,
    embedding_process: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> Stage:
    """A stage on each of the databases in turn."""
    return make_stage(database, embedding_process, qdrant, collection_name, tmp_path)


@pytest.fixture
def sqlite_stage(
    sqlite: Database,
    embedding_process: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> Stage:
    """A stage on SQLite alone, for what does not depend on the database."""
    return make_stage(sqlite, embedding_process, qdrant, collection_name, tmp_path)
