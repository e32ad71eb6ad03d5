"""The target of write-back: the user's table and columns, found and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from embedconsole.catalog.query_source import (
    TableName,
    find_table,
    missing_column,
    untyped,
    untyped_table,
    value,
)
from embedconsole.catalog.sqltext import first_table, name_parts
from embedconsole.faults import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Inspector
    from sqlalchemy.engine.interfaces import ReflectedColumn
    from sqlalchemy.types import TypeEngine

    from embedconsole.config.sections.catalog import CatalogConfig, WritebackConfig

Stamp = Literal["zoned", "naive", "server", "day", "text", "epoch", "fraction"]
"""How the column stores the time: with a zone, in UTC without one, by the server's clock, as a date, as text,
or as seconds since 1970, whole or not."""

_TIMES = ("created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Insertion:
    """Rows that are inserted where an item has none.

    Attributes:
        product: The column of the product's id, in table and catalog alike: a row is of one item and one
            product. None where the table has no such column.
        times: Columns that get the time of the insertion, as frameworks keep them, and how they take it.
    """

    product: str | None
    times: Mapping[str, Stamp]


@dataclass(frozen=True, slots=True)
class Writeback:
    """Where and how to write back, checked against the database.

    Attributes:
        rows: The table.
        key: Its column with the item's key.
        address: The column that rows are updated by: the primary key where there is one, since a key may
            equal another one under the table's collation.
        changed: The catalog's `changed` column, where the table has it.
        versioned: Whether the catalog has such a column, which tells whether a row was edited.
        pinned: Columns that the database would set on any update (ON UPDATE CURRENT_TIMESTAMP).
        synced_at: Column and how it takes the time.
        flag: Column and its "no".
        vector: Column and its type.
        insertion: How a row that is missing is inserted; None: rows are only updated.
    """

    rows: sa.TableClause
    key: str
    address: str
    changed: str | None
    versioned: bool
    pinned: tuple[str, ...]
    synced_at: tuple[str, Stamp] | None
    flag: tuple[str, bool | int] | None
    vector: tuple[str, TypeEngine[object]] | None
    insertion: Insertion | None = None

    @property
    def columns(self) -> frozenset[str]:
        """The names of the columns that are written."""
        return frozenset(column[0] for column in (self.synced_at, self.flag, self.vector) if column)


def open_writeback(config: CatalogConfig, settings: WritebackConfig, connection: Connection) -> Writeback:
    """Find the table and its columns.

    Raises:
        Misconfigured: The table or a column does not exist, or has a type that can't take its value.
    """
    inspector = sa.inspect(connection)
    table = _table(config, settings, inspector, connection.dialect.name)
    described = inspector.get_columns(table.name, schema=table.schema)
    types = {str(column["name"]): column["type"] for column in described}
    named = {"key": settings.key or config.key, "synced_at": settings.synced_at, "flag": settings.flag}
    for setting, name in {**named, "vector": settings.vector}.items():
        if name is not None and name not in types:
            raise missing_column(f"catalog.writeback.{setting}", name, f"the table {table}", tuple(types))
    key = settings.key or config.key
    primary = inspector.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
    changed = config.changed if config.changed in types else None
    pinned = _self_updating(table, connection) if connection.dialect.name == "mysql" else ()
    return Writeback(
        rows=untyped_table(table, tuple(types)),
        key=key,
        address=primary[0] if len(primary) == 1 else key,
        changed=changed,
        versioned=config.changed is not None,
        pinned=tuple(
            name for name in pinned if name not in (settings.synced_at, settings.flag, settings.vector)
        ),
        synced_at=(settings.synced_at, _stamp(settings.synced_at, types[settings.synced_at], connection))
        if settings.synced_at
        else None,
        flag=(settings.flag, _no(settings.flag, types[settings.flag])) if settings.flag else None,
        vector=(settings.vector, types[settings.vector]) if settings.vector else None,
        insertion=_insertion(config, settings, described, str(table), primary, connection)
        if settings.insert
        else None,
    )


def _insertion(
    config: CatalogConfig,
    settings: WritebackConfig,
    described: Sequence[ReflectedColumn],
    table: str,
    primary: Sequence[str],
    connection: Connection,
) -> Insertion:
    """How rows are inserted. Raises Refused: a column needs a value that is not known here."""
    columns = {str(column["name"]): column for column in described}
    key = settings.key or config.key
    ours = {name for name in (key, settings.synced_at, settings.flag, settings.vector) if name}
    product = config.product if config.product in columns and config.product not in ours else None
    times = {
        name: _stamp(name, columns[name]["type"], connection)
        for name in _TIMES
        if name in columns and name not in ours
    }
    filled = {*ours, *times, product}
    for name, column in columns.items():
        numbered = [name] == list(primary) and isinstance(column["type"], sa.Integer)
        told = column["nullable"] or any(column.get(how) for how in ("default", "computed", "identity"))
        if name not in filled and not told and not numbered:
            raise Misconfigured(
                "catalog",
                f"rows can't be inserted into {table}: its column {name} takes no NULL and has no default",
                remedy=f"Give {name} a default, or remove catalog.writeback.insert",
            )
    return Insertion(product, times)


def _table(config: CatalogConfig, settings: WritebackConfig, inspector: Inspector, dialect: str) -> TableName:
    if settings.table is not None:
        return find_table(inspector, _parts(settings.table, dialect, inspector), "catalog.writeback.table")
    if config.table is not None:
        return find_table(inspector, _parts(config.table, dialect, inspector), "catalog.table")
    return find_table(inspector, first_table(str(config.query), dialect), "catalog.writeback.table")


def _parts(name: str, dialect: str, inspector: Inspector) -> tuple[str, ...]:
    return (name,) if inspector.has_table(name) else name_parts(name, dialect) or (name,)


def _self_updating(table: TableName, connection: Connection) -> tuple[str, ...]:
    """MySQL's columns with ON UPDATE CURRENT_TIMESTAMP: our note must not look like an edit."""
    columns = sa.table(
        "columns",
        *map(untyped, ("COLUMN_NAME", "TABLE_NAME", "TABLE_SCHEMA", "EXTRA")),
        schema="information_schema",
    ).c
    query = sa.select(columns.COLUMN_NAME).where(
        value("name", table.name) == columns.TABLE_NAME,
        (value("schema", table.schema) if table.schema else sa.func.database()) == columns.TABLE_SCHEMA,
        sa.func.lower(columns.EXTRA).like("%on update%"),
    )
    return tuple(str(name) for name in connection.scalars(query))


def _stamp(name: str, kind: TypeEngine[object], connection: Connection) -> Stamp:
    if isinstance(kind, sa.DateTime):
        if connection.dialect.name == "sqlite":
            return "text"
        if connection.dialect.name == "mysql" and isinstance(kind, sa.TIMESTAMP):
            # Its value is an instant, and a literal would be read in the session's zone.
            return "server"
        return "zoned" if kind.timezone else "naive"
    if isinstance(kind, sa.Date):
        return "text" if connection.dialect.name == "sqlite" else "day"
    if isinstance(kind, sa.Boolean):
        raise _unfit("synced_at", name, kind, "a time, text or an integer")
    if isinstance(kind, sa.Integer):
        return "epoch"
    if isinstance(kind, sa.Numeric):
        return "text" if connection.dialect.name == "sqlite" else "fraction"
    if isinstance(kind, sa.String | sa.types.NullType):
        return "text"
    raise _unfit("synced_at", name, kind, "a time, text or an integer")


def _no(name: str, kind: TypeEngine[object]) -> bool | int:
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Numeric | sa.Integer | sa.types.NullType):
        return 0
    # Imported for a column of a type that only MySQL has: its dialect takes a while.
    from sqlalchemy.dialects.mysql import BIT

    if isinstance(kind, BIT):
        return 0
    raise _unfit("flag", name, kind, "boolean or an integer")


def _unfit(setting: str, name: str, kind: object, wanted: str) -> Misconfigured:
    return Misconfigured(
        "catalog",
        f"the column {name} is {type(kind).__name__}, but catalog.writeback.{setting} needs {wanted}",
        remedy=f"Change the column, or catalog.writeback.{setting}",
    )
