"""The feed on MySQL and MariaDB: triggers a row, with the rights of the user that creates them.

A key is assigned as it is and never cast: a cast would pass text through the character set of the client that
created the trigger. Where the outbox is missing the triggers do nothing; nothing else is caught, because a
deadlock or a full disk concern the shop's own transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from embedconsole.catalog.feed.names import FEED_LENGTH, PREFIX, SOURCE_LENGTH, part_name
from embedconsole.catalog.feed.triggers import FoundTriggers, TriggerPart
from embedconsole.catalog.keys import KeyKind
from embedconsole.catalog.query_source import TableName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from embedconsole.catalog.feed.triggers import Watched

BEFORE = ("SET SESSION lock_wait_timeout = 10",)
AGE = "timestampdiff(SECOND, min(noted_at), current_timestamp)"

_NO_SUCH_TABLE = 1146
_EVENTS = {"ins": ("INSERT", "new"), "upd": ("UPDATE", "both"), "del": ("DELETE", "old")}

_FOUND = sa.text(
    """
    SELECT TRIGGER_NAME, TRIGGER_SCHEMA, EVENT_OBJECT_TABLE, ACTION_STATEMENT FROM information_schema.TRIGGERS
    WHERE TRIGGER_NAME LIKE :ours AND instr(ACTION_STATEMENT, :outbox) > 0
    ORDER BY TRIGGER_SCHEMA, TRIGGER_NAME
    """
)

_CASCADES = sa.text(
    """
    SELECT r.CONSTRAINT_NAME, r.DELETE_RULE, r.UPDATE_RULE, k.COLUMN_NAME,
        k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME
    FROM information_schema.REFERENTIAL_CONSTRAINTS r JOIN information_schema.KEY_COLUMN_USAGE k
        ON k.CONSTRAINT_SCHEMA = r.CONSTRAINT_SCHEMA AND k.CONSTRAINT_NAME = r.CONSTRAINT_NAME
        AND k.TABLE_NAME = r.TABLE_NAME AND k.ORDINAL_POSITION = 1
    WHERE r.CONSTRAINT_SCHEMA = :schema AND r.TABLE_NAME = :table
    ORDER BY r.CONSTRAINT_NAME
    """
)
_CHANGING = ("CASCADE", "SET NULL", "SET DEFAULT")


def quoted(table: TableName) -> str:
    """A table's name, quoted for a statement."""
    return f"{_name(table.schema)}.{_name(table.name)}" if table.schema else _name(table.name)


def create_outbox(outbox: TableName) -> str:
    """The statement that makes the outbox unless it is there."""
    return (
        f"CREATE TABLE IF NOT EXISTS {quoted(outbox)} (\n"
        "  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,\n"
        f"  feed VARCHAR({FEED_LENGTH}) CHARACTER SET ascii NOT NULL,\n"
        f"  source VARCHAR({SOURCE_LENGTH}) CHARACTER SET ascii NOT NULL,\n"
        "  item_key LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,\n"
        "  noted_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,\n"
        "  KEY (feed)\n"
        ") ENGINE=InnoDB"
    )


def grant(outbox: TableName, user: str) -> str:
    """The GRANT for a user who reads and empties the outbox."""
    name = user.replace("\\", "\\\\").replace("'", "''")
    return f"GRANT SELECT, DELETE ON {quoted(outbox)} TO '{name}'@'%'"


def script(statements: Sequence[str]) -> str:
    """The statements as the database's own client takes them."""
    return "\n".join(("DELIMITER $$", *(f"{statement}$$" for statement in statements), "DELIMITER ;"))


def parts(feed: str, outbox: TableName, watched: Watched) -> Sequence[TriggerPart]:
    """The three triggers; a TRUNCATE fires none."""
    made = []
    for event, (verb, rows) in _EVENTS.items():
        trigger = TableName(part_name(feed, watched.source, event), watched.table.schema)
        body = _body(feed, outbox, watched, rows)
        create = (
            f"CREATE TRIGGER {quoted(trigger)} AFTER {verb} ON {quoted(watched.table)} FOR EACH ROW\n{body}"
        )
        made.append(TriggerPart(trigger.name, watched.table, create, _drop(trigger), body))
    return made


def found(connection: Connection, outbox: TableName) -> Sequence[FoundTriggers]:
    """All that carries our prefix, of any feed; only what the user has the TRIGGER right for is shown."""
    ours = PREFIX.replace("_", r"\_") + "%"
    return [
        FoundTriggers(name, table, body, _drop(TableName(name, schema)))
        # The server has other databases, which may have feeds of the same name with outboxes of their own.
        for name, schema, table, body in connection.execute(_FOUND, {"ours": ours, "outbox": quoted(outbox)})
    ]


def unseen(connection: Connection, watched: Sequence[Watched]) -> Sequence[str]:
    """The foreign keys that delete or change watched rows with a row of another table."""
    # Where the other table is watched by the same key, its own triggers note it.
    noted = {(one.table, one.key) for one in watched if one.keys is None}
    lines = []
    for one in watched:
        place = {"schema": one.table.schema, "table": one.table.name}
        for name, delete, update, column, schema, table, key in connection.execute(_CASCADES, place):
            rules = [
                f"ON {verb} {rule}"
                for verb, rule in (("DELETE", delete), ("UPDATE", update))
                if rule in _CHANGING
            ]
            if rules and not (column == one.key and (TableName(table, schema), key) in noted):
                lines.append(
                    f"{one.table.name}: what {' and '.join(rules)} of the foreign key {name} does with a row "
                    f"of {table} is found by the scan only: MySQL and MariaDB fire no triggers for it"
                )
    return lines


def _body(feed: str, outbox: TableName, watched: Watched, rows: str) -> str:
    column = _name(watched.key)
    inserts = {
        row: f"INSERT INTO {quoted(outbox)} (feed, source, item_key)"
        f" VALUES ('{feed}', '{watched.source}', {_text(f'{row}.{column}', watched.kind)});"
        for row in ("NEW", "OLD")
    }
    lines = []
    if rows != "old":
        lines.append(f"    IF NEW.{column} IS NOT NULL THEN {inserts['NEW']} END IF;")
    if rows == "old":
        lines.append(f"    IF OLD.{column} IS NOT NULL THEN {inserts['OLD']} END IF;")
    if rows == "both":
        # As bytes: a collation may take another key as the same.
        same = f"CAST(OLD.{column} AS BINARY) <=> CAST(NEW.{column} AS BINARY)"
        lines.append(f"    IF OLD.{column} IS NOT NULL AND NOT ({same}) THEN {inserts['OLD']} END IF;")
    return "\n".join(
        [
            "BEGIN",
            f"  DECLARE CONTINUE HANDLER FOR {_NO_SUCH_TABLE} BEGIN END;",
            "  IF @embedconsole_quiet IS NULL THEN",
            *lines,
            "  END IF;",
            "END",
        ]
    )


def _text(value: str, kind: KeyKind) -> str:
    return f"LOWER(HEX({value}))" if kind is KeyKind.BYTES else value


def _drop(trigger: TableName) -> str:
    return f"DROP TRIGGER IF EXISTS {quoted(trigger)}"


def _name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
