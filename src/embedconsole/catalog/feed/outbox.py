"""The change feed over SQL: reads the outbox, and takes out of it what has been dealt with."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import sqlalchemy as sa

from embedconsole.catalog.feed.base import Backlog, FeedEntry
from embedconsole.catalog.feed.database import FeedDatabase
from embedconsole.catalog.feed.entry_keys import item_keys
from embedconsole.catalog.feed.status import FeedState, complaints, inspect_feed, unseen_changes
from embedconsole.catalog.keys import storable_text
from embedconsole.catalog.query_source import untyped_table, value, values_in
from embedconsole.pieces import portions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from embedconsole.catalog.feed.base import EntryId
    from embedconsole.config.sections.catalog import CatalogConfig

_IDS_AT_ONCE = 500


def open_feed(pipeline: str, config: CatalogConfig) -> SqlFeed:
    """The feed of a pipeline that watches something. Nothing is connected or checked before its first use.

    Raises:
        ConfigError: The URL can't be one, or there are no triggers of ours for its database.
        Refused: No driver for it.
    """
    return SqlFeed(FeedDatabase(pipeline, config))


def feed_state(database: FeedDatabase) -> FeedState:
    """The installed parts of a feed, and the entries waiting in it.

    Raises:
        Transient, Refused: The database does not answer, or refuses the request.
    """
    inspection = inspect_feed(database)
    backlog = SqlFeed(database).backlog() if inspection.has_outbox else Backlog(0, None)
    return FeedState(inspection, backlog, complaints(inspection), unseen_changes(database))


class SqlFeed:
    """`ChangeFeed` over a SQL database."""

    def __init__(self, database: FeedDatabase) -> None:
        self._database = database

    def waiting(self) -> bool:
        """Whether the outbox holds anything for us."""
        table = self._outbox
        one = sa.select(table.c.id).where(table.c.feed == value("feed")).limit(1)
        return bool(self._database.rows(one, {"feed": self._database.feed}))

    def read(self, limit: int, after: EntryId | None = None) -> Sequence[FeedEntry]:
        """The first entries behind `after`, oldest first."""
        table = self._outbox
        query = (
            sa.select(table.c.id, table.c.source, table.c.item_key)
            .where(table.c.feed == value("feed"))
            .order_by(table.c.id)
            .limit(limit)
        )
        parameters: dict[str, object] = {"feed": self._database.feed}
        if after is not None:
            query = query.where(table.c.id > value("after"))
            parameters["after"] = after
        rows = self._database.rows(query, parameters)
        return [
            FeedEntry(
                cast("EntryId", row[0]), str(row[1]), None if row[2] is None else storable_text(str(row[2]))
            )
            for row in rows
        ]

    def keys(self, entries: Sequence[FeedEntry]) -> Iterator[Sequence[str]]:
        """The keys of the items that these entries are about, each once, in pages."""
        database = self._database
        return item_keys(entries, database.place.watched, database.rows, database.connections.dialect)

    def acknowledge(self, entries: Sequence[FeedEntry]) -> None:
        """Take exactly these entries out, in one transaction."""
        table = self._outbox
        ids = [entry.id for entry in entries]

        def work(connection: sa.Connection) -> None:
            for some in portions(ids, _IDS_AT_ONCE):
                these = values_in("ids", some)
                connection.execute(
                    sa.delete(table).where(
                        table.c.feed == value("feed", self._database.feed), table.c.id.in_(these)
                    )
                )

        self._database.write(work)

    def backlog(self) -> Backlog:
        """How much waits, and for how long."""
        table = self._outbox
        age: sa.ColumnElement[object] = sa.literal_column(self._database.dialect.AGE)
        query = sa.select(sa.func.count(), age).select_from(table).where(table.c.feed == value("feed"))
        ((entries, oldest),) = self._database.rows(query, {"feed": self._database.feed})
        return Backlog(int(str(entries)), None if oldest is None else max(0.0, float(str(oldest))))

    def problems(self) -> Sequence[str]:
        """Problems with the outbox and the triggers, a line each."""
        return complaints(inspect_feed(self._database))

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` when PostgreSQL notifies; returns at once on other databases."""
        reader = self._database.connections.reader
        if (reader.dialect.name, reader.dialect.driver) != ("postgresql", "psycopg"):
            return
        from embedconsole.catalog.feed.listen_postgresql import keep_listening

        _, connect = reader.dialect.create_connect_args(reader.url)
        await keep_listening(connect, self._database.feed, wake)

    def close(self) -> None:
        """Release connections; the feed may be used again."""
        self._database.close()

    @property
    def _outbox(self) -> sa.TableClause:
        return untyped_table(self._database.place.outbox, ("feed", "id", "source", "item_key"))
