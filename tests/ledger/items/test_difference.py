"""What follows for an item is the same in SQL as in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert, select

from embedconsole.ledger.items.difference import state_in_sql, state_of
from embedconsole.ledger.schema import items

if TYPE_CHECKING:
    from collections.abc import Sequence

NONE_WANTED = st.just((None, None))
WANTED = st.tuples(st.sampled_from([b"a", b"b"]), st.sampled_from([b"p", b"q"]))
ROWS = st.lists(st.tuples(st.one_of(NONE_WANTED, WANTED), st.one_of(NONE_WANTED, WANTED)), min_size=1)


@given(ROWS)
def test_sql_and_python_agree_on_what_follows(
    rows: Sequence[tuple[tuple[bytes | None, bytes | None], tuple[bytes | None, bytes | None]]],
) -> None:
    names = ("desired_embed_hash", "desired_payload_hash", "synced_embed_hash", "synced_payload_hash")
    state = state_in_sql(
        items.c.desired_embed_hash == items.c.synced_embed_hash,
        items.c.desired_payload_hash == items.c.synced_payload_hash,
    )
    hashes = [(*desired, *synced) for desired, synced in rows]
    with create_engine("sqlite://").begin() as connection:
        columns = ", ".join(f"{name} BLOB" for name in names)
        connection.exec_driver_sql(
            f"CREATE TABLE {items.name} (id INTEGER, attempts INTEGER, crashes INTEGER, {columns})"
        )
        connection.execute(
            insert(items),
            [{"id": at, **dict(zip(names, row, strict=True))} for at, row in enumerate(hashes)],
        )
        found = connection.scalars(select(state).order_by(items.c.id)).all()
    assert found == [state_of(*row) for row in hashes]
