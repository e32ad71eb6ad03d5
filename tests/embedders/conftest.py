"""Embedders under test, each talking to its own loopback service."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from embedconsole.embedders.build import build_embedder
from embedders.backends import BACKENDS, ITEMS, OPENAI, REPLICATE, REPLICATE_LINES, SINGLE, SIZE, Backend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets
    from support.embedding_service import EmbeddingService

Make: TypeAlias = "Callable[..., Embedder]"
"""`make(backend, expected_size=..., service=..., tickets=..., **settings)`"""


@pytest.fixture
async def make(embedding_service: EmbeddingService) -> AsyncIterator[Make]:
    """Makes embedders of `embedding_service` (settings as in the configuration), closed at the end."""
    made: list[Embedder] = []

    def make_one(
        backend: Backend = ITEMS,
        *,
        expected_size: int | None = SIZE,
        service: EmbeddingService = embedding_service,
        tickets: Tickets | None = None,
        **settings: object,
    ) -> Embedder:
        config = backend.config(service, **settings)
        embedder = build_embedder("ml", config, expected_size=expected_size, tickets=tickets)
        made.append(embedder)
        return embedder

    yield make_one
    for embedder in made:
        await embedder.aclose()


@pytest.fixture(params=BACKENDS, ids=lambda backend: str(backend.name))
def backend(request: pytest.FixtureRequest) -> Backend:
    """Every embedder behind a network."""
    assert isinstance(request.param, Backend)
    return request.param


@pytest.fixture(params=[ITEMS, OPENAI, REPLICATE_LINES], ids=lambda backend: str(backend.name))
def batching(request: pytest.FixtureRequest) -> Backend:
    """Those that put many inputs into one request."""
    assert isinstance(request.param, Backend)
    return request.param


@pytest.fixture(params=[SINGLE, REPLICATE], ids=lambda backend: str(backend.name))
def one_by_one(request: pytest.FixtureRequest) -> Backend:
    """Those that make a request for each input."""
    assert isinstance(request.param, Backend)
    return request.param
