"""Loaders for what PostgreSQL holds and Python has no type for, or psycopg does not know.

psycopg raises on `infinity`, dates BC and beyond the year 9999, which fails the page that the row is on; it
gives an array of enums as one text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from psycopg import DataError, adapters
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.types import TypeInfo

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.abc import AdaptContext, Buffer

_TIMES = ("date", "time", "timetz", "timestamp", "timestamptz", "interval")
_OWN_TYPES = """
    SELECT typname, oid, typarray, typdelim FROM pg_catalog.pg_type
    WHERE oid >= 16384 AND typarray <> 0 AND typtype IN ('b', 'd', 'e')
"""
"""Types that were created in this database: 16384 is the first id that PostgreSQL gives to them."""


class TimeLoader(Loader):
    """Loads a time as psycopg does, and as PostgreSQL's own text where Python has no such time."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        self._usual = _usual(oid)(oid, context)

    def load(self, data: Buffer) -> object:
        """The time, or its text."""
        try:
            return self._usual.load(data)
        except (DataError, OverflowError, ValueError):
            return bytes(data).decode("ascii", "replace")


def prepare(connection: Connection[object]) -> None:
    """Have a new connection load these values."""
    for name in _TIMES:
        connection.adapters.register_loader(name, TimeLoader)
    with connection.cursor() as cursor:
        cursor.execute(_OWN_TYPES)
        types = cast("list[tuple[str, int, int, str]]", cursor.fetchall())
    # Else the connection would be handed out in a transaction.
    connection.rollback()
    for name, oid, array_oid, delimiter in types:
        TypeInfo(name, oid, array_oid, delimiter=delimiter).register(connection)


def _usual(oid: int) -> type[Loader]:
    loader = adapters.get_loader(oid, Format.TEXT)
    assert loader is not None, "psycopg has loaders for all times"
    return cast("type[Loader]", loader)
