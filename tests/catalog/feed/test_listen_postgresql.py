"""PostgreSQL tells at once, and again after its connection was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import pytest

from embedconsole.catalog.feed import listen_postgresql as listening
from embedconsole.catalog.feed.outbox import SqlFeed
from embedconsole.retry import Pauses
from support.feed import installed
from support.ledger_rows import LedgerRows
from support.shop import Shop

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.anyio


class Bell:
    """Rung by the feed."""

    def __init__(self) -> None:
        self._rung = anyio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def rings(self) -> None:
        """Wait for the next time."""
        with anyio.fail_after(30):
            await self._rung.wait()
        self._rung = anyio.Event()


async def test_a_change_rings_and_a_cut_connection_is_made_again(
    postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "LISTEN", Pauses(first=0.01, longest=30.0))
    shop = Shop(postgresql)
    await anyio.to_thread.run_sync(shop.create)
    bell = Bell()
    with installed(postgresql) as database:
        feed = SqlFeed(database)
        async with anyio.create_task_group() as group:
            group.start_soon(feed.listen, bell.ring)
            await bell.rings()  # it listens

            await anyio.to_thread.run_sync(shop.add, [1])
            await bell.rings()

            assert await anyio.to_thread.run_sync(LedgerRows(postgresql).cut_connections) > 0
            await bell.rings()  # it listens again, and one may have been missed
            await anyio.to_thread.run_sync(shop.delete, [1])
            await bell.rings()
            group.cancel_scope.cancel()


async def test_a_database_that_tells_nothing_is_not_waited_for(sqlite: Database) -> None:
    Shop(sqlite).create()
    with installed(sqlite) as database, anyio.fail_after(30):
        await SqlFeed(database).listen(lambda: None)
