"""Column types of our own: those of SQLAlchemy bring whole dialects with them, or cost time a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import LargeBinary, Text, UserDefinedType

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import DDLCompiler


class LongText(Text):
    """Text of any length; that of MySQL and MariaDB ends at 64 kB."""


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
        length: Bytes at most; only MySQL and MariaDB want to know.
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
