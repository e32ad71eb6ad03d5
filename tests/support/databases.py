"""Private, empty databases for tests: `pytest_plugins = ["support.databases"]`, then the fixture `database`.

SQLite always. PostgreSQL and MySQL/MariaDB when `EMBEDCONSOLE_TEST_POSTGRES_URL` and
`EMBEDCONSOLE_TEST_MYSQL_URL` name a server and a database to connect to; every test gets an empty database
there that no other worker uses. With `EMBEDCONSOLE_TEST_REQUIRE_SERVERS=1` a missing server is a failure.
"""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from embedconsole.config.database import database_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import URL, Engine

Dialect = Literal["sqlite", "postgresql", "mysql"]
DIALECTS: tuple[Dialect, ...] = ("sqlite", "postgresql", "mysql")
_SCHEMAS = r"""
    SELECT nspname FROM pg_namespace WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%'
"""
_END_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SERVERS = {"postgresql": "EMBEDCONSOLE_TEST_POSTGRES_URL", "mysql": "EMBEDCONSOLE_TEST_MYSQL_URL"}


@dataclass(frozen=True)
class Database:
    """An empty database of the test's own.

    Attributes:
        url: SQLAlchemy URL with the driver and, if there is one, the password.
        dialect: SQLAlchemy's name; MariaDB counts as mysql.
    """

    url: str
    dialect: Dialect

    @cached_property
    def engine(self) -> Engine:
        """Connects anew for each use, so that nothing is left open."""
        return create_engine(self.url, poolclass=NullPool)

    def run(self, *statements: str) -> None:
        """Run statements in one transaction, to the letter: no parameters, no escapes."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def insert(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows that all have the same columns."""
        columns = list(rows[0])
        names = ", ".join(columns)
        values = ", ".join(f":{column}" for column in columns)
        with self.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), list(rows))

    def rows(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a query with `:name` parameters, as the driver gives them."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), parameters)]

    def scalar(self, statement: str, **parameters: object) -> Any:
        """The first column of the only row."""
        ((value,),) = self.rows(statement, **parameters)
        return value


def server_url(dialect: str) -> str:
    """The URL of the test server; skips the test without one."""
    variable = _SERVERS[dialect]
    url = os.environ.get(variable)
    if url:
        return database_url(url)
    pytest.skip(f"{variable} is not set")


@pytest.fixture(params=DIALECTS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty database on each dialect in turn."""
    if request.param == "sqlite":
        return sqlite_database(tmp_path)
    # Only now: the fixture of a server starts or skips when it is asked for.
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    """An empty SQLite file."""
    return sqlite_database(tmp_path)


@pytest.fixture
def postgresql(_worker_postgresql: Database) -> Database:
    """An empty PostgreSQL database."""
    # Dropping one costs a checkpoint of the server, so the worker's own is emptied instead.
    with _worker_postgresql.engine.begin() as connection:
        connection.execute(text(_END_OTHERS))
        for (name,) in connection.execute(text(_SCHEMAS)).fetchall():
            connection.exec_driver_sql(f'DROP SCHEMA "{name}" CASCADE')
        connection.exec_driver_sql("CREATE SCHEMA public")
        connection.exec_driver_sql("GRANT USAGE ON SCHEMA public TO PUBLIC")
    return _worker_postgresql


@pytest.fixture
def mysql() -> Iterator[Database]:
    """An empty MySQL or MariaDB database."""
    url = make_url(server_url("mysql"))
    with _created(url, "CREATE DATABASE {} CHARACTER SET utf8mb4", "DROP DATABASE {}") as found:
        yield Database(found, "mysql")


@pytest.fixture(scope="session")
def _worker_postgresql() -> Iterator[Database]:
    url = make_url(server_url("postgresql"))
    # template0 is never connected to, so two workers can copy it at once.
    with _created(url, "CREATE DATABASE {} TEMPLATE template0", "DROP DATABASE {} WITH (FORCE)") as found:
        yield Database(found, "postgresql")


def sqlite_database(folder: Path, name: str = "test.db") -> Database:
    """An empty SQLite file in a folder."""
    path = folder / name
    path.touch()
    return Database(f"sqlite:///{path}", "sqlite")


@contextmanager
def _created(url: URL, create: str, drop: str) -> Iterator[str]:
    name = f"embedconsole_{uuid.uuid4().hex}"
    admin = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(create.format(name)))
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(drop.format(name)))
