"""Connections to the ledger's database, and the two kinds of transaction: read and write."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from embedconsole.sqlfaults import database_fault, is_conflict

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Executable, Row
    from sqlalchemy.pool import ConnectionPoolEntry

    Parameters = Mapping[str, object] | Sequence[Mapping[str, object]] | None

T = TypeVar("T")

_CONFLICT_TRIES = 8
_BUSY_SECONDS = 30
_READ_ONLY = "embedconsole_read_only"


class Database:
    """The ledger's database.

    Both kinds of transaction are given as functions, because the victim of a conflict has to be run again.
    All methods block, and raise `Transient` or `Refused` when the database fails.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _engine(url)
        self.dialect: str = self._engine.dialect.name
        # SQLite has one writer, and lets the others sleep and try again; our own threads queue here instead.
        self._one_writer: AbstractContextManager[object] = (
            threading.Lock() if self.dialect == "sqlite" else nullcontext()
        )

    @property
    def engine(self) -> Engine:
        """For migrations and tests only."""
        return self._engine

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run a function that only reads."""
        return self._run(work, read_only=True)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run a function in one transaction; after a conflict again, so it must have no other effect."""
        with self._one_writer:
            return self._run(work, read_only=False)

    def execute(self, statement: Executable, parameters: Parameters = None) -> int:
        """Run one statement in a transaction of its own; returns how many rows it changed."""
        return self.write(lambda connection: connection.execute(statement, parameters).rowcount)

    def rows(self, query: Executable, parameters: Parameters = None) -> Sequence[Row[*tuple[Any, ...]]]:
        """All rows of a query."""
        return self.read(lambda connection: connection.execute(query, parameters).all())

    def scalar(self, query: Executable, parameters: Mapping[str, object] | None = None) -> Any:
        """The first column of the first row; None when there is no row."""
        return self.read(lambda connection: connection.scalar(query, parameters))

    def _run(self, work: Callable[[Connection], T], *, read_only: bool) -> T:
        for tries_left in reversed(range(_CONFLICT_TRIES)):
            try:
                with self._engine.connect() as connection:
                    connection = connection.execution_options(**{_READ_ONLY: read_only})
                    with connection.begin():
                        return work(connection)
            except DBAPIError as error:
                # Two that enter the same new row at once: the second one finds it the next time.
                again = is_conflict(error) or isinstance(error, IntegrityError)
                if not (tries_left and again):
                    raise database_fault("ledger", error) from error
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def sqlite_file(url: str) -> Path | None:
    """The file behind a SQLite URL, None for other databases and for `:memory:`."""
    from pathlib import Path

    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def _engine(url: str) -> Engine:
    backend = make_url(url).get_backend_name()
    if backend == "sqlite":
        engine = create_engine(
            url,
            connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
            pool_use_lifo=True,  # the last one used knows the pages that are wanted next
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend in ("mysql", "mariadb"):
        # Repeatable read would take gap locks that make claims wait for each other.
        return create_engine(
            url,
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_size=10,
            connect_args={"connect_timeout": 10, "charset": "utf8mb4"},
        )
    return create_engine(url, pool_pre_ping=True, pool_size=10, connect_args={"connect_timeout": 10})


def _prepare_sqlite(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    # None: the driver opens no transaction behind our back; `_begin_sqlite` does.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # A power cut may cost the last commits, never the file; the collection then knows more than the ledger,
    # and the next run finds the same state again.
    connection.execute("PRAGMA synchronous = NORMAL")


def _begin_sqlite(connection: Connection) -> None:
    # A writer asks for the write lock at once: one that reads first and writes later can't wait for it.
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
