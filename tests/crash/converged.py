"""What must hold in the end, whatever happened on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
on_a_file_and_a_server = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
on_servers = pytest.mark.parametrize("database", ["postgresql", "mysql"], indirect=True)


def assert_converged(stage: Stage, ledger: LedgerRows) -> None:
    """Catalog, collection and ledger agree: nothing missing, nothing stale, nothing twice, nothing held."""
    titles = stage.shop.column("title")
    points = stage.points.all()
    assert {point: entry["payload"]["title"] for point, entry in points.items()} == titles
    assert ledger.known() == ledger.synced() == len(titles)
    assert ledger.claimed() == 0
    assert ledger.in_flight() == 0


def paid_again(stage: Stage) -> int:
    """How many embeddings were paid for more than once; none may be paid for a third time."""
    embeds = stage.service.stats().embeds
    assert set(embeds) >= {str(number) for number in stage.shop.column("id")}
    assert max(embeds.values()) <= 2
    return sum(embeds.values()) - len(embeds)
