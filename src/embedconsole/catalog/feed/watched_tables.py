"""The tables of `catalog.watch`, found in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from embedconsole.catalog.feed.names import OUTBOX, source_name
from embedconsole.catalog.feed.triggers import Watched
from embedconsole.catalog.keys import KeyKind
from embedconsole.catalog.query_source import TableName, find_table, missing_column
from embedconsole.catalog.sqltext import name_parts
from embedconsole.faults import Misconfigured

if TYPE_CHECKING:
    from sqlalchemy import Connection, Inspector
    from sqlalchemy.types import TypeEngine

    from embedconsole.config.sections.catalog import CatalogConfig
    from embedconsole.config.sections.watch import WatchConfig


@dataclass(frozen=True, slots=True)
class TablePlace:
    """The place of a feed in its database.

    Attributes:
        outbox: The table, in the schema that the connection works in.
        watched: In the order of the configuration.
    """

    outbox: TableName
    watched: tuple[Watched, ...]


def find_place(config: CatalogConfig, connection: Connection) -> TablePlace:
    """Look for the tables and columns to watch.

    Raises:
        Misconfigured: One does not exist, or is no table.
    """
    inspector = sa.inspect(connection)
    outbox = TableName(OUTBOX, inspector.default_schema_name)
    watched = tuple(_find(one, inspector, connection) for one in config.watch)
    return TablePlace(outbox, watched)


def _find(config: WatchConfig, inspector: Inspector, connection: Connection) -> Watched:
    dialect = connection.dialect.name
    named = (
        (config.table,)
        if inspector.has_table(config.table)
        else name_parts(config.table, dialect) or (config.table,)
    )
    table = find_table(inspector, named, "catalog.watch")
    if table.name in inspector.get_view_names(schema=table.schema):
        raise Misconfigured(
            "change feed",
            f"{table} is a view, which has no changes of its own",
            remedy="Watch the tables that it is made of",
        )
    types = {
        str(column["name"]): column["type"]
        for column in inspector.get_columns(table.name, schema=table.schema)
    }
    if config.key not in types:
        raise missing_column("catalog.watch.key", config.key, f"the table {table}", tuple(types))
    # Triggers name their tables in full: who fires them may work in another schema.
    placed = TableName(table.name, table.schema or inspector.default_schema_name)
    return Watched(
        table=placed,
        source=source_name(table),
        key=config.key,
        kind=_kind(types[config.key]),
        keys=config.keys,
        partitioned=dialect == "postgresql" and _is_partitioned(connection, placed),
    )


def _kind(column: TypeEngine[object]) -> KeyKind:
    """The kind of key that the driver returns for a column of this type."""
    if isinstance(column, sa.LargeBinary | sa.types._Binary):
        return KeyKind.BYTES
    if isinstance(column, sa.Uuid):
        return KeyKind.UUID
    if isinstance(column, sa.Integer):
        return KeyKind.INTEGER
    if isinstance(column, sa.Float):
        return KeyKind.FLOAT
    return KeyKind.DECIMAL if isinstance(column, sa.Numeric) else KeyKind.TEXT


def _is_partitioned(connection: Connection, table: TableName) -> bool:
    kind = sa.text(
        "SELECT c.relkind = 'p' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relname = :name AND n.nspname = :schema"
    )
    return bool(connection.scalar(kind, {"name": table.name, "schema": table.schema}))
