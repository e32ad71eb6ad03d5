"""A fresh ledger on a file or on a database server, and how many bytes it has on disk."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine, make_url, text

from embedconsole.config.database import database_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BYTES = {
    "postgresql": "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c"
    " WHERE c.relkind = 'r' AND c.relname LIKE 'embedconsole%'",
    "mysql": "SELECT sum(file_size) FROM information_schema.innodb_sys_tablespaces"
    " WHERE name LIKE concat(database(), '/%')",
}
_SETTLE = {"postgresql": "VACUUM FULL", "mysql": "OPTIMIZE TABLE embedconsole_items"}


@contextmanager
def fresh_ledger(server: str, folder: Path) -> Iterator[str]:
    """The URL of an empty ledger: "sqlite" makes a file in the folder, a server's URL a database there."""
    if server == "sqlite":
        yield f"sqlite:///{folder / 'ledger.db'}"
        return
    url = make_url(database_url(server))
    name = f"embedconsole_bench_{uuid.uuid4().hex}"
    admin = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))


def bytes_on_disk(ledger: str, folder: Path) -> tuple[int, int]:
    """As the sync left it, and after the database has tidied up; indexes count."""
    engine = create_engine(ledger, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            left = (folder / "ledger.db").stat().st_size
            connection.execute(text("VACUUM"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            return left, (folder / "ledger.db").stat().st_size
        query = text(_BYTES[engine.dialect.name])
        left = int(connection.scalar(query) or 0)
        connection.execute(text(_SETTLE[engine.dialect.name]))
        return left, int(connection.scalar(query) or 0)
