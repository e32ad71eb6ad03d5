"""The user's query or table as something to select from, its columns checked against the configuration."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from embedconsole.catalog.keys import is_bindable
from embedconsole.catalog.sqltext import is_evaluated_whole, name_parts, statement_body
from embedconsole.faults import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, FromClause, Inspector

    from embedconsole.config.sections.catalog import CatalogConfig

_MYSQL_JSON, _MYSQL_BIT = 245, 16
"""The wire protocol's numbers of types that PyMySQL hands on as text and as bytes."""
# A column of an extension's type is a value like any other, and an operator can do nothing about it.
warnings.filterwarnings("ignore", "Did not recognize type|Could not instantiate type", sa.exc.SAWarning)

_LISTED = 20
_UNSET = object()


@dataclass(frozen=True, slots=True)
class TableName:
    """A table that exists, named as the database names it."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class QuerySource:
    """The rows of the catalog.

    Attributes:
        columns: Column names in the query's order, each once.
        rows: The SQL after FROM, under the name `q`; its columns have no type, so that values reach and
            leave the driver as they are and the database compares them by its own rules.
        json: Columns whose text is JSON.
        bits: Columns whose bytes are a number, MySQL's BIT.
        html: Columns whose text is HTML.
        whole: The database may evaluate all rows for each page of them: the query groups or combines rows, or
            is that of a view.
    """

    columns: tuple[str, ...]
    rows: FromClause
    json: frozenset[str]
    bits: frozenset[str] = frozenset()
    whole: bool = False
    html: frozenset[str] = frozenset()


def open_source(config: CatalogConfig, connection: Connection) -> QuerySource:
    """Find the columns of the query or table, and check those that the configuration names.

    Raises:
        Misconfigured: A column or the table does not exist, or the query names a column twice.
    """
    source = open_rows(config.table, config.query, connection)
    named: list[tuple[str, str | None]] = [("key", config.key)]
    named += [("changed", config.changed), ("product", config.product)]
    named += [("json_columns", name) for name in config.json_columns]
    named += [("html_columns", name) for name in config.html_columns]
    for setting, name in named:
        if name is not None and name not in source.columns:
            raise missing_column(f"catalog.{setting}", name, "the catalog", source.columns)
    json = source.json | frozenset(config.json_columns)
    return replace(source, json=json, html=frozenset(config.html_columns))


def open_rows(table: str | None, query: str | None, connection: Connection) -> QuerySource:
    """The rows of a query, or of a table where there is none.

    Raises:
        Misconfigured: The table does not exist, or the query names a column twice.
    """
    if query is not None:
        return _open_query(query, connection)
    return _open_table(str(table), connection)


def written_table(inspector: Inspector, written: str, dialect: str, setting: str) -> TableName:
    """The table that an operator's text names, perhaps quoted or with its schema. Raises as `find_table`."""
    plain = TableName(written)
    if _exists(inspector, plain):
        return plain
    return find_table(inspector, name_parts(written, dialect) or (written,), setting)


def find_table(inspector: Inspector, parts: Sequence[str], setting: str) -> TableName:
    """The table of this name.

    Args:
        parts: The name, perhaps with its schema before it.
        setting: What the operator would change, for the message.

    Raises:
        Misconfigured: There is none; the message lists those that exist.
    """
    found: TableName | None = None
    if len(parts) in (1, 2):
        found = TableName(parts[-1], parts[0] if len(parts) == 2 else None)
    if found is not None and _exists(inspector, found):
        return found
    existing = sorted(inspector.get_table_names())
    names = ", ".join(existing[:_LISTED]) + (", …" if len(existing) > _LISTED else "")
    raise Misconfigured(
        "catalog",
        f"there is no table {'.'.join(parts)}; the database has {names or 'none'}",
        remedy=f"Check {setting}",
    )


def missing_column(setting: str, name: str, place: str, columns: Sequence[str]) -> Misconfigured:
    """The fault for a configured column that does not exist."""
    return Misconfigured(
        "catalog",
        f"{setting} names the column {name}, but {place} has only {', '.join(columns)}",
        remedy=f"Check {setting}",
    )


def untyped(name: str) -> sa.ColumnClause[object]:
    """A column by its exact name, always quoted, whose values pass through as they are."""
    return sa.column(quoted_name(name, quote=True), sa.types.NullType())


def untyped_table(table: TableName, columns: Sequence[str]) -> sa.TableClause:
    """A table of such columns."""
    schema = quoted_name(table.schema, quote=True) if table.schema else None
    return sa.table(quoted_name(table.name, quote=True), *map(untyped, columns), schema=schema)


def value(name: str, of: object = _UNSET) -> sa.BindParameter[object]:
    """A parameter that reaches the driver as it is: a cast would change how the database compares."""
    if of is _UNSET:
        return sa.bindparam(name, type_=sa.types.NullType())
    return sa.bindparam(name, of, type_=sa.types.NullType())


def values_in(name: str, of: Sequence[object] | None = None) -> sa.BindParameter[object]:
    """The same for the list of an IN; without one, it comes with each execution."""
    if of is None:
        return sa.bindparam(name, expanding=True, type_=sa.types.NullType())
    return sa.bindparam(name, list(of), expanding=True, type_=sa.types.NullType())


def key_among(column: sa.ColumnElement[object], keys: Sequence[object]) -> sa.ColumnElement[bool]:
    """The condition that a key is one of these, as `native_keys` gives them."""
    plain = [key for key in keys if is_bindable(key)]
    others = [key for key in keys if not is_bindable(key)]
    return sa.or_(column.in_(values_in("keys", plain)), *(column == native_key(key) for key in others))


def native_key(key: object) -> sa.ColumnElement[object]:
    """A parameter for one key; text of SQLite that is no UTF-8 can only be bound as bytes."""
    if isinstance(key, str) and not is_bindable(key):
        return sa.cast(sa.literal(key.encode("utf-8", "surrogateescape"), sa.LargeBinary()), sa.Text())
    return sa.literal(key, sa.types.NullType())


def _exists(inspector: Inspector, table: TableName) -> bool:
    if table.schema is not None and table.schema not in inspector.get_schema_names():
        return False
    return inspector.has_table(table.name, schema=table.schema)


def _open_table(written: str, connection: Connection) -> QuerySource:
    inspector = sa.inspect(connection)
    table = written_table(inspector, written, connection.dialect.name, "catalog.table")
    described = inspector.get_columns(table.name, schema=table.schema)
    columns = tuple(str(column["name"]) for column in described)
    json = frozenset(str(column["name"]) for column in described if isinstance(column["type"], sa.JSON))
    bits: frozenset[str] = frozenset()
    if connection.dialect.name == "mysql":
        from sqlalchemy.dialects.mysql import BIT

        bits = frozenset(str(column["name"]) for column in described if isinstance(column["type"], BIT))
    whole = table.name in inspector.get_view_names(schema=table.schema)
    return QuerySource(columns, untyped_table(table, columns).alias("q"), json, bits, whole)


def _open_query(query: str, connection: Connection) -> QuerySource:
    dialect = connection.dialect.name
    # The line break ends a comment that the database knows and we do not.
    body = statement_body(query, dialect) + "\n"
    # A colon begins a parameter for SQLAlchemy; doubling % for the driver is what SQLAlchemy does itself.
    text = body.replace(":", "\\:")
    probe = sa.select(sa.text("*")).select_from(sa.text(f"({text}) q")).where(sa.text("1 = 0"))
    result = connection.execute(probe)
    description = result.cursor.description
    columns = tuple(str(column[0]) for column in description)
    _refuse_duplicates(columns, dialect)
    json, bits = (
        frozenset(str(column[0]) for column in description if dialect == "mysql" and column[1] == kind)
        for kind in (_MYSQL_JSON, _MYSQL_BIT)
    )
    rows = sa.text(text).columns(*map(untyped, columns)).subquery("q")
    return QuerySource(columns, rows, json, bits, is_evaluated_whole(body, dialect))


def _refuse_duplicates(columns: Sequence[str], dialect: str) -> None:
    seen: set[str] = set()
    for name in columns:
        # SQLite renames the second `id` of a subquery to `id:1`.
        base, colon, number = name.rpartition(":")
        original = base if dialect == "sqlite" and colon and number.isdecimal() and base in columns else name
        if original in seen:
            raise Misconfigured(
                "catalog",
                f"catalog.query returns two columns named {original}",
                remedy="Give one of them another name with AS",
            )
        seen.add(original)
