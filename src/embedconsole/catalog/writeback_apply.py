"""Write-back itself. Only the three configured columns are ever set, by the address of a row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
import sqlalchemy as sa

from embedconsole.catalog.keys import is_bindable, key_kinds, key_texts
from embedconsole.catalog.query_source import key_among, native_key, value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
    reread: Callable[[Sequence[object]], Mapping[str, CatalogRow]] | None,
) -> int:
    """Note items as synced, in the connection's transaction, but for those edited or gone since their read.

    Args:
        keys: The items' keys as the database takes them, at most some hundred.
        items: The items by the text of their keys.
        now: UTC.
        reread: Reads rows by the catalog's own query, in this transaction; None when the catalog has no
            `changed` column, and so nothing tells whether a row was edited.

    Returns:
        How many rows were left as they are because they were edited.
    """
    rows = connection.execute(_locked(writeback, keys)).fetchall()
    natives = [row[1] for row in rows]
    # The database may take other keys as equal to the wanted ones: only their text tells them apart.
    found = [
        (items[text], address, native, changed)
        for text, (address, native, changed) in zip(key_texts(natives, key_kinds(natives)), rows, strict=True)
        if text in items
    ]
    # What the query calls `changed` may be computed, and the table's column of that name another one: only
    # where the two are the same can the look at the query's row be saved.
    doubtful = [
        native
        for item, _, native, changed in found
        if reread is not None and (changed is None or changed != item.row.version)
    ]
    current = reread(doubtful) if reread is not None and doubtful else {}
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
    return skipped


def _edited(writeback: Writeback, now: CatalogRow, then: CatalogRow) -> bool:
    if then.version is not None:
        return now.version != then.version
    ours = writeback.columns
    return any(now.values[name] != of_then for name, of_then in then.values.items() if name not in ours)


def _locked(writeback: Writeback, keys: Sequence[object]) -> sa.Select[*tuple[object, ...]]:
    """Address, key and `changed` (or NULL) of the rows with these keys, locked until the transaction ends."""
    columns = writeback.rows.c
    changed = columns[writeback.changed] if writeback.changed is not None else sa.null()
    return (
        sa.select(
            columns[writeback.address].label("a"), columns[writeback.key].label("k"), changed.label("c")
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
        values[name] = (
            sa.func.current_timestamp() if stamp == "server" else value("synced_now", _time(now, stamp))
        )
    if writeback.flag is not None:
        name, no = writeback.flag
        values[name] = value("flag_no", no)
    return values


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
