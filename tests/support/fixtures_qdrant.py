"""Fixtures with a Qdrant test server; loaded with `pytest_plugins = ["support.fixtures_qdrant"]`."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from support.qdrant_server import QdrantServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shared_qdrant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QdrantServer]:
    """One server a test process; use `qdrant`, which leaves nothing of one test to the next."""
    with QdrantServer(tmp_path_factory.mktemp("qdrant")) as server:
        yield server


@pytest.fixture
def qdrant(shared_qdrant: QdrantServer) -> Iterator[QdrantServer]:
    """The shared server without faults and with counts at zero; do not stop or restart it."""
    shared_qdrant.reset()
    yield shared_qdrant
    shared_qdrant.reset()


@pytest.fixture
def own_qdrant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QdrantServer]:
    """A server for one test alone, which may stop, kill and restart it."""
    with QdrantServer(tmp_path_factory.mktemp("own-qdrant")) as server:
        yield server


@pytest.fixture
def collection_name() -> str:
    """A name no other test of this process uses."""
    return f"products-{next(_numbers)}"
