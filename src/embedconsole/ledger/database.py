"""Connections to the ledger's database, and the two kinds of transaction: read and write."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from copy import copy
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from embedconsole.database_faults import connecting, is_conflict
from embedconsole.database_link import Link, driver_arguments
from embedconsole.faults import Refused
from embedconsole.ledger.commits import Commits
from embedconsole.retry import LEDGER_CALL

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Self

    from sqlalchemy import URL, Connection, Engine, Executable, Row
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

    Parameters = Mapping[str, object] | Sequence[Mapping[str, object]] | None

T = TypeVar("T")

_CONFLICT_TRIES = 8
_BUSY_SECONDS = 30
_NO_FILE = (None, "", ":memory:")
_READ_ONLY = "embedconsole_read_only"
_POOL = {"pool_size": 10, "max_overflow": 40}
"""More connections than there are threads to ask for one (40 of the engine's, and those of who watches)."""


class Database:
    """The ledger's database.

    Both kinds of transaction are given as functions, because the victim of a conflict, or of a connection
    that was cut, has to be run again; it takes effect once. All methods block, and raise `Transient` or
    `Refused` when the database fails.

    Raises:
        Refused: No driver for this database, or a URL that it can't use.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        with connecting("ledger"):
            parsed = make_url(url)
        self._secrets = (str(parsed.password),) if parsed.password else ()
        with connecting("ledger", self._secrets):
            self._engine = _engine(parsed)
        self.dialect: str = self._engine.dialect.name
        self._link = Link(self._engine, "ledger", secrets=self._secrets, policy=LEDGER_CALL)
        self._commits = Commits()
        # SQLite has one writer, and lets the others sleep and try again; our own threads queue here instead.
        self._one_writer: AbstractContextManager[object] = (
            threading.Lock() if self.dialect == "sqlite" else nullcontext()
        )

    @property
    def engine(self) -> Engine:
        """For tests only."""
        return self._engine

    def at_once(self) -> Self:
        """The same database for callers that show whether it answers: they do not wait while it is away."""
        impatient = copy(self)
        impatient._link = self._link.at_once()
        return impatient

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run a function that only reads."""
        return self._run(work, read_only=True)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run a function in one transaction, perhaps in several attempts of which one is committed.

        It must have no other effect than what it does to the database.
        """
        if self.dialect == "sqlite":
            return self._run(work, read_only=False)
        with self._commits.once(work) as attempt:
            return self._run(attempt, read_only=False)

    def upgrade(self, work: Callable[[Connection], T]) -> T:
        """As `write`, before there are tables to number writes in: committed attempts may be run again."""
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
        def transaction(connection: Connection) -> T:
            connection = connection.execution_options(**{_READ_ONLY: read_only})
            for tries_left in reversed(range(_CONFLICT_TRIES)):
                try:
                    with nullcontext() if read_only else self._one_writer, connection.begin():
                        return work(connection)
                except DBAPIError as error:
                    # Two that enter the same new row at once: the second one finds it the next time.
                    again = is_conflict(error) or isinstance(error, IntegrityError)
                    if error.connection_invalidated or not (tries_left and again):
                        raise
            raise AssertionError("unreachable")

        return self._link.run(transaction)

    def close(self) -> None:
        """Close all connections; calls that wait for the database fail now."""
        self._link.close()


def sqlite_file(url: str) -> Path | None:
    """The file behind a SQLite URL, None for other databases and for `:memory:`."""
    from pathlib import Path

    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in _NO_FILE:
        return None
    return Path(str(parsed.database))


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        if url.database in _NO_FILE:
            raise Refused("ledger", "a SQLite ledger needs a file", remedy="Write ledger: sqlite:////PATH")
        engine = create_engine(
            url,
            connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
            pool_use_lifo=True,  # the last one used has the pages that are needed next in its cache
            **_POOL,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if url.get_backend_name() in ("mysql", "mariadb"):
        # Repeatable read would take gap locks that make claims wait for each other.
        engine = create_engine(
            url,
            isolation_level="READ COMMITTED",
            connect_args=driver_arguments(url),
            pool_pre_ping=True,
            **_POOL,
        )
        event.listen(engine, "connect", _prepare_mysql)
        return engine
    return create_engine(url, connect_args=driver_arguments(url), pool_pre_ping=True, **_POOL)


def _prepare_sqlite(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    # None: the driver opens no transaction behind our back; `_begin_sqlite` does.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # A power cut may cost the last commits, never the file; the collection then knows more than the ledger,
    # and the next run finds the same state again.
    connection.execute("PRAGMA synchronous = NORMAL")


def _prepare_mysql(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    # In a zone with summer time, an hour of the year comes twice, and leases would last an hour longer.
    cursor = connection.cursor()
    cursor.execute("SET time_zone = '+00:00'")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer asks for the write lock at once: one that reads first and writes later can't wait for it.
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
