"""Fixtures for tests that need an embedding service: `pytest_plugins = ["support.fixtures_embedding"]`.

Starting one in a thread takes milliseconds, a process a quarter of a second: the thread is for tests of what
goes over the wire, the process for tests that kill it, measure it or drive it from another process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.embedding_service import EmbeddingService

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def embedding_service() -> Iterator[EmbeddingService]:
    """A well-behaved 8-dimensional service in a thread, fresh for the test."""
    with EmbeddingService(size=8, in_process=True) as service:
        yield service


@pytest.fixture(scope="session")
def _shared_embedding_process() -> Iterator[EmbeddingService]:
    with EmbeddingService(size=8) as service:
        yield service


@pytest.fixture
def embedding_process(_shared_embedding_process: EmbeddingService) -> Iterator[EmbeddingService]:
    """The same in a process of its own, shared by the tests of one worker, its counts and schedule fresh."""
    service = _shared_embedding_process
    if not service.running:
        service.start()
    service.behave()
    service.reset()
    yield service
    if service.running:
        service.behave()
        service.release()
