"""Column types of our own: those of SQLAlchemy bring whole dialects with them, or cost time a value."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Integer, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import LargeBinary, Text, TypeDecorator, UserDefinedType

from embedconsole.redact import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Dialect
    from sqlalchemy.sql.compiler import DDLCompiler, SQLCompiler
    from sqlalchemy.sql.dml import Delete, Insert, Update

    _Bound = tuple[object, ...] | dict[str, object]


class LongText(Text):
    """Text of any length; that of MySQL and MariaDB ends at 64 kB."""


class ForeignText(TypeDecorator[str]):
    """Text of any length that quotes what services and databases said: no secret of the configuration."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Called for each value that is written."""
        return None if value is None else redacted(value)


class LongBytes(LargeBinary):
    """Bytes of any length; those of MySQL and MariaDB end at 64 kB."""


@compiles(LongText, "mysql", "mariadb")
def _long_text(element: LongText, compiler: DDLCompiler, **kwargs: object) -> str:
    return "LONGTEXT"


@compiles(LongBytes, "mysql", "mariadb")
def _long_bytes(element: LongBytes, compiler: DDLCompiler, **kwargs: object) -> str:
    return "LONGBLOB"


class FixedBytes(UserDefinedType[bytes]):
    """A few bytes, compared byte by byte in every database.

    SQLAlchemy's LargeBinary runs Python code for every value it binds or fetches. The drivers need none of
    it, and a page of a scan has five thousand such values.

    Args:
        length: Bytes at most; only MySQL and MariaDB require it.
    """

    cache_ok = True

    def __init__(self, length: int) -> None:
        self.length = length


@compiles(FixedBytes)
def _varbinary(element: FixedBytes, compiler: DDLCompiler, **kwargs: object) -> str:
    return f"VARBINARY({element.length})"


@compiles(FixedBytes, "postgresql")
def _bytea(element: FixedBytes, compiler: DDLCompiler, **kwargs: object) -> str:
    return "BYTEA"


@compiles(FixedBytes, "sqlite")
def _blob(element: FixedBytes, compiler: DDLCompiler, **kwargs: object) -> str:
    return "BLOB"


class now_ms(FunctionElement[int]):  # noqa: N801  (reads as the SQL function it is)
    """The time now, of the clock and not of the transaction's start."""

    type = BigInteger()
    inherit_cache = True
    name = "now_ms"


@compiles(now_ms, "sqlite")
def _sqlite(element: now_ms, compiler: SQLCompiler, **kwargs: object) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(now_ms, "postgresql")
def _postgresql(element: now_ms, compiler: SQLCompiler, **kwargs: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"


@compiles(now_ms, "mysql")
@compiles(now_ms, "mariadb")
def _mysql(element: now_ms, compiler: SQLCompiler, **kwargs: object) -> str:
    return "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)"


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
