"""A ledger on each database, with the generation that its items belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.ledger import open_ledger
from ledger.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.ledger.ledger import Ledger
    from support.databases import Database


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    """An empty ledger on each database in turn."""
    with open_ledger(database.url) as opened:
        yield opened


@pytest.fixture
def shelf(ledger: Ledger) -> Shelf:
    """The items of the pipeline `products`, none yet."""
    return Shelf(ledger, ledger.generations.begin("products", "products", "{}").id)
