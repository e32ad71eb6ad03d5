"""Runs migrations on the connection that `embedconsole.ledger.migrate` hands over."""

from typing import Any

from alembic import context
from alembic.ddl.mysql import MySQLImpl
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError

from embedconsole.ledger.migrate import VERSION_TABLE
from embedconsole.ledger.schema import metadata

_DONE_BEFORE = {1050, 1060, 1061}
"""MySQL's errors for a table, a column and an index that are there already."""


class Resuming(MySQLImpl):
    """MySQL commits every statement: a migration that was cut off is done again, and what is there stays.

    Tables take any text, whatever the character set of the database that they are in.
    """

    __dialect__ = "mysql"

    def create_table(self, table: Table, **named: Any) -> None:
        table.dialect_options["mysql"]["charset"] = "utf8mb4"
        super().create_table(table, **named)

    def _exec(self, *arguments: Any, **named: Any) -> Any:
        try:
            return super()._exec(*arguments, **named)
        except DBAPIError as error:
            if error.orig is None or error.orig.args[0] not in _DONE_BEFORE:
                raise
            return None


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
