"""Exceptions of drivers as faults."""

from __future__ import annotations

import sqlite3

import psycopg
import pymysql
import pytest
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from embedconsole.database_faults import connecting, database_fault
from embedconsole.faults import Misconfigured, Refused, Transient, Unreachable


def mysql(number: int, text: str = "x") -> DBAPIError:
    return OperationalError("SELECT", {}, pymysql.err.OperationalError(number, text))


def postgresql(error: type[psycopg.Error], text: str = "x") -> DBAPIError:
    return OperationalError("SELECT", {}, error(text))


def sqlite(code: int, text: str = "x") -> DBAPIError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return OperationalError("SELECT", {}, error)


@pytest.mark.parametrize(
    "error",
    [
        *(mysql(number) for number in (1040, 1205, 1213)),
        postgresql(psycopg.errors.DeadlockDetected),
        postgresql(psycopg.errors.SerializationFailure),
        postgresql(psycopg.errors.LockNotAvailable),
        postgresql(psycopg.errors.TooManyConnections),
        sqlite(sqlite3.SQLITE_BUSY, "database is locked"),
        sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT),
        sqlite(sqlite3.SQLITE_IOERR_READ),
    ],
)
def test_worth_another_try(error: Exception) -> None:
    assert type(database_fault("catalog", error)) is Transient


@pytest.mark.parametrize(
    "error",
    [
        *(mysql(number) for number in (1053, 1927, 2002, 2003, 2006, 2013)),
        mysql(0, "(0, '')"),
        postgresql(psycopg.errors.AdminShutdown),
        postgresql(psycopg.OperationalError, "server closed the connection unexpectedly"),
        postgresql(psycopg.OperationalError, "connection refused"),
        PoolTimeoutError("QueuePool limit reached"),
    ],
)
def test_worth_another_connection(error: Exception) -> None:
    assert type(database_fault("catalog", error)) is Unreachable


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (mysql(1045), "password"),
        (mysql(1049), "catalog.url"),
        (mysql(2026), "catalog.url"),
        (mysql(1146), "catalog.query"),
        (mysql(1054), "catalog.query"),
        (mysql(1142), "Grant"),
        (mysql(1290), "writable"),
        (mysql(1406), "column"),
        (postgresql(psycopg.errors.InvalidPassword), "password"),
        (
            postgresql(psycopg.OperationalError, 'FATAL: password authentication failed for user "x"'),
            "password",
        ),
        (postgresql(psycopg.OperationalError, 'FATAL:  database "x" does not exist'), "catalog.url"),
        (postgresql(psycopg.errors.UndefinedTable), "catalog.query"),
        (postgresql(psycopg.errors.UndefinedColumn), "catalog.query"),
        (postgresql(psycopg.errors.InsufficientPrivilege), "Grant"),
        (postgresql(psycopg.errors.ReadOnlySqlTransaction), "writable"),
        (postgresql(psycopg.errors.SyntaxError), "catalog.query"),
        (postgresql(psycopg.errors.DivisionByZero), "cast"),
        (sqlite(sqlite3.SQLITE_READONLY), "writable"),
        (sqlite(sqlite3.SQLITE_CANTOPEN), "catalog.url"),
        (sqlite(sqlite3.SQLITE_ERROR, "no such table: x"), "catalog.query"),
        (sqlite(sqlite3.SQLITE_FULL), "room"),
        (postgresql(psycopg.errors.DiskFull), "room"),
        (mysql(1021), "room"),
        (NoSuchModuleError("no dialect"), "catalog.url"),
        (ModuleNotFoundError("No module named 'cx_Oracle'"), "catalog.url"),
        (ProgrammingError("SELECT", {}, Exception("another driver's")), "catalog.query"),
    ],
)
def test_for_the_operator_to_mend(error: Exception, remedy: str) -> None:
    fault = database_fault("catalog", error)
    assert type(fault) is (Misconfigured if remedy == "catalog.query" else Refused)
    assert fault.remedy is not None
    assert remedy in fault.remedy


def test_the_message_is_one_short_line_without_statement_or_password() -> None:
    text = "first line\n\tsecond 'geheim' at postgresql://user:other@host/db " + "x" * 1_000_000
    fault = database_fault("catalog", postgresql(psycopg.OperationalError, text), secrets=("geheim",))
    assert "\n" not in str(fault)
    assert len(str(fault)) < 500
    assert "SELECT" not in str(fault)
    assert "geheim" not in str(fault)
    assert "other" not in str(fault)


def test_the_section_is_named() -> None:
    fault = database_fault("ledger", mysql(1045))
    assert (fault.source, "password of ledger" in str(fault.remedy)) == ("ledger", True)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            TypeError("Connection.__init__() got an unexpected keyword argument 'serverVersion'"),
            "ledger: the driver knows no option serverVersion. Remove serverVersion from ledger",
        ),
        (
            ProgrammingError("", {}, psycopg.ProgrammingError('invalid connection option "schema"')),
            "ledger: the driver knows no option schema. Remove schema from ledger",
        ),
        (
            TypeError("'pool' is an invalid keyword argument for Connection()"),
            "ledger: the driver knows no option pool. Remove pool from ledger",
        ),
        (
            RuntimeError("'cryptography' package is required for caching_sha2_password auth methods"),
            "pip install 'pymysql[rsa]'",
        ),
        (
            ModuleNotFoundError("No module named 'MySQLdb'", name="MySQLdb"),
            "ledger: No module named 'MySQLdb'. Install the driver, or write ledger without one: mysql://",
        ),
        (
            UnicodeEncodeError("latin-1", "p\u20ac", 1, 2, "ordinal not in range(256)"),
            "ledger: the driver can't connect: 'latin-1' codec can't encode character '\\u20ac'",
        ),
        (NoSuchModuleError("no dialect"), "Check ledger: it names a database"),
    ],
)
def test_what_a_driver_raises_of_an_address_says_what_to_write(error: Exception, said: str) -> None:
    with pytest.raises(Refused) as caught, connecting("ledger"):
        raise error
    assert said in str(caught.value)


def test_a_host_that_is_not_found_may_be_found_later() -> None:
    with pytest.raises(Unreachable), connecting("catalog"):
        raise OSError(-2, "Name or service not known")


def test_faults_pass_through() -> None:
    with pytest.raises(Refused, match="as it was"), connecting("catalog"):
        raise Refused("catalog", "as it was")
