"""The feed on SQLite: triggers a row. There are no rights, no sessions and no TRUNCATE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from embedconsole.catalog.feed.names import PREFIX, part_name
from embedconsole.catalog.feed.triggers import FoundTriggers, TriggerPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from embedconsole.catalog.feed.triggers import Watched
    from embedconsole.catalog.query_source import TableName

BEFORE: tuple[str, ...] = ()
AGE = "(julianday('now') - julianday(min(noted_at))) * 86400"

_EVENTS = {"ins": ("INSERT", "new"), "upd": ("UPDATE", "both"), "del": ("DELETE", "old")}

_FOUND = sa.text(
    r"SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE :ours ESCAPE '\'"
    " ORDER BY name"
)


def quoted(table: TableName) -> str:
    """A table's name, quoted for a statement."""
    return _name(table.name)


def create_outbox(outbox: TableName) -> str:
    """The statement that makes the outbox unless it is there; AUTOINCREMENT, as no id may come again."""
    return (
        f"CREATE TABLE IF NOT EXISTS {quoted(outbox)} (\n"
        "  id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
        "  feed TEXT NOT NULL,\n"
        "  source TEXT NOT NULL,\n"
        "  item_key TEXT,\n"
        "  noted_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP\n)"
    )


def grant(outbox: TableName, user: str) -> None:
    """There are no rights."""


def script(statements: Sequence[str]) -> str:
    """The statements as the database's own client takes them."""
    return ";\n".join(("BEGIN IMMEDIATE", *statements, "COMMIT;"))


def parts(feed: str, outbox: TableName, watched: Watched) -> Sequence[TriggerPart]:
    """The three triggers."""
    made = []
    for event, (verb, rows) in _EVENTS.items():
        name = part_name(feed, watched.source, event)
        create = (
            f"CREATE TRIGGER {_name(name)} AFTER {verb} ON {quoted(watched.table)}\n"
            f"BEGIN\n{_inserts(feed, outbox, watched, rows)}\nEND"
        )
        made.append(TriggerPart(name, watched.table, create, _drop(name), create))
    return made


def found(connection: Connection, outbox: TableName) -> Sequence[FoundTriggers]:
    """All that carries our prefix, of any feed."""
    ours = PREFIX.replace("_", r"\_") + "%"
    return [
        FoundTriggers(name, table, body, _drop(name))
        for name, table, body in connection.execute(_FOUND, {"ours": ours})
    ]


def unseen(connection: Connection, watched: Sequence[Watched]) -> Sequence[str]:
    """None: what a foreign key deletes or changes fires triggers."""
    return ()


def _inserts(feed: str, outbox: TableName, watched: Watched, rows: str) -> str:
    column = _name(watched.key)

    def insert(row: str, condition: str = "") -> str:
        return (
            f"  INSERT INTO {quoted(outbox)} (feed, source, item_key)"
            f" SELECT '{feed}', '{watched.source}', {_text(f'{row}.{column}')}"
            f" WHERE {row}.{column} IS NOT NULL{condition};"
        )

    if rows != "both":
        return insert(rows.upper())
    # Texts that are made compare by their bytes; the column's collation may take another key as the same.
    moved = f" AND {_text(f'OLD.{column}')} IS NOT {_text(f'NEW.{column}')}"
    return f"{insert('NEW')}\n{insert('OLD', moved)}"


def _text(value: str) -> str:
    # A column holds whatever was put into it, whatever its type says.
    return f"CASE typeof({value}) WHEN 'blob' THEN lower(hex({value})) ELSE CAST({value} AS TEXT) END"


def _drop(name: str) -> str:
    return f"DROP TRIGGER IF EXISTS {_name(name)}"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
