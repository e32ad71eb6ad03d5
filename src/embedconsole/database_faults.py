"""Faults of databases, made from the errors of drivers and SQLAlchemy: the one place with error codes.

PostgreSQL tells by SQLSTATE, MySQL and MariaDB by number, SQLite by its result code; other databases only by
the class of the exception. What a connection attempt to PostgreSQL fails of has no code, only words.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import contextmanager
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from embedconsole.faults import Fault, Misconfigured, Refused, Transient, Unreachable
from embedconsole.foreign_text import masked, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

CALL_ERRORS = (SQLAlchemyError, ImportError, UnicodeError, OverflowError)
"""Errors of a call to a database: SQLAlchemy's own, and those of drivers for a value they can't send."""

_CONNECT_ERRORS = (
    *CALL_ERRORS,
    *(TypeError, ValueError, RuntimeError, AttributeError, AssertionError, LookupError, OSError),
)
"""Errors of drivers for an address, argument or server they can't use. No code of ours runs there."""

Code = TypeVar("Code", int, str)


class Cause(Enum):
    """The cause of an error that a retry would not repair."""

    CREDENTIALS = auto()
    ADDRESS = auto()
    STATEMENT = auto()
    RIGHTS = auto()
    READ_ONLY = auto()
    VALUES = auto()
    SPACE = auto()


_SPACE_REMEDY = "Make room on the database's disk"
_REMEDIES = {
    "catalog": {
        Cause.CREDENTIALS: "Check the user and the password in catalog.url",
        Cause.ADDRESS: "Check catalog.url",
        Cause.STATEMENT: "Check catalog.query or catalog.table against the database",
        Cause.RIGHTS: "Grant the user of catalog.url SELECT, and UPDATE on the write-back columns",
        Cause.READ_ONLY: "Use a writable database for write-back, or remove catalog.writeback",
        Cause.VALUES: "Change the value or its column, or cast it in catalog.query",
        Cause.SPACE: _SPACE_REMEDY,
    },
    "change feed": {
        Cause.CREDENTIALS: "Check the user and the password in catalog.url",
        Cause.ADDRESS: "Check catalog.url",
        Cause.STATEMENT: "Run `embedconsole feed install`; until then changes are found by the scan",
        Cause.RIGHTS: "`embedconsole feed install --print` shows what a user with the rights has to run",
        Cause.READ_ONLY: "Name the primary in catalog.url, or remove catalog.watch",
        Cause.VALUES: "Check catalog.watch against the database",
        Cause.SPACE: _SPACE_REMEDY,
    },
    "ledger": {
        Cause.CREDENTIALS: "Check the user and the password of ledger",
        Cause.ADDRESS: "Check ledger: it names a database that exists and can be written",
        Cause.STATEMENT: "Its tables are not as this version made them; restore them or name another ledger",
        Cause.RIGHTS: "Grant the user of ledger the right to create, read and write tables there",
        Cause.READ_ONLY: "The ledger must be writable; name another one",
        Cause.VALUES: "This is an error of embedconsole: please report it",
        Cause.SPACE: _SPACE_REMEDY,
    },
}
"""Remedies by the part that failed."""

_SETTINGS = {"catalog": "catalog.url", "change feed": "catalog.url", "ledger": "ledger"}
"""Settings with the database's address, by the part that failed."""


def _by_code(*causes: tuple[Cause | None, tuple[Code, ...]]) -> dict[Code, Cause | None]:
    return {code: cause for cause, codes in causes for code in codes}


# A code to its cause; None is transient. A SQLSTATE may be given by its class, its first two characters.
_SQLSTATES: dict[str, Cause | None] = _by_code(
    (None, ("08", "40", "53", "55", "57", "58", "XX")),
    (Cause.CREDENTIALS, ("28",)),
    (Cause.ADDRESS, ("3D",)),
    (Cause.STATEMENT, ("0A", "21", "3F", "42", "54")),
    (Cause.RIGHTS, ("42501",)),
    (Cause.READ_ONLY, ("25006",)),
    (Cause.SPACE, ("53100",)),
    (Cause.VALUES, ("22", "23")),
)
_MYSQL: dict[int, Cause | None] = _by_code(
    (None, (1040, 1053, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1205, 1213, 1226, 1317, 1412, 1615)),
    (None, (1927, 1969, 3024)),
    (Cause.CREDENTIALS, (1045, 1130, 1698, 1862)),
    (Cause.ADDRESS, (1046, 1049, 2026, 2059)),
    (Cause.RIGHTS, (1044, 1142, 1143, 1227, 1370, 1419)),
    (Cause.READ_ONLY, (1290, 1792, 1836)),
    (Cause.VALUES, (1062, 1264, 1265, 1292, 1366, 1406, 4025)),
    (Cause.SPACE, (1021, 1114)),
)
_SQLITE: dict[int, Cause | None] = _by_code(
    (None, (5, 6, 7, 9, 10, 15, 17)),
    (Cause.ADDRESS, (3, 11, 14, 26)),
    (Cause.STATEMENT, (1,)),
    (Cause.RIGHTS, (23,)),
    (Cause.READ_ONLY, (8,)),
    (Cause.VALUES, (18, 19, 20)),
    (Cause.SPACE, (13,)),
)
_MYSQL_CONFLICTS = (1205, 1213, 1020)
_WORDS = (
    (
        re.compile(r"password|no pg_hba\.conf entry|role .* does not exist|authentication", re.IGNORECASE),
        Cause.CREDENTIALS,
    ),
    (re.compile(r"permission denied", re.IGNORECASE), Cause.RIGHTS),
    (re.compile(r"database .* does not exist|invalid \S+ value|invalid port", re.IGNORECASE), Cause.ADDRESS),
)
_LOST_STATES = re.compile("08|57P")
_LOST_NUMBERS = (1053, 1927)
# As PyMySQL, libpq and SQLite's module say it.
_UNKNOWN_OPTION = re.compile(
    r"(?:unexpected keyword argument|invalid connection option) ['\"]([^'\"]+)"
    r"|^'([^']+)' is an invalid keyword"
)
_URL_PASSWORD = re.compile(r"(?<=://)[^\s/@]*@")


def database_fault(source: str, error: Exception, *, secrets: tuple[str, ...] = ()) -> Fault:
    """The fault behind an exception of SQLAlchemy, with a message of one line and no password.

    Args:
        source: "catalog", "change feed" or "ledger": whose settings the remedy names.
    """
    message = _one_line(error, secrets)
    cause: Cause | None = Cause.STATEMENT
    if isinstance(error, DBAPIError):
        cause = _cause(error)
    elif isinstance(error, PoolTimeoutError):
        cause = None
    elif isinstance(error, NoSuchModuleError | ArgumentError | ImportError):
        cause = Cause.ADDRESS
    elif isinstance(error, UnicodeError | OverflowError):
        cause = Cause.VALUES
    if cause is not None:
        # What the catalog is asked for is the operator's; the other statements are ours.
        kind = Misconfigured if (source, cause) == ("catalog", Cause.STATEMENT) else Refused
        return kind(source, message, remedy=_REMEDIES[source][cause])
    return Unreachable(source, message) if _is_lost(error) else Transient(source, message)


@contextmanager
def connecting(source: str, secrets: tuple[str, ...] = ()) -> Iterator[None]:
    """Turn what a driver raises while it is set up or connects into faults; arguments as `database_fault`."""
    try:
        yield
    except _CONNECT_ERRORS as error:
        raise _connect_fault(source, error, secrets) from error


def _connect_fault(source: str, error: Exception, secrets: tuple[str, ...]) -> Fault:
    setting = _SETTINGS[source]
    message = _one_line(error, secrets)
    unknown = _UNKNOWN_OPTION.search(message)
    if unknown is not None:
        name = unknown[1] or unknown[2]
        message, remedy = f"the driver knows no option {name}", f"Remove {name} from {setting}"
    elif isinstance(error, ImportError) and error.name is not None:
        remedy = f"Install the driver, or write {setting} without one: mysql:// or postgresql://"
    elif isinstance(error, SQLAlchemyError | ImportError):
        return database_fault(source, error, secrets=secrets)
    elif isinstance(error, OSError):
        return Unreachable(source, message)
    elif "cryptography" in message:
        remedy = "Install PyMySQL with what its logins need: pip install 'pymysql[rsa]'"
    else:
        message, remedy = f"the driver can't connect: {message}", f"Check {setting}"
    return Refused(source, message, remedy=remedy)


def is_conflict(error: DBAPIError) -> bool:
    """Whether a transaction was the victim of another one, and will go through when it is run again."""
    original = error.orig
    if getattr(original, "sqlstate", None) in ("40001", "40P01"):
        return True
    if getattr(original, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY_SNAPSHOT:
        return True
    number = original.args[0] if original is not None and original.args else None
    return number in _MYSQL_CONFLICTS


def _cause(error: DBAPIError) -> Cause | None:
    """The cause that the operator has to repair; None when a retry is enough."""
    original = error.orig
    number = original.args[0] if original is not None and original.args else None
    if isinstance(number, int) and number in _MYSQL:
        return _MYSQL[number]
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str) and state:
        for prefix in (state, state[:2]):
            if prefix in _SQLSTATES:
                return _SQLSTATES[prefix]
        return _by_class(error)
    sqlite_code = getattr(original, "sqlite_errorcode", None)
    if isinstance(sqlite_code, int):
        return _SQLITE.get(sqlite_code & 0xFF, Cause.STATEMENT)
    if isinstance(number, int) and number:
        # 2000 and more are the client's own: no connection, or a lost one.
        return None if 2000 <= number < 3000 else Cause.STATEMENT
    return _by_class(error)


def _is_lost(error: Exception) -> bool:
    """Whether a connection was cut or could not be made, so that another one may do."""
    if not isinstance(error, DBAPIError):
        return True
    original = error.orig
    number = original.args[0] if original is not None and original.args else None
    if isinstance(number, int) and number:
        return error.connection_invalidated or number >= 2000 or number in _LOST_NUMBERS
    if getattr(original, "sqlite_errorcode", None) is not None:
        return False
    state = getattr(original, "sqlstate", None)
    return error.connection_invalidated or not state or _LOST_STATES.match(state) is not None


def _by_class(error: DBAPIError) -> Cause | None:
    if error.connection_invalidated:
        return None
    for pattern, cause in _WORDS:
        if isinstance(error, OperationalError) and pattern.search(str(error.orig)):
            return cause
    return None if isinstance(error, OperationalError | InterfaceError | InternalError) else Cause.STATEMENT


def _one_line(error: Exception, secrets: tuple[str, ...]) -> str:
    cause: BaseException = error
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause = error.orig
    arguments = cause.args
    if len(arguments) == 2 and isinstance(arguments[0], int) and isinstance(arguments[1], str):
        text = f"{arguments[1]} ({arguments[0]})"  # PyMySQL's number and message
    else:
        text = str(cause)
    return one_line(_URL_PASSWORD.sub("***@", masked(text, secrets)), secrets) or type(cause).__name__
