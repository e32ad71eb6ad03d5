"""Brings the ledger's tables to the schema of this version, by alembic's migrations.

Alembic takes a third of a second to import, so it is asked only when the version differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from embedconsole.faults import ConfigError, Refused, Transient
from embedconsole.ledger.database import sqlite_file

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from embedconsole.ledger.database import Database

VERSION_TABLE = "embedconsole_schema"
VERSION = "0013"
"""The newest migration in `migrations/versions`; later ones sort after earlier ones."""

_LOCK = 0x656D6263
"""The advisory lock under which one process at a time migrates."""

_WAIT = 60
"""Seconds to wait for that lock, where the database waits for no longer by itself."""


def migrate(database: Database) -> None:
    """Create or upgrade the tables when they are not of this version.

    Raises:
        ConfigError: the ledger was written by a newer version of embedconsole.
        Transient, Refused: the database fails.
    """
    file = sqlite_file(database.url)
    if file is not None:
        _make_folder(file.parent)
    if not is_current(database):
        database.upgrade(_upgrade)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(
            "ledger",
            f"the folder {folder} can't be made: {error.strerror}",
            remedy="Name another file with ledger, or make the folder writable",
        ) from error


def is_current(database: Database) -> bool:
    """Whether the tables are there and of this version. Raises as `migrate` does."""
    return schema_version(database) == VERSION


def schema_version(database: Database) -> str | None:
    """The version of the tables that are there; None when there are none. Raises as `migrate` does."""
    return database.read(_version)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    if version is not None and str(version) > VERSION:
        raise ConfigError(
            f"the ledger has schema {version}, written by a newer embedconsole; this one knows {VERSION}. "
            "Upgrade embedconsole, or name another ledger."
        )
    return None if version is None else str(version)


def _upgrade(connection: Connection) -> None:
    _lock(connection)
    try:
        if _version(connection) != VERSION:
            _run_migrations(connection)
    finally:
        # A connection that was lost took the lock with it, and to ask it for more would hide why.
        if not connection.invalidated:
            _unlock(connection)


def _run_migrations(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "embedconsole.ledger:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _lock(connection: Connection) -> None:
    # SQLite's write transaction is lock enough.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    elif connection.dialect.name in ("mysql", "mariadb"):
        got = connection.scalar(text("SELECT GET_LOCK(:lock, :wait)"), {"lock": str(_LOCK), "wait": _WAIT})
        if got != 1:
            raise Transient("ledger", f"another process has been upgrading its tables for {_WAIT} s")


def _unlock(connection: Connection) -> None:
    # MySQL's belongs to the connection, which goes back to the pool; PostgreSQL's ends with the transaction.
    if connection.dialect.name in ("mysql", "mariadb"):
        connection.execute(text("SELECT RELEASE_LOCK(:lock)"), {"lock": str(_LOCK)})
