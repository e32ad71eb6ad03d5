"""Predictions that outlive the process which ordered them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import pytest
from sqlalchemy import text

from backends.line import Line
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.run.embedder_tickets import LedgerTickets
from embedconsole.sync.shared.report import Outcome
from embedders.backends import REPLICATE
from support.embedding_service import Behaviour
from support.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.qdrant_server import QdrantServer

pytestmark = pytest.mark.anyio


async def test_a_process_that_was_stopped_short_leaves_predictions_to_collect(
    sqlite: Database,
    embedding_service: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> None:
    shop = Shop(sqlite)
    shop.create()
    shop.add(range(1, 7))
    line = Line(REPLICATE, shop, embedding_service, qdrant, collection_name, tmp_path)
    embedding_service.behave(Behaviour("prediction", prediction={"looks": 3}, times=6))

    async with anyio.create_task_group() as group:
        group.start_soon(line.sync)
        while embedding_service.stats().looks < 2:
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()

    report = await line.sync()

    assert (report.outcome, report.embedded) == (Outcome.OK, 6)
    stats = embedding_service.stats()
    assert (stats.predictions, stats.items, stats.cancelled) == (6, 6, [])
    line.assert_only_right_vectors()


async def test_tickets_are_there_for_the_next_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    key, other = b"k" * 16, b"o" * 16
    with open_ledger(url) as ledger:
        await LedgerTickets(ledger).note(key, "p1")
    with open_ledger(url) as ledger:
        tickets = LedgerTickets(ledger)
        assert (await tickets.find(key), await tickets.find(other)) == ("p1", None)
        await tickets.forget(key)
        assert await LedgerTickets(ledger).find(key) is None


async def test_tickets_do_without_the_ledger_while_it_is_away(tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        tickets = LedgerTickets(ledger)
        await anyio.to_thread.run_sync(
            ledger.database.execute, text("ALTER TABLE embedconsole_vectors RENAME TO elsewhere")
        )
        await tickets.note(b"k" * 16, "p1")
        assert await tickets.find(b"k" * 16) == "p1"
        assert await tickets.find(b"o" * 16) is None
