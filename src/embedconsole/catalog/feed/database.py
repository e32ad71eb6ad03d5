"""The user's database as the feed sees it: its dialect, its connections, and where things are in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from embedconsole.catalog.connect import Connections
from embedconsole.catalog.feed.dialects import mysql, postgresql, sqlite
from embedconsole.catalog.feed.names import feed_name
from embedconsole.catalog.feed.watched_tables import find_place
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Executable

    from embedconsole.catalog.feed.triggers import Dialect
    from embedconsole.catalog.feed.watched_tables import TablePlace
    from embedconsole.config.sections.catalog import CatalogConfig

T = TypeVar("T")

SOURCE = "change feed"

_DIALECTS: Mapping[str, Dialect] = {
    "postgresql": postgresql,
    "mysql": mysql,
    "mariadb": mysql,
    "sqlite": sqlite,
}


class FeedDatabase:
    """Nothing connects before it is asked to; all methods block and raise `Transient` or `Refused`.

    Attributes:
        feed: The feed's name in the database.

    Raises:
        ConfigError: The URL can't be one, or there are no triggers of ours for its database.
        Refused: No driver for it.
    """

    def __init__(self, pipeline: str, config: CatalogConfig) -> None:
        self.config = config
        self.feed = feed_name(pipeline)
        self.connections = Connections(config.url.get_secret_value(), SOURCE)
        dialect = _DIALECTS.get(self.connections.dialect)
        if dialect is None:
            raise ConfigError(
                f"catalog.watch of pipeline {pipeline}: the change feed has no triggers for "
                f"{self.connections.dialect}, only for PostgreSQL, MySQL, MariaDB and SQLite. "
                "Remove watch: changes are found by the scan"
            )
        self.dialect = dialect
        self._lock = threading.Lock()
        self._place: TablePlace | None = None

    @property
    def place(self) -> TablePlace:
        """The watched tables; looked up once, and again after a failure."""
        with self._lock:
            if self._place is None:
                self._place = self.look()
            return self._place

    def look(self) -> TablePlace:
        """Look for what is watched as it is now."""
        return self.read(lambda connection: find_place(self.config, connection))

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run a function that only reads."""
        return self.connections.read(work)

    def rows(self, query: Executable, parameters: Mapping[str, object]) -> Sequence[Sequence[object]]:
        """All rows of a query."""
        return self.read(lambda connection: connection.execute(query, dict(parameters)).fetchall())

    def write(self, work: Callable[[Connection], None]) -> None:
        """Run a function in a transaction that locks no more than the rows it changes; perhaps twice."""

        def transaction(connection: Connection) -> None:
            if self.connections.dialect == "mysql":
                # Else deleting would lock the gaps that the shop's triggers insert into.
                connection = connection.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                work(connection)

        self.connections.write(transaction)

    def close(self) -> None:
        """Release connections."""
        self.connections.close()
