"""What the scenarios of the backends share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.line import Line
from embedconsole.embedders import replicate
from embedconsole.retry import Pauses
from embedconsole.sync.resilience import gate as flow
from embedders.backends import BACKENDS
from support.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.qdrant_server import QdrantServer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of milliseconds where seconds are meant."""
    monkeypatch.setattr(flow, "BREAKER", Pauses(first=0.01, longest=300.0))
    monkeypatch.setattr(replicate, "PREDICTION_LOOK", Pauses(first=0.01, factor=1.5, longest=5.0))


@pytest.fixture(params=BACKENDS, ids=lambda backend: str(backend.name))
def line(
    request: pytest.FixtureRequest,
    sqlite: Database,
    embedding_service: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> Line:
    """Every embedder behind a network, with a shop of twelve products."""
    shop = Shop(sqlite)
    shop.create()
    shop.add(range(1, 13))
    return Line(request.param, shop, embedding_service, qdrant, collection_name, tmp_path)
