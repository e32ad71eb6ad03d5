"""Connections to the user's database: a pool that can only read, and one for write-back when needed."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, cast
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

from embedconsole.catalog.row_values import parse_json
from embedconsole.config.database import database_url
from embedconsole.database_faults import connecting
from embedconsole.database_link import Link, driver_arguments
from embedconsole.faults import Refused
from embedconsole.retry import CATALOG_CALL

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Generator, Iterator

    import psycopg

_LOCK_SECONDS = 10


T = TypeVar("T")


class _Cursor(Protocol):
    def execute(self, statement: str) -> object: ...
    def close(self) -> None: ...


class _DriverConnection(Protocol):
    """The part of a driver's connection (PEP 249) that we use."""

    def cursor(self) -> _Cursor: ...


class Connections:
    """The two pools of a catalog. Nothing connects before it is asked to.

    Args:
        url: As the operator wrote it.
        source: Who fails, in the words of the faults.

    Raises:
        ConfigError: The URL can't be one.
        Refused: No driver for this database, or a SQLite URL without a file.
    """

    def __init__(self, url: str, source: str = "catalog") -> None:
        plain = database_url(url)
        with connecting(source):
            self._url = make_url(plain)
        self._source = source
        self._secrets = (str(self._url.password),) if self._url.password else ()
        self._lock = threading.Lock()
        self._reader = self._link(read_only=True)
        self._writer: Link | None = None

    def _link(self, *, read_only: bool) -> Link:
        with connecting(self._source, self._secrets):
            engine = _engine(self._url, read_only=read_only)
        return Link(engine, self._source, secrets=self._secrets, policy=CATALOG_CALL)

    @property
    def reader(self) -> Engine:
        """The pool that can only read."""
        return self._reader.engine

    @property
    def dialect(self) -> str:
        """SQLAlchemy's name of the database: sqlite, postgresql, mysql (MariaDB too), ..."""
        return self.reader.dialect.name

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run a function that only reads, again on another connection when one is cut.

        Raises:
            Transient, Refused: The database does not answer, or not to us.
        """
        return self._reader.run(work)

    def stream(self, work: Callable[[Connection], Iterator[T]]) -> Generator[T]:
        """Yield the values of a function that only reads, as they come. Raises as `read`."""
        return self._reader.stream(work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run a function with a connection that may write; it begins its transactions. Raises as `read`.

        It must bear to be done twice: a connection may be cut when everything is done.
        """
        with self._lock:
            if self._writer is None:
                self._writer = self._link(read_only=False)
        return self._writer.run(work)

    def close(self) -> None:
        """Close every connection; the pools may be used again."""
        self._reader.close()
        with self._lock:
            if self._writer is not None:
                self._writer.close()


def _engine(url: URL, *, read_only: bool) -> Engine:
    backend = url.get_backend_name()
    if backend == "sqlite":
        engine = create_engine(
            _existing_file(url),
            poolclass=QueuePool,
            connect_args={
                name: value
                for name, value in {"timeout": _LOCK_SECONDS, "check_same_thread": False}.items()
                if name not in url.query
            },
        )
        if not url.query.get("uri"):
            event.listen(engine, "do_connect", partial(_check_file, Path(str(url.database)).absolute()))
        event.listen(engine, "connect", partial(_prepare_sqlite, read_only=read_only))
        if not read_only:
            event.listen(engine, "begin", _begin_immediately)
        return engine
    arguments = driver_arguments(url)
    if backend == "postgresql":
        # Without it json arrives through json.loads, which fails on what the column may hold.
        engine = create_engine(url, pool_pre_ping=True, connect_args=arguments, json_deserializer=parse_json)
        event.listen(engine, "connect", partial(_prepare_postgresql, read_only=read_only))
        return engine
    engine = create_engine(url, pool_pre_ping=True, connect_args=arguments)
    if backend in ("mysql", "mariadb"):
        event.listen(engine, "connect", partial(_prepare_mysql, read_only=read_only))
    return engine


def _existing_file(url: URL) -> URL:
    """The URL that opens the file and never makes one: a misspelt path must not become an empty catalog."""
    if url.database in (None, "", ":memory:"):
        raise Refused("catalog", "a SQLite catalog needs a file", remedy="Check catalog.url")
    if url.query.get("uri"):
        return url
    path = Path(str(url.database)).absolute()
    return url.set(database=f"file:{quote(str(path))}", query={**url.query, "mode": "rw", "uri": "true"})


def _check_file(path: Path, *connecting: object) -> None:
    """Before each new connection: SQLite's own message does not say which file."""
    if not path.is_file():
        raise Refused("catalog", f"there is no database file {path}", remedy="Check catalog.url")


def _lenient_text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _prepare_sqlite(connection: sqlite3.Connection, record: object, *, read_only: bool) -> None:
    # None: the driver opens no transaction behind our back. A read is its own; a write begins at once.
    connection.isolation_level = None
    # Text that is not UTF-8 must not fail the page it is on, and a key has to differ from others: `values`
    # and `keys` say what becomes of the bytes.
    connection.text_factory = _lenient_text
    if read_only:
        connection.execute("PRAGMA query_only = ON")


def _begin_immediately(connection: Connection) -> None:
    # One that reads first and writes later can't wait for the write lock.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_postgresql(connection: object, record: object, *, read_only: bool) -> None:
    if hasattr(connection, "read_only"):
        from embedconsole.catalog.loaders import prepare

        prepare(cast("psycopg.Connection[object]", connection))
        # psycopg begins each transaction with it: nothing is left in the session behind a pooler.
        connection.read_only = read_only


def _prepare_mysql(connection: object, record: object, *, read_only: bool) -> None:
    cursor = cast("_DriverConnection", connection).cursor()
    if read_only:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
    else:
        cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {_LOCK_SECONDS}")
    cursor.close()


def readers_hold_up_nobody(connection: Connection) -> bool:
    """Whether a long read leaves the shop's writers alone; on SQLite only with a write-ahead log."""
    if connection.dialect.name != "sqlite":
        return connection.dialect.name in ("mysql", "postgresql")
    return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar()) == "wal"


def limit_lock_wait(connection: Connection) -> None:
    """Within a write transaction: wait no longer than a few seconds for a row that the shop has locked."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")


def quieten(connection: Connection) -> None:
    """Within a write transaction: the feed's triggers are not to note what we write ourselves.

    SQLite has nothing that a trigger could see it by: there it is looked at once more, and found as it was.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT set_config('embedconsole.quiet', 'on', true)")
    elif connection.dialect.name == "mysql":
        connection.exec_driver_sql("SET @embedconsole_quiet = 1")
