"""One statement for many rows, compiled once: what SQLAlchemy does a row then costs nothing."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import Integer, literal_column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.sql.dml import Delete, Insert, Update

    _Bound = tuple[object, ...] | dict[str, object]


class Bulk:
    """A statement to run with many rows of parameters.

    Only for parameters that the drivers take as they are (integers, text, bytes, None): the types of
    SQLAlchemy are not asked. What is the same in every row is `constant` or `null()`: a parameter is bound
    for every row.

    Args:
        columns: For an insert: the columns to fill, each from the parameter of its name.
    """

    def __init__(self, statement: Insert | Update | Delete, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = list(columns) if columns is not None else None
        self._compiled: dict[str, tuple[str, Callable[[Mapping[str, object]], _Bound]]] = {}

    def run(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> int:
        """Run the statement once a row; returns how many rows of the table it changed."""
        if not rows:
            return 0
        sql, parameters = self._for(connection)
        return connection.exec_driver_sql(sql, list(map(parameters, rows))).rowcount

    def _for(self, connection: Connection) -> tuple[str, Callable[[Mapping[str, object]], _Bound]]:
        dialect = connection.dialect
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
            # A dialect with named parameters takes the row as it is.
            order = compiled.positiontup
            known = self._compiled[dialect.name] = (compiled.string, itemgetter(*order) if order else dict)
        return known


def constant(value: int) -> ColumnElement[int]:
    """A number that is written into the statement instead of being bound to it."""
    return literal_column(str(int(value)), Integer)
