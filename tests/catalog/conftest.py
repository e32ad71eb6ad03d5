"""Catalogs for these tests: opened on a test database, closed at the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import pytest

from embedconsole.catalog.sql_catalog import SqlCatalog
from embedconsole.config.sections.catalog import CatalogConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Database

NOW = datetime(2024, 6, 1, 12, 0, 0, tzinfo=UTC)


class FakeClock:
    """A steady clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class OpenCatalog(Protocol):
    """Opens a catalog with the settings of its section."""

    def __call__(self, database: Database, **settings: object) -> SqlCatalog: ...


@pytest.fixture
def clock() -> FakeClock:
    """The steady clock of the catalogs of `catalog`."""
    return FakeClock()


@pytest.fixture
def catalog(clock: FakeClock) -> Iterator[OpenCatalog]:
    """Opens catalogs whose time is `NOW`."""
    opened: list[SqlCatalog] = []

    def open_it(database: Database, **settings: object) -> SqlCatalog:
        config = CatalogConfig.model_validate({"url": database.url, **settings})
        found = SqlCatalog(config, now=lambda: NOW, clock=clock)
        opened.append(found)
        return found

    yield open_it
    for one in opened:
        one.close()
