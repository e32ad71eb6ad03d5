"""The feed on PostgreSQL: a trigger a statement, not a row, and a function for each watched table.

What is not done here, and why. No sequence: `lastval()` of the shop's session, which some drivers take for
the id of the row just inserted, would be ours. No unique value that two transactions could meet at. No
exception block: each would be a subtransaction of the shop's. The function has its owner's rights, since the
shop's user need not know the outbox, and does nothing where that is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from embedconsole.catalog.feed.names import CHANNEL, FEED_LENGTH, PREFIX, SOURCE_LENGTH, part_name
from embedconsole.catalog.feed.triggers import FoundTriggers, TriggerPart
from embedconsole.catalog.keys import KeyKind
from embedconsole.catalog.query_source import TableName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from embedconsole.catalog.feed.triggers import Watched

BEFORE = ("SET LOCAL lock_timeout = '10s'",)
AGE = "extract(epoch FROM now() - min(noted_at))"

# Grows with time, so that the outbox is read in order and its index filled at one end: the milliseconds, then
# chance. All in the function's own search path.
_ID = (
    "(lpad(to_hex((date_part('epoch', clock_timestamp()) * 1000)::bigint), 12, '0')"
    " || right(gen_random_uuid()::text, 22))::uuid"
)

_EVENTS = {
    "ins": ("INSERT", " REFERENCING NEW TABLE AS new_rows"),
    "upd": ("UPDATE", " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"),
    "del": ("DELETE", " REFERENCING OLD TABLE AS old_rows"),
    "tru": ("TRUNCATE", ""),
}

_TRIGGERS = sa.text(
    r"""
    SELECT t.tgname, n.nspname, c.relname, p.proname, t.tgenabled <> 'D'
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace f ON f.oid = p.pronamespace AND f.nspname = :schema
    WHERE t.tgname LIKE :ours AND NOT t.tgisinternal AND t.tgparentid = 0 ORDER BY t.tgname, n.nspname
    """
)
_FUNCTIONS = sa.text(
    """
    SELECT p.proname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE p.proname LIKE :ours AND n.nspname = :schema ORDER BY p.proname
    """
)


def quoted(table: TableName) -> str:
    """A table's name, quoted for a statement."""
    return f"{_name(table.schema)}.{_name(table.name)}" if table.schema else _name(table.name)


def create_outbox(outbox: TableName) -> str:
    """The statement that makes the outbox unless it is there."""
    return (
        f"CREATE TABLE IF NOT EXISTS {quoted(outbox)} (\n"
        f"  feed varchar({FEED_LENGTH}) NOT NULL,\n"
        f"  id uuid NOT NULL DEFAULT {_ID},\n"
        f"  source varchar({SOURCE_LENGTH}) NOT NULL,\n"
        "  item_key text,\n"
        "  noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
        "  PRIMARY KEY (feed, id)\n)"
    )


def grant(outbox: TableName, user: str) -> str:
    """The GRANT for a user who reads and empties the outbox."""
    return f"GRANT SELECT, DELETE ON {quoted(outbox)} TO {_name(user)}"


def script(statements: Sequence[str]) -> str:
    """The statements as the database's own client takes them."""
    return ";\n".join(("BEGIN", *statements, "COMMIT;"))


def parts(feed: str, outbox: TableName, watched: Watched) -> Sequence[TriggerPart]:
    """The function and its four triggers."""
    function = TableName(part_name(feed, watched.source), outbox.schema)
    by_row = watched.partitioned
    body = _body(feed, outbox, watched, _ROW if by_row else _STATEMENT)
    made = [
        TriggerPart(
            function.name,
            watched.table,
            f"CREATE OR REPLACE FUNCTION {quoted(function)}() RETURNS trigger LANGUAGE plpgsql\n"
            f"SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $embedconsole${body}$embedconsole$",
            _drop_function(function),
            body,
        )
    ]
    for event, (verb, rows) in _EVENTS.items():
        name = part_name(feed, watched.source, event)
        each = " FOR EACH ROW" if by_row and event != "tru" else f"{rows} FOR EACH STATEMENT"
        made.append(
            TriggerPart(
                name,
                watched.table,
                f"CREATE TRIGGER {_name(name)} AFTER {verb} ON {quoted(watched.table)}{each}\n"
                f"EXECUTE FUNCTION {quoted(function)}()",
                _drop_trigger(name, watched.table),
                function.name,
            )
        )
    return made


def found(connection: Connection, outbox: TableName) -> Sequence[FoundTriggers]:
    """All that carries our prefix, of any feed, in the order in which it can be dropped."""
    ours = PREFIX.replace("_", r"\_") + "%"
    triggers = [
        FoundTriggers(name, table, function if enabled else "", _drop_trigger(name, TableName(table, schema)))
        for name, schema, table, function, enabled in connection.execute(
            _TRIGGERS, {"ours": ours, "schema": outbox.schema}
        )
    ]
    functions = [
        FoundTriggers(name, "", body, _drop_function(TableName(name, outbox.schema)))
        for name, body in connection.execute(_FUNCTIONS, {"ours": ours, "schema": outbox.schema})
    ]
    return [*triggers, *functions]


def unseen(connection: Connection, watched: Sequence[Watched]) -> Sequence[str]:
    """None: what a foreign key deletes or changes fires triggers."""
    return ()


_STATEMENT = """\
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO {outbox} (feed, source, item_key)
      SELECT {names}, {key} FROM new_rows WHERE {column} IS NOT NULL;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO {outbox} (feed, source, item_key)
      SELECT {names}, {key} FROM old_rows WHERE {column} IS NOT NULL;
  ELSE
    INSERT INTO {outbox} (feed, source, item_key)
      SELECT {names}, {key} FROM new_rows WHERE {column} IS NOT NULL
      UNION SELECT {names}, {key} FROM old_rows WHERE {column} IS NOT NULL;"""

# Rows of a partition may be written without naming the table, which its statement triggers would not see.
_ROW = """\
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO {outbox} (feed, source, item_key) SELECT {names}, {new} WHERE NEW.{column} IS NOT NULL;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO {outbox} (feed, source, item_key) SELECT {names}, {old} WHERE OLD.{column} IS NOT NULL;
  ELSE
    INSERT INTO {outbox} (feed, source, item_key)
      SELECT {names}, {new} WHERE NEW.{column} IS NOT NULL
      UNION SELECT {names}, {old} WHERE OLD.{column} IS NOT NULL;"""


def _body(feed: str, outbox: TableName, watched: Watched, by_operation: str) -> str:
    column = _name(watched.key)
    inserts = by_operation.format(
        outbox=quoted(outbox),
        names=f"'{feed}', '{watched.source}'",
        column=column,
        key=_text(column, watched.kind),
        new=_text(f"NEW.{column}", watched.kind),
        old=_text(f"OLD.{column}", watched.kind),
    )
    return (
        "\nBEGIN\n"
        "  IF current_setting('embedconsole.quiet', true) = 'on' OR to_regclass("
        f"{_literal(quoted(outbox))}) IS NULL THEN\n"
        "    RETURN NULL;\n"
        "  ELSIF TG_OP = 'TRUNCATE' THEN\n"
        f"    INSERT INTO {quoted(outbox)} (feed, source) VALUES ('{feed}', '{watched.source}');\n"
        f"{inserts}\n"
        "  END IF;\n"
        f"  IF FOUND THEN PERFORM pg_notify('{CHANNEL}', '{feed}'); END IF;\n"
        "  RETURN NULL;\n"
        "END\n"
    )


def _text(value: str, kind: KeyKind) -> str:
    # concat() writes as the driver reads: a cast would take the blanks off a char(n).
    return f"encode({value}, 'hex')" if kind is KeyKind.BYTES else f"concat({value})"


def _drop_trigger(name: str, table: TableName) -> str:
    return f"DROP TRIGGER IF EXISTS {_name(name)} ON {quoted(table)}"


def _drop_function(function: TableName) -> str:
    return f"DROP FUNCTION IF EXISTS {quoted(function)}()"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
