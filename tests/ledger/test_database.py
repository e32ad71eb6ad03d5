"""A connection to the ledger's server is cut: the call is run again, and takes effect once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pymysql
import pytest
from sqlalchemy import text

from embedconsole.faults import Transient
from embedconsole.ledger import migrate
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.work import Settlement
from ledger.shelf import hashes
from support.ledger_rows import LedgerRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, PoolProxiedConnection

    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf
    from support.databases import Database

on_servers = pytest.mark.parametrize("database", ["postgresql", "mysql"], indirect=True)
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
on_mysql = pytest.mark.parametrize("database", ["mysql"], indirect=True)

_LOST: dict[str, Exception] = {
    "postgresql": psycopg.OperationalError("server closed the connection unexpectedly"),
    "mysql": pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query"),
}
ME = "host:1:aaaaaa"
THREADS = 40
"""As many as anyio lends at the same time."""


@contextmanager
def answer_lost(ledger: Ledger, *, committed: bool) -> Iterator[None]:
    """The connection breaks during the next commit, after or before it takes place."""
    dialect = ledger.database.engine.dialect
    with pytest.MonkeyPatch.context() as patch:
        commit, met = dialect.do_commit, threading.Event()

        def broken(connection: PoolProxiedConnection) -> None:
            if met.is_set():
                commit(connection)
                return
            met.set()
            if committed:
                commit(connection)
            assert connection.dbapi_connection is not None
            connection.dbapi_connection.close()
            raise _LOST[ledger.database.dialect]

        patch.setattr(dialect, "do_commit", broken)
        yield
        assert met.is_set()


@on_servers
@pytest.mark.parametrize("committed", [True, False])
def test_a_commit_whose_answer_is_lost_takes_place_once(shelf: Shelf, *, committed: bool) -> None:
    ledger = shelf.ledger
    with answer_lost(ledger, committed=committed):
        run = ledger.history.begin_run(ME, "sync")
    assert [found.id for found in ledger.history.runs()] == [run]

    with answer_lost(ledger, committed=committed):
        shelf.add(1, 2, 3)
    with answer_lost(ledger, committed=committed):
        batch = shelf.claimed(2)
    assert [found.token for found in ledger.overview.in_flight()] == [batch.token]
    with answer_lost(ledger, committed=committed):
        written = Settlement(written=[(item, hashes()) for item in batch.items])
        assert ledger.work.settle(batch, written) == 0
    assert shelf.states() == {"1": 0, "2": 0, "3": 1}

    with answer_lost(ledger, committed=committed):
        order = ledger.orders.give("sync", {}, "anna")
    with answer_lost(ledger, committed=committed):
        assert ledger.orders.take(order, ME)
    assert [found.id for found in ledger.orders.latest()] == [order]


@on_servers
def test_writers_at_the_same_time_do_not_wait_for_each_other(ledger: Ledger) -> None:
    together = threading.Barrier(4)

    def write() -> None:
        ledger.database.write(lambda connection: together.wait(30))

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(write) for _ in range(4)]:
            done.result()


@on_servers
def test_idle_connections_that_were_cut_are_no_fault(ledger: Ledger, database: Database) -> None:
    run, watched = ledger.history.begin_run(ME, "sync"), ledger.at_once()
    for one in (ledger, watched):
        assert LedgerRows(database).cut_connections() > 0
        assert [found.id for found in one.history.runs()] == [run]


@on_servers
@pytest.mark.parametrize("impatient", [True, False])
def test_a_connection_that_is_cut_in_the_middle_is_made_again(
    ledger: Ledger, database: Database, *, impatient: bool
) -> None:
    asked = ledger.at_once() if impatient else ledger
    rows = LedgerRows(database)
    cuts: list[int] = []

    def work(connection: Connection) -> object:
        connection.scalar(text("SELECT 1"))
        if not cuts:
            cuts.append(rows.cut_connections())
        return connection.scalar(text("SELECT 2"))

    assert asked.database.read(work) == 2
    assert cuts[0] > 0


@pytest.mark.parametrize("database", ["sqlite", "mysql"], indirect=True)
def test_every_thread_of_the_engine_gets_a_connection(ledger: Ledger) -> None:
    together = threading.Barrier(THREADS)
    with ThreadPoolExecutor(THREADS) as threads:
        calls = [
            threads.submit(ledger.database.read, lambda connection: together.wait(60)) for _ in range(THREADS)
        ]
        assert len({call.result() for call in calls}) == THREADS


@on_postgresql
def test_nothing_is_prepared_that_a_pooler_would_lose(ledger: Ledger) -> None:
    prepared = ledger.database.read(
        lambda connection: [
            connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")) for _ in range(12)
        ]
    )
    assert set(prepared) == {0}


@on_mysql
def test_times_are_those_of_utc(ledger: Ledger) -> None:
    assert ledger.database.scalar(text("SELECT @@session.time_zone")) == "+00:00"


@on_mysql
def test_who_does_not_get_the_lock_does_not_upgrade(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_WAIT", 0)
    with database.engine.connect() as holder:
        assert holder.scalar(text("SELECT GET_LOCK(:lock, 60)"), {"lock": str(migrate._LOCK)}) == 1
        with pytest.raises(Transient, match="another process has been upgrading its tables"):
            open_ledger(database.url)
