"""What the feed's triggers cost the shop: the same UPDATEs with them and without, in turns, on each database.

    python -m benchmarks.feed --rows 10000

SQLite always; PostgreSQL and MySQL/MariaDB where the test variables name a server (see CONTRIBUTING.md). The
table has ten times as many rows as are updated. The fastest of seven turns, since other work on the machine
only ever adds to one; the outbox is made anew for each.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine, make_url, text

from embedconsole.catalog.feed.database import FeedDatabase
from embedconsole.catalog.feed.install import run_statements, statements_to_install, statements_to_remove
from embedconsole.catalog.feed.status import inspect_feed
from embedconsole.config.database import database_url
from embedconsole.config.sections.catalog import CatalogConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

_TURNS = 7
_SINGLE = 300
_SERVERS = {"PostgreSQL": "EMBEDCONSOLE_TEST_POSTGRES_URL", "MySQL/MariaDB": "EMBEDCONSOLE_TEST_MYSQL_URL"}
_COLUMNS = "id integer PRIMARY KEY, title varchar(200), price integer, stock integer"


@dataclass
class Times:
    """Seconds of one kind of work, a turn each."""

    without: list[float] = field(default_factory=list)
    with_feed: list[float] = field(default_factory=list)

    def row(self, name: str, unit: float, what: str) -> str:
        """One line of the table; `unit` is how many pieces of work a turn has."""
        plain, fed = (min(times) * 1e3 / unit for times in (self.without, self.with_feed))
        return f"{name:15}{what:34}{plain:>12.2f}{fed:>12.2f}{fed - plain:>12.2f}\n"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    sys.stdout.write(f"{'':49}{'without ms':>12}{'with ms':>12}{'more ms':>12}\n")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "shop.db")
        file.touch()
        _measure("SQLite", f"sqlite:///{file}", rows)
    for name, variable in _SERVERS.items():
        if url := os.environ.get(variable):
            with _database(database_url(url)) as own:
                _measure(name, own, rows)


def _measure(name: str, url: str, rows: int) -> None:
    config = CatalogConfig.model_validate({"url": url, "table": "products", "watch": [{"table": "products"}]})
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE products ({_COLUMNS})"))
        products = [{"id": number, "title": f"Product {number}"} for number in range(rows * 10)]
        connection.execute(text("INSERT INTO products VALUES (:id, :title, 1, 1)"), products)
    feed = FeedDatabase("products", config)
    bulk, single = Times(), Times()
    with engine.connect() as connection:
        for turn in range(_TURNS):
            bulk.without.append(_time(partial(_update_many, connection, rows, turn)))
            single.without.append(_time(partial(_update_singly, connection)))
            run_statements(feed, statements_to_install(feed, inspect_feed(feed)))
            bulk.with_feed.append(_time(partial(_update_many, connection, rows, turn)))
            single.with_feed.append(_time(partial(_update_singly, connection)))
            run_statements(feed, statements_to_remove(feed, inspect_feed(feed)))
    feed.close()
    engine.dispose()
    sys.stdout.write(bulk.row(name, 1, f"one UPDATE of {rows:,} rows"))
    sys.stdout.write(single.row(name, _SINGLE, "a transaction of one row"))


def _update_many(connection: Connection, rows: int, turn: int) -> None:
    # The same rows with and without, and others in each turn.
    first = turn * rows
    with connection.begin():
        connection.execute(
            text("UPDATE products SET price = price + 1 WHERE id >= :first AND id < :last"),
            {"first": first, "last": first + rows},
        )


def _update_singly(connection: Connection) -> None:
    for number in range(_SINGLE):
        with connection.begin():
            connection.execute(
                text("UPDATE products SET stock = stock + 1 WHERE id = :id"), {"id": number * 7}
            )


def _time(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _database(url: str) -> Iterator[str]:
    name = f"embedconsole_{uuid.uuid4().hex}"
    admin = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))


if __name__ == "__main__":
    main()
