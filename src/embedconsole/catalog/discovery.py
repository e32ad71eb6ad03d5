"""Tables, columns and sample rows of a database, for setting up a catalog. Only reads."""

from __future__ import annotations

import textwrap
import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum, auto
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.types import UUID, TypeEngine

from embedconsole.catalog.connect import Connections
from embedconsole.catalog.query_source import open_rows, written_table
from embedconsole.catalog.row_values import json_value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from sqlalchemy import Connection

    from embedconsole.catalog.query_source import TableName
    from embedconsole.items import JsonValue


_WIDTH = 100
"""Characters of a query's line."""


class ColumnKind(StrEnum):
    """The kind of values in a column, as far as a configuration depends on it."""

    TEXT = auto()
    INTEGER = auto()
    NUMBER = auto()
    BOOL = auto()
    TIME = auto()
    JSON = auto()
    UUID = auto()
    BINARY = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or a query; `unique` when the database itself says that no value comes twice."""

    name: str
    kind: ColumnKind
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """The columns and sample rows of a table or a query.

    Attributes:
        table: None for a query.
        rows: Its first rows, JSON-ready, in the order of the columns.
    """

    table: TableName | None
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[JsonValue]]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def find(self, name: str) -> Column | None:
        """The column of this name."""
        return next((column for column in self.columns if column.name == name), None)


class Discovery:
    """A database that is looked at. Every method blocks.

    Args:
        url: As the operator wrote it.

    Raises:
        ConfigError: The URL can't be one.
        Transient, Refused: By every method, when the database does not answer, or not to us.
    """

    def __init__(self, url: str) -> None:
        self._connections = Connections(url)

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def dialect(self) -> str:
        """SQLAlchemy's name of the database; MariaDB is mysql."""
        return self._connections.dialect

    def tables(self) -> list[str]:
        """Tables and views of the schema that is searched first, by name."""

        def work(connection: Connection) -> list[str]:
            inspector = sa.inspect(connection)
            return sorted({*inspector.get_table_names(), *inspector.get_view_names()})

        return self._connections.read(work)

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of a table's columns; none when there is no such table."""

        def work(connection: Connection) -> tuple[str, ...]:
            inspector = sa.inspect(connection)
            if not inspector.has_table(table):
                return ()
            return tuple(str(column["name"]) for column in inspector.get_columns(table))

        return self._connections.read(work)

    def look(self, *, table: str | None = None, query: str | None = None, limit: int) -> Look:
        """The columns and first rows of a query, or of a table where there is none."""

        def work(connection: Connection) -> Look:
            source = open_rows(table, query, connection)
            rows = connection.execute(sa.select(source.rows).limit(limit)).fetchall()
            found = None
            if query is None:
                inspector = sa.inspect(connection)
                found = written_table(inspector, str(table), connection.dialect.name, "catalog.table")
            columns = (
                _told_by_rows(source.columns, rows) if found is None else _told_by_schema(found, connection)
            )
            return Look(found, columns, [[json_value(value) for value in row] for row in rows])

        return self._connections.read(work)

    def repeated(self, column: str, *, table: str | None = None, query: str | None = None) -> bool:
        """Whether a value of the column comes more than once; may read all of it."""

        def work(connection: Connection) -> bool:
            wanted = open_rows(table, query, connection).rows.c[column]
            twice = sa.select(wanted).where(wanted.is_not(None)).group_by(wanted)
            return connection.execute(twice.having(sa.func.count() > 1).limit(1)).first() is not None

        return self._connections.read(work)

    def selection(self, look: Look, columns: Sequence[str], condition: str | None) -> str:
        """A query for some columns of the table that was looked at, quoted for its dialect.

        Args:
            condition: The SQL after WHERE, unchanged.
        """
        assert look.table is not None
        names = textwrap.fill(
            "SELECT " + ", ".join(map(self.quoted, columns)), _WIDTH, subsequent_indent=" " * len("SELECT ")
        )
        schema = f"{self.quoted(look.table.schema)}." if look.table.schema else ""
        where = f"\nWHERE {condition}" if condition else ""
        return f"{names}\nFROM {schema}{self.quoted(look.table.name)}{where}"

    def quoted(self, name: str) -> str:
        """A column's name, quoted for a query."""
        return self._connections.reader.dialect.identifier_preparer.quote(name)


def _told_by_schema(table: TableName, connection: Connection) -> tuple[Column, ...]:
    inspector = sa.inspect(connection)
    unique = {tuple(inspector.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"])}
    # SQLite's automatic indexes: what it says of constraints misses `varchar(40) UNIQUE`.
    for index in inspector.get_indexes(table.name, schema=table.schema, include_auto_indexes=True):
        if index["unique"]:
            unique.add(tuple(str(name) for name in index["column_names"]))
    for constraint in inspector.get_unique_constraints(table.name, schema=table.schema):
        unique.add(tuple(constraint["column_names"]))
    return tuple(
        Column(str(column["name"]), kind_of_type(column["type"]), (column["name"],) in unique)
        for column in inspector.get_columns(table.name, schema=table.schema)
    )


def kind_of_type(kind: TypeEngine[object]) -> ColumnKind:
    """The kind of values in a column of this declared type."""
    # MySQL's way to say boolean.
    if isinstance(kind, sa.Boolean) or getattr(kind, "display_width", None) == 1:
        return ColumnKind.BOOL
    for types, found in _KINDS:
        if isinstance(kind, types):
            return found
    return ColumnKind.OTHER


_KINDS: tuple[tuple[tuple[type, ...], ColumnKind], ...] = (
    ((sa.JSON,), ColumnKind.JSON),
    ((UUID,), ColumnKind.UUID),
    ((sa.Integer,), ColumnKind.INTEGER),
    ((sa.Numeric, sa.Float), ColumnKind.NUMBER),
    ((sa.DateTime, sa.Date), ColumnKind.TIME),
    ((sa.LargeBinary, sa.types.BINARY), ColumnKind.BINARY),
    ((sa.String,), ColumnKind.TEXT),
)
_VALUES: tuple[tuple[tuple[type, ...], ColumnKind], ...] = (
    ((bool,), ColumnKind.BOOL),
    ((int,), ColumnKind.INTEGER),
    ((float, Decimal), ColumnKind.NUMBER),
    ((date,), ColumnKind.TIME),
    ((uuid.UUID,), ColumnKind.UUID),
    ((dict, list), ColumnKind.JSON),
    ((bytes, bytearray, memoryview), ColumnKind.BINARY),
    ((str,), ColumnKind.TEXT),
)
"""In this order: a bool is an int, too."""


def _told_by_rows(names: Sequence[str], rows: Sequence[Sequence[object]]) -> tuple[Column, ...]:
    """A query's columns have no declared types: their values tell."""
    return tuple(
        Column(name, _kind_of_value(next((row[at] for row in rows if row[at] is not None), None)))
        for at, name in enumerate(names)
    )


def _kind_of_value(value: object) -> ColumnKind:
    return next((kind for types, kind in _VALUES if isinstance(value, types)), ColumnKind.OTHER)
