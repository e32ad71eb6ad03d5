"""One statement for many rows, compiled once: what SQLAlchemy does a row then costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.sql.dml import Delete, Insert, Update


class Bulk:
    """A statement to run with many rows of parameters.

    Only for parameters that the drivers take as they are (integers, text, bytes, None): the types of
    SQLAlchemy are not asked.

    Args:
        columns: For an insert: the columns to fill, each from the parameter of its name.
    """

    def __init__(self, statement: Insert | Update | Delete, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = list(columns) if columns is not None else None
        self._compiled: dict[str, tuple[str, list[str] | None, dict[str, object]]] = {}

    def run(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> int:
        """Run the statement once a row; returns how many rows of the table it changed."""
        if not rows:
            return 0
        sql, order, constants = self._for(connection)
        if order is None:
            data: object = [{**constants, **row} for row in rows]
        elif constants:
            data = [tuple(row[name] if name in row else constants[name] for name in order) for row in rows]
        else:
            data = [tuple(row[name] for name in order) for row in rows]
        return connection.exec_driver_sql(sql, data).rowcount  # type: ignore[arg-type]

    def _for(self, connection: Connection) -> tuple[str, list[str] | None, dict[str, object]]:
        dialect = connection.dialect
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
            order = list(compiled.positiontup) if compiled.positional and compiled.positiontup else None
            # With given columns everything is a parameter; else what has a value is the statement's own.
            constants = {
                name: bind.value
                for name, bind in compiled.binds.items()
                if self._columns is None and not bind.required
            }
            known = self._compiled[dialect.name] = (compiled.string, order, constants)
        return known
