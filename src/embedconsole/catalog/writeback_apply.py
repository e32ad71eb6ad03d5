"""Write-back itself: the three configured columns of a row, by its address, and rows that are missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from embedconsole.catalog.keys import is_bindable, key_kinds, key_texts
from embedconsole.catalog.query_source import key_among, native_key, value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Set

    from sqlalchemy import Connection
    from sqlalchemy.types import TypeEngine

    from embedconsole.catalog.base import Settled
    from embedconsole.catalog.writeback import Stamp, Writeback
    from embedconsole.items import CatalogRow, JsonValue

_TEXT_TIME = "%Y-%m-%d %H:%M:%S"


def unsettled_keys(writeback: Writeback) -> sa.Select[*tuple[object, ...]] | None:
    """Selects the keys of rows that are not synced by their own columns; None when no column tells."""
    marks: list[sa.ColumnElement[bool]] = []
    if writeback.flag is not None:
        name, no = writeback.flag
        flag = writeback.rows.c[name]
        marks.append(flag.is_(sa.true()) if no is False else flag != sa.literal_column("0"))
    if writeback.synced_at is not None:
        marks.append(writeback.rows.c[writeback.synced_at[0]].is_(None))
    if not marks:
        return None
    return sa.select(writeback.rows.c[writeback.key]).where(sa.or_(*marks))


def settle(
    writeback: Writeback,
    connection: Connection,
    keys: Sequence[object],
    items: Mapping[str, Settled],
    now: datetime,
    reread: Callable[[Sequence[object]], Mapping[str, CatalogRow]],
) -> int:
    """Note items as synced, in the connection's transaction, but for those edited or gone since their read.

    Args:
        keys: The items' keys as the database takes them, at most some hundred.
        items: The items by the text of their keys.
        now: UTC.
        reread: Reads rows by the catalog's own query, in this transaction.

    Returns:
        How many rows were left as they are because they were edited.
    """
    rows = connection.execute(_locked(writeback, keys)).fetchall()
    natives = [row[1] for row in rows]
    # The database may take other keys as equal to the requested ones: only their text distinguishes them.
    found = [
        (items[text], address, native, changed)
        for text, (address, native, changed, product) in zip(
            key_texts(natives, key_kinds(natives)), rows, strict=True
        )
        if text in items and _is_of(writeback, items[text], product)
    ]
    # What the query calls `changed` may be computed, and the table's column of that name another one: only
    # where the two are the same can the look at the query's row be saved. Without such a column nothing
    # tells whether a row was edited.
    doubtful = [
        native
        for item, _, native, changed in found
        if writeback.versioned and (changed is None or changed != item.row.version)
    ]
    missing = _missing(writeback, keys, items, {item.row.key for item, *_ in found})
    current = reread([*doubtful, *missing.values()]) if doubtful or missing else {}
    doubted = set(key_texts(doubtful, key_kinds(doubtful)))
    plain: list[object] = []
    vectors: list[tuple[object, JsonValue]] = []
    skipped = 0
    for item, address, _, _ in found:
        row = current.get(item.row.key)
        if row is None and item.row.key in doubted:
            continue  # gone from the catalog
        if row is not None and _edited(writeback, row, item.row):
            skipped += 1
        elif item.vector is None or writeback.vector is None:
            plain.append(address)
        else:
            vectors.append((address, item.vector))
    _note(writeback, connection, plain, now)
    _note_vectors(writeback, connection, vectors, now)
    for text, native in missing.items():
        row = current.get(text)
        if row is not None and _edited(writeback, row, items[text].row):
            skipped += 1
        elif row is not None:
            _insert(writeback, connection, native, items[text], now)
    return skipped


def check_permissions(writeback: Writeback, connection: Connection) -> None:
    """Do what write-back does to no row at all: the database refuses a user that may not."""
    columns = writeback.rows.c
    update = sa.update(writeback.rows).values({name: columns[name] for name in writeback.columns})
    connection.execute(update.where(sa.false()))
    if writeback.insertion is not None:
        insertion = writeback.insertion
        names = {writeback.key, *writeback.columns, *insertion.times, *filter(None, [insertion.product])}
        nothing = sa.select(*(columns[name] for name in names)).where(sa.false())
        connection.execute(sa.insert(writeback.rows).from_select(list(names), nothing))


def _is_of(writeback: Writeback, item: Settled, product: object) -> bool:
    """Whether a row belongs to the item's product, where the table says so."""
    insertion = writeback.insertion
    if insertion is None or insertion.product is None:
        return True
    return str(product) == str(item.row.values[insertion.product])


def _missing(
    writeback: Writeback, keys: Sequence[object], items: Mapping[str, Settled], found: Set[str]
) -> dict[str, object]:
    """The keys, by their text, of the items that have no row and can have one."""
    if writeback.insertion is None:
        return {}
    return {
        text: native
        for text, native in zip(key_texts(keys, key_kinds(keys)), keys, strict=True)
        if text in items
        and text not in found
        and (writeback.vector is None or items[text].vector is not None)
    }


def _insert(
    writeback: Writeback, connection: Connection, native: object, item: Settled, now: datetime
) -> None:
    insertion = writeback.insertion
    assert insertion is not None
    values: dict[str, object] = {writeback.key: native_key(native), **_settled_values(writeback, now)}
    for name, stamp in insertion.times.items():
        values[name] = _now(f"{name}_now", now, stamp)
    if insertion.product is not None:
        values[insertion.product] = value("product", item.row.values[insertion.product])
    if writeback.vector is not None:
        name, kind = writeback.vector
        values[name] = value("vector_json", _stored(item.vector, kind))
    connection.execute(_unless_there(writeback, connection.dialect.name, values))


def _unless_there(writeback: Writeback, dialect: str, values: Mapping[str, object]) -> sa.Insert:
    """The insertion, which leaves a row that another process has inserted meanwhile as it is."""
    from sqlalchemy.dialects import mysql, postgresql, sqlite

    if dialect == "postgresql":
        return postgresql.insert(writeback.rows).values(values).on_conflict_do_nothing()
    if dialect == "sqlite":
        return sqlite.insert(writeback.rows).values(values).on_conflict_do_nothing()
    if dialect in ("mysql", "mariadb"):
        # Not INSERT IGNORE, which takes everything else that is wrong with a row for no error, too.
        key = writeback.key
        return (
            mysql.insert(writeback.rows).values(values).on_duplicate_key_update({key: writeback.rows.c[key]})
        )
    return sa.insert(writeback.rows).values(values)


def _edited(writeback: Writeback, now: CatalogRow, then: CatalogRow) -> bool:
    if then.version is not None:
        return now.version != then.version
    ours = writeback.columns
    return any(now.values[name] != of_then for name, of_then in then.values.items() if name not in ours)


def _locked(writeback: Writeback, keys: Sequence[object]) -> sa.Select[*tuple[object, ...]]:
    """Address, key, `changed` and product (or NULL) of these rows, locked until the transaction ends."""
    columns = writeback.rows.c
    changed = columns[writeback.changed] if writeback.changed is not None else sa.null()
    insertion = writeback.insertion
    product = columns[insertion.product] if insertion is not None and insertion.product else sa.null()
    return (
        sa.select(
            columns[writeback.address].label("a"),
            columns[writeback.key].label("k"),
            changed.label("c"),
            product.label("p"),
        )
        .where(key_among(columns[writeback.key], keys))
        # Always in the same order, so that two of us can't wait for each other.
        .order_by(columns[writeback.address])
        .with_for_update()
    )


def _note(writeback: Writeback, connection: Connection, addresses: Sequence[object], now: datetime) -> None:
    values = _settled_values(writeback, now)
    if addresses and values:
        here = key_among(writeback.rows.c[writeback.address], addresses)
        connection.execute(sa.update(writeback.rows).values({**_pins(writeback), **values}).where(here))


def _note_vectors(
    writeback: Writeback, connection: Connection, vectors: Sequence[tuple[object, JsonValue]], now: datetime
) -> None:
    if not vectors or writeback.vector is None:
        return
    name, kind = writeback.vector
    column = writeback.rows.c[writeback.address]
    update = sa.update(writeback.rows).values(
        {**_pins(writeback), **_settled_values(writeback, now), name: value("vector_json")}
    )
    plain = []
    for address, vector in vectors:
        stored = _stored(vector, kind)
        if is_bindable(address):
            plain.append({"row_address": address, "vector_json": stored})
        else:
            connection.execute(update.where(column == native_key(address)), {"vector_json": stored})
    if plain:
        connection.execute(update.where(column == value("row_address")), plain)


def _pins(writeback: Writeback) -> dict[str, sa.ColumnElement[object]]:
    """`c = c` keeps MySQL from setting `c` to the current time."""
    return {name: writeback.rows.c[name] for name in writeback.pinned}


def _settled_values(writeback: Writeback, now: datetime) -> dict[str, object]:
    values: dict[str, object] = {}
    if writeback.synced_at is not None:
        name, stamp = writeback.synced_at
        values[name] = _now("synced_now", now, stamp)
    if writeback.flag is not None:
        name, no = writeback.flag
        values[name] = value("flag_no", no)
    return values


def _now(name: str, now: datetime, stamp: Stamp) -> object:
    """The time as a column takes it, for a statement."""
    return sa.func.current_timestamp() if stamp == "server" else value(name, _time(now, stamp))


def _time(now: datetime, stamp: Stamp) -> object:
    utc = now.astimezone(UTC)
    times: Mapping[str, object] = {
        "zoned": utc,
        "naive": utc.replace(tzinfo=None),
        "day": utc.date(),
        "text": utc.strftime(_TEXT_TIME),
        "epoch": int(utc.timestamp()),
        "fraction": utc.timestamp(),
    }
    return times[stamp]


def _stored(vector: JsonValue, kind: TypeEngine[object]) -> object:
    if isinstance(kind, sa.ARRAY):
        return vector
    text = orjson.dumps(vector)
    return text if isinstance(kind, sa.LargeBinary) else text.decode()
