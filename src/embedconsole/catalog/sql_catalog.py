"""The catalog behind SQLAlchemy: any dialect; SQLite, PostgreSQL, MySQL and MariaDB are tested."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from embedconsole.catalog import watermark
from embedconsole.catalog.base import Page, ValueSample
from embedconsole.catalog.connect import Connections, limit_lock_wait, quieten, readers_hold_up_nobody
from embedconsole.catalog.keys import KeyKind, key_kinds, key_texts, native_keys
from embedconsole.catalog.keyset_pages import FetchedPage, keyset_pages, refuse_duplicates, streamed_pages
from embedconsole.catalog.query_source import QuerySource, key_among, native_key, open_source, value
from embedconsole.catalog.row_values import RowMaker
from embedconsole.catalog.watermark import ScanProgress
from embedconsole.catalog.writeback import Writeback, open_writeback
from embedconsole.catalog.writeback_apply import check_permissions, settle, unsettled_keys
from embedconsole.pieces import Estimate, pieces, portions, weight_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from embedconsole.catalog.base import Settled
    from embedconsole.catalog.keyset_pages import Rows
    from embedconsole.catalog.watermark import Mark
    from embedconsole.config.sections.catalog import CatalogConfig
    from embedconsole.items import CatalogRow


_KEYS_AT_ONCE = 500
"""Keys in one IN list; databases allow at least about 1,000 parameters."""
_PAGE_BYTES = 4 << 20
"""Approximate size of a page's rows in bytes, at most."""
_BUFFERED_ROWS = 100
"""Rows of a stream that are requested from the server at once."""
_STREAMED_ROWS = 16
"""Rows that are read before their weight is looked at, where the driver hands them on one by one."""
_AHEAD = timedelta(minutes=5)
"""So far ahead of ours the clock of who writes `changed` may be; a later value is no watermark."""
_YEAR_ONE = date(1, 1, 1)
_SLOW_READER_SECONDS = 3600


def open_catalog(config: CatalogConfig) -> SqlCatalog:
    """The catalog of this configuration. Nothing is connected or checked before its first use.

    Raises:
        ConfigError: The URL can't be one.
        Refused: No driver for the URL's database.
    """
    return SqlCatalog(config)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The facts that the first use finds out.

    Attributes:
        key: Where in a row its key is.
        rows: Selects all rows; made once, as every batch is read by it.
        changed: Where its `changed` value is; None when there is none.
        marked: Selects the keys that the write-back columns mark as not synced; None when none can.
        streams: A scan is one statement whose rows are read as they come.
    """

    source: QuerySource
    key: int
    key_column: sa.ColumnElement[object]
    rows: sa.Select[*tuple[object, ...]]
    changed: int | None
    make_rows: RowMaker
    writeback: Writeback | None
    marked: sa.Select[*tuple[object, ...]] | None
    streams: bool

    def of_keys(self, natives: Sequence[object]) -> sa.Select[*tuple[object, ...]]:
        """Selects the rows with these keys, as the database takes them."""
        return self.rows.where(key_among(self.key_column, natives))

    def by_key(self, rows: Rows) -> dict[str, CatalogRow]:
        """The rows of such a selection by the text of their keys."""
        natives = [row[self.key] for row in rows]
        texts = key_texts(natives, key_kinds(natives))
        refuse_duplicates(texts)
        return {row.key: row for row in self.make_rows(texts, rows)}


class SqlCatalog:
    """`Catalog` over a SQL database.

    Each page of a scan is one statement in a transaction of its own, so a slow reader holds no lock and no
    snapshot. Where the database would evaluate the whole query for each page, a scan is one statement, whose
    snapshot is held for as long as the planner compares. Safe to use from several threads.

    Args:
        config: The catalog's section.
        now: The current UTC time, for synced-at.
        clock: A steady clock in seconds.
    """

    def __init__(
        self,
        config: CatalogConfig,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._now = now
        self._clock = clock
        self._connections = Connections(config.url.get_secret_value())
        self._lock = threading.Lock()
        self._opened_once: _Opened | None = None
        self._kinds: frozenset[KeyKind] = frozenset()
        self._estimate = Estimate()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the query, in its order."""
        return self._opened().source.columns

    @property
    def default_payload(self) -> tuple[str, ...]:
        """All columns but the write-back columns."""
        settings = self._config.writeback
        if settings is None:
            return self.columns
        ours = (settings.synced_at, settings.flag, settings.vector)
        return tuple(name for name in self.columns if name not in ours)

    @property
    def incremental(self) -> bool:
        """Whether there is a `changed` column, or flags that are trusted."""
        return self._config.changed is not None or self._trusts_flags

    def scan(self, *, since: str | None = None, changed_only: bool = False) -> Iterator[Page]:
        """Read all rows, or those that may have changed, page by page.

        A `since` that can't be read counts as none. Without one, `changed_only` reads everything, unless the
        flags are trusted. Nothing is yielded when nothing is found.
        """
        opened = self._opened()
        limit = self._now() + _AHEAD
        start = _start(opened, since, limit)
        progress = ScanProgress(start, self._clock, limit)
        statement = opened.rows
        if changed_only:
            statement = statement.where(*self._may_have_changed(opened, start))
        for rows, keys in self._pages(statement, opened.key):
            page = opened.make_rows(keys, rows)
            if opened.changed is not None:
                progress.saw(row.version for row in page)
            yield Page(page, progress.watermark)

    def reads(self, key: str, *, since: str | None) -> bool:
        """Whether a scan for changes since then reads the row of this key."""
        opened = self._opened()
        start = _start(opened, since, self._now() + _AHEAD)
        statement = opened.of_keys(self._native(opened, [key])).where(*self._may_have_changed(opened, start))
        return bool(self._read(statement))

    def keys(self) -> Iterator[Sequence[str]]:
        """Pages of all keys."""
        statement = sa.select(self._opened().key_column)
        return (keys for _, keys in self._pages(statement, 0))

    def unsettled(self) -> Iterator[Sequence[str]]:
        """Pages of keys whose write-back columns say that they are not synced."""
        opened = self._opened()
        if opened.marked is None:
            return iter(())
        statement = sa.select(opened.key_column).where(opened.key_column.in_(opened.marked))
        return (keys for _, keys in self._pages(statement, 0))

    def count(self) -> int:
        """How many rows have a key."""
        opened = self._opened()
        statement = sa.select(sa.func.count()).select_from(opened.source.rows)
        return int(str(self._read(statement.where(opened.key_column.is_not(None)))[0][0]))

    def sample(self) -> ValueSample:
        """The first rows, a page of them or so many as are not too heavy, and what is odd in them."""
        opened = self._opened()
        column, columns = opened.key_column, opened.source.columns
        raw: list[Sequence[object]] = []
        weight = 0
        for page, _ in self._pages(opened.rows, opened.key):
            raw += page[: self._config.page_size - len(raw)]
            weight += weight_of(page)
            if len(raw) == self._config.page_size or weight > _PAGE_BYTES:
                break
        without = sa.select(sa.func.count()).select_from(opened.source.rows).where(column.is_(None))
        rows = list(opened.by_key(raw).values())
        limit = self._now() + _AHEAD
        return ValueSample(
            rows,
            unkeyed=int(str(self._read(without)[0][0])),
            binary={
                name
                for name, values in zip(columns, zip(*raw, strict=True), strict=False)
                if name not in opened.source.bits | opened.source.json
                and any(isinstance(value, bytes | bytearray | memoryview) for value in values)
            },
            unmarked={
                row.key: str(row.version)
                for row in rows
                if row.version is not None and not watermark.can_be(row.version, limit)
            },
        )

    def read(self, keys: Sequence[str]) -> dict[str, CatalogRow]:
        """The rows of these keys that exist now, by key."""
        opened = self._opened()
        found: dict[str, CatalogRow] = {}
        for natives in portions(self._native(opened, keys), _KEYS_AT_ONCE):
            found |= opened.by_key(self._read(opened.of_keys(natives)))
        # The database may take other keys as equal to the requested ones.
        return {text: found[text] for text in keys if text in found}

    def write_back(self, settled: Sequence[Settled]) -> int:
        """Note items as synced, in one transaction, but for those edited or gone since they were read."""
        opened = self._opened()
        if opened.writeback is None or not settled:
            return 0
        items = {item.row.key: item for item in settled}
        natives = self._native(opened, list(items))
        now = self._now()
        writeback = opened.writeback

        def work(connection: sa.Connection) -> int:
            def reread(keys: Sequence[object]) -> dict[str, CatalogRow]:
                return opened.by_key(connection.execute(opened.of_keys(keys)).fetchall())

            with connection.begin():
                limit_lock_wait(connection)
                quieten(connection)
                return sum(
                    settle(writeback, connection, keys, items, now, reread)
                    for keys in portions(natives, _KEYS_AT_ONCE)
                )

        return self._connections.write(work)

    def check_write_back(self) -> None:
        """Write back to no row, so that a user who may not is refused."""
        writeback = self._opened().writeback
        if writeback is None:
            return

        def work(connection: sa.Connection) -> None:
            with connection.begin():
                limit_lock_wait(connection)
                check_permissions(writeback, connection)

        self._connections.write(work)

    def close(self) -> None:
        """Release connections; the catalog may be used again."""
        self._connections.close()

    @property
    def _trusts_flags(self) -> bool:
        settings = self._config.writeback
        return self._config.trust_flags and settings is not None and settings.detects

    def _opened(self) -> _Opened:
        """The checked source; a failed check is made again at the next use."""
        with self._lock:
            if self._opened_once is None:
                self._opened_once = self._open()
            return self._opened_once

    def _open(self) -> _Opened:
        config = self._config

        def look(connection: sa.Connection) -> tuple[QuerySource, Writeback | None, bool]:
            source = open_source(config, connection)
            writeback = open_writeback(config, config.writeback, connection) if config.writeback else None
            return source, writeback, source.whole and readers_hold_up_nobody(connection)

        source, writeback, streams = self._connections.read(look)
        changed = source.columns.index(config.changed) if config.changed is not None else None
        key_column = source.rows.c[config.key]
        return _Opened(
            source=source,
            key=source.columns.index(config.key),
            key_column=key_column,
            rows=sa.select(source.rows),
            changed=changed,
            make_rows=RowMaker(source, changed),
            writeback=writeback,
            marked=unsettled_keys(writeback) if writeback is not None else None,
            streams=streams,
        )

    def _may_have_changed(self, opened: _Opened, start: Mark | None) -> Sequence[sa.ColumnElement[bool]]:
        """The condition of a `changed_only` scan; none at all when everything has to be read."""
        if start is None and not self._trusts_flags:
            return ()
        parts: list[sa.ColumnElement[bool]] = []
        if start is not None and self._config.changed is not None:
            column = opened.source.rows.c[self._config.changed]
            parts += [
                column >= value("since", watermark.step_back(start, self._config.overlap)),
                column.is_(None),
                *self._always_read(column, start),
            ]
        if opened.marked is not None:
            parts.append(opened.key_column.in_(opened.marked))
        return (sa.or_(*parts),)

    def _always_read(self, column: sa.ColumnElement[object], start: Mark) -> Iterator[sa.ColumnElement[bool]]:
        """The rows whose `changed` value would keep it to itself if they were edited."""
        if isinstance(start, str):
            form, foreign = watermark.like_form(start)
            yield column.not_like(value("form", form))
            if foreign is not None:
                yield column.like(value("foreign", foreign))
            yield column < value("year_one", _YEAR_ONE.isoformat())
        elif isinstance(start, date) and self._connections.dialect in ("mysql", "postgresql"):
            # Zero dates; -infinity and dates BC.
            yield column < value("year_one", _YEAR_ONE)

    def _pages(self, statement: sa.Select[*tuple[object, ...]], key: int) -> Iterator[tuple[Rows, list[str]]]:
        opened = self._opened()
        column = opened.key_column
        if opened.streams:
            parts = self._streamed(statement.where(column.is_not(None)).order_by(column))
            return streamed_pages(parts, key=key, seen_kinds=self._learn)
        ordered = statement.order_by(column).limit(sa.bindparam("page_limit", type_=sa.Integer))
        first = ordered.where(column.is_not(None))

        def fetch(after: object | None, limit: int, at_least: int) -> FetchedPage:
            statement = first if after is None else ordered.where(column >= native_key(after))
            return self._fetch(statement, limit, at_least)

        return keyset_pages(fetch, self._config.page_size, key=key, seen_kinds=self._learn)

    def _streamed(self, statement: sa.Select[*tuple[object, ...]]) -> Generator[Rows]:
        """The rows of one statement, a page at a time; heavy rows make small pages."""
        size = self._config.page_size

        def work(connection: sa.Connection) -> Iterator[Rows]:
            if connection.dialect.name == "mysql":
                # How long the server waits for a reader that has something else to do between two pages.
                connection.exec_driver_sql(f"SET SESSION net_write_timeout = {_SLOW_READER_SECONDS}")
            streaming = connection.execution_options(stream_results=True, max_row_buffer=_BUFFERED_ROWS)
            with streaming.execute(statement) as result:
                yield from pieces(result, _PAGE_BYTES, lambda row: weight_of((row,)), count=size)

        return self._connections.stream(work)

    def _fetch(self, statement: sa.Select[*tuple[object, ...]], limit: int, at_least: int) -> FetchedPage:
        """Up to `limit` rows, but no more than `at_least` beyond `_PAGE_BYTES`."""
        if not self._is_sqlite:
            # The drivers read all rows of a statement before they hand on the first one.
            limit = min(limit, max(at_least, self._estimate.count(_PAGE_BYTES)))
        step = min(_STREAMED_ROWS, self._estimate.count(_PAGE_BYTES)) if self._is_sqlite else limit

        def work(connection: sa.Connection) -> FetchedPage:
            rows: list[Sequence[object]] = []
            weight, cut = 0, False
            with connection.execute(statement, {"page_limit": limit}) as result:
                while not cut and (some := result.fetchmany(step)):
                    rows += some
                    weight += weight_of(some)
                    cut = weight > _PAGE_BYTES and len(rows) >= at_least
            self._estimate.saw(len(rows), weight)
            return FetchedPage(rows, ended=not cut and len(rows) < limit)

        return self._connections.read(work)

    def _read(self, statement: sa.Select[*tuple[object, ...]], **parameters: object) -> Rows:
        return self._connections.read(lambda connection: connection.execute(statement, parameters).fetchall())

    def _native(self, opened: _Opened, keys: Sequence[str]) -> list[object]:
        """The keys as the database takes them; without rows to learn the kind from there are none."""
        if keys and not self._kinds:
            column = opened.key_column
            some = sa.select(column).where(column.is_not(None)).limit(1)
            # SQLite may mix kinds, and sorts by kind: both ends show most of them.
            ends = (some.order_by(column), some.order_by(column.desc())) if self._is_sqlite else (some,)
            for end in ends:
                self._learn(key_kinds(row[0] for row in self._read(end)))
        return native_keys(keys, self._kinds, dialect=self._connections.dialect)

    def _learn(self, kinds: frozenset[KeyKind]) -> None:
        self._kinds |= kinds

    @property
    def _is_sqlite(self) -> bool:
        return self._connections.dialect == "sqlite"


def _start(opened: _Opened, since: str | None, limit: datetime) -> Mark | None:
    """Where a scan for changes starts; None where it reads everything."""
    start = watermark.decode(since) if since is not None and opened.changed is not None else None
    return None if start is not None and watermark.is_after(start, limit) else start
