"""Column types that the ledger's speed hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import DDLCompiler


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
