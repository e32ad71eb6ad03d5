"""The change feed with the daemon, on each database: what the shop does is in the collection within seconds.

The daemon's next scan is an hour away, so that nothing but the feed can have found a change.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from crash.converged import on_a_file_and_a_server, on_servers, on_sqlite
from support.databases import sqlite_database
from support.embedding_service import Behaviour
from support.feed import PRODUCTS, WITH_CATEGORIES
from support.fixtures_shop import make_stage
from support.kill_points import KillPoint
from support.ledger_rows import LedgerRows
from support.processes import running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.feed import Watch
    from support.fixtures_shop import Stage
    from support.processes import Running
    from support.qdrant_server import QdrantServer


@pytest.fixture
def ledger(stage: Stage, tmp_path: Path) -> LedgerRows:
    """The stage's ledger: on SQLite a file of its own, on servers in the shop's database."""
    database = stage.shop.database
    if database.dialect == "sqlite":
        database = sqlite_database(tmp_path, "ledger.db")
        stage.installation.settings["ledger"] = database.url
    return LedgerRows(database)


@pytest.fixture
def postgresql_stage(
    postgresql: Database,
    embedding_process: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> Stage:
    """A stage on PostgreSQL alone, for what only that can do."""
    return make_stage(postgresql, embedding_process, qdrant, collection_name, tmp_path)


def watch(stage: Stage, tables: Watch = PRODUCTS) -> None:
    """Have a feed, installed as an operator does, and the next scan an hour away."""
    stage.pipeline["catalog"]["watch"] = tables
    stage.installation.settings["schedule"] = {"every": "1h"}
    done = stage.installation.run("feed", "install", "--yes")
    assert done.code == 0, done.err


@contextmanager
def daemon(stage: Stage, products: int = 40) -> Iterator[Running]:
    """The daemon, idle after its first run."""
    with running(stage.installation, "--headless", "--json") as program:
        program.wait_out(f'"embedded": {products}')
        yield program


def backlog(stage: Stage) -> int:
    """What waits in the outbox."""
    return int(stage.shop.database.scalar("SELECT count(*) FROM embedconsole_outbox"))


def titles(stage: Stage) -> dict[int | str, str]:
    return {point: entry["title"] for point, entry in stage.points.payloads().items()}


def wait_for_title(stage: Stage, number: int, title: str) -> None:
    """Wait until a point has a title."""
    wait_until(lambda: titles(stage)[number] == title, f"{title!r} is there")


def left(stage: Stage, count: int) -> bool:
    """Whether so many points are left."""
    return len(stage.points.ids()) == count


def test_what_the_shop_does_is_in_the_collection_within_seconds(stage: Stage, ledger: LedgerRows) -> None:
    """Raw SQL, a deletion, a soft deletion, a transaction that is rolled back, a joined table."""
    stage.shop.add(range(1, 41))
    stage.pipeline["collection"]["payload"]["category"] = "category"
    watch(stage, WITH_CATEGORIES)
    with daemon(stage) as program:
        database = stage.shop.database
        stage.shop.delete([3])
        wait_until(lambda: 3 not in stage.points.ids(), "the deleted product is gone")

        with database.engine.connect() as connection:
            transaction = connection.begin()
            connection.execute(text("UPDATE products SET title = 'never' WHERE id = 5"))
            transaction.rollback()
        # No watermark would find it.
        database.run(
            "UPDATE products SET title = 'By hand' WHERE id = 4", "DELETE FROM products WHERE id = 6"
        )
        stage.shop.soft_delete([7])
        database.run("UPDATE categories SET name = 'Boots' WHERE id = 1")
        wait_until(
            lambda: titles(stage).get(4) == "By hand" and not {6, 7} & stage.points.ids(),
            "what was done by hand is there",
        )
        boots = {number for number in set(range(1, 41)) - {3, 6, 7} if 1 + number % 3 == 1}
        wait_until(
            lambda: {n for n, p in stage.points.payloads().items() if p["category"] == "Boots"} == boots,
            "a renamed category touches its products",
        )
        wait_until(lambda: backlog(stage) == 0, "the outbox is empty")
        assert titles(stage)[5] == "Product number 5"
        program.send(signal.SIGTERM)
        assert program.wait().code == 143
    assert {run.kind for run in ledger.runs()} == {"sync", "feed"}


def test_an_import_in_one_transaction_is_a_few_runs(stage: Stage, ledger: LedgerRows) -> None:
    stage.installation.settings["chunk_size"] = 500
    stage.installation.settings["embedders"]["ml"]["batch_size"] = 100
    stage.shop.add(range(1, 41))
    watch(stage)
    with daemon(stage):
        stage.shop.add(range(41, 5041))
        wait_until(lambda: ledger.synced() == 5040, "the import is in sync")
        wait_until(lambda: backlog(stage) == 0, "the outbox is empty")
    assert len([run for run in ledger.runs() if run.kind == "feed"]) <= 3
    assert set(stage.service.stats().embeds.values()) == {1}


def test_killed_between_the_ledger_and_the_outbox_it_is_only_looked_at_again(
    stage: Stage, ledger: LedgerRows
) -> None:
    stage.shop.add(range(1, 41))
    watch(stage)
    assert stage.installation.sync().code == 0
    stage.forget()
    # No watermark would find it: what the ledger knows of it, it has from the feed.
    stage.shop.edit([1], touch=False, title="Edited")
    stage.shop.delete([2])
    stage.installation.environment.update(KillPoint("before", "acknowledge").environment)
    with running(stage.installation, "--headless", "--once") as program:
        assert program.wait().code == -signal.SIGKILL
    assert backlog(stage) == 2
    assert ledger.synced() < 40

    stage.installation.environment.clear()
    done = stage.installation.sync()

    assert done.code == 0, done.err
    assert backlog(stage) == 0
    assert titles(stage)[1] == "Edited"
    assert stage.points.ids() == set(range(1, 41)) - {2}
    assert stage.service.stats().embeds == {"1": 1}


def test_one_run_takes_the_feed_too(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 41))
    watch(stage)
    assert stage.installation.sync().code == 0
    stage.shop.edit([1], touch=False, title="Edited")
    stage.shop.add([41])
    stage.shop.delete([2])

    for arguments in ((), ("--full",)):
        done = stage.installation.sync(*arguments)
        assert done.code == 0, done.err
        assert backlog(stage) == 0
        stage.shop.edit([3], touch=False, title="Edited again")

    assert titles(stage)[1] == "Edited"
    assert stage.points.ids() == set(range(1, 42)) - {2}


@on_a_file_and_a_server
def test_a_feed_that_is_taken_away_is_told_once_and_the_scan_goes_on(
    stage: Stage, ledger: LedgerRows
) -> None:
    stage.shop.add(range(1, 41))
    watch(stage)
    with daemon(stage) as program:
        removed = stage.installation.run("feed", "remove", "--yes")
        assert removed.code == 0, removed.err
        stage.shop.edit([1], title="Edited")
        for number in range(2):
            # Each is a scan that somebody asks for.
            assert stage.installation.run("sync").code == 0
            program.wait_out('"outcome": "ok"', 2 + number)
        wait_for_title(stage, 1, "Edited")
        wait_until(lambda: "the change feed is not installed" in ledger.told(), "it is told")
        assert ledger.told().count("the change feed is not installed") == 1

        assert stage.installation.run("feed", "install", "--yes").code == 0
        assert stage.installation.run("sync").code == 0
        wait_until(lambda: "the change feed works again" in ledger.told(), "it is told")
        stage.shop.edit([2], touch=False, title="By hand")
        wait_for_title(stage, 2, "By hand")


@on_sqlite
def test_a_run_that_lasts_goes_on_taking_the_feed(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 41))
    watch(stage)
    with daemon(stage):
        stage.service.behave(Behaviour("hold"))
        stage.shop.edit([1], title="Held")
        stage.service.wait_held()
        stage.shop.delete([2])
        wait_until(lambda: 2 not in stage.points.ids(), "the deleted product is gone meanwhile")
        assert titles(stage)[1] == "Product number 1"
        stage.service.release()
        wait_for_title(stage, 1, "Held")


@on_a_file_and_a_server
def test_what_is_written_back_comes_to_rest(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 41))
    stage.pipeline["catalog"]["writeback"] = {"synced_at": "embedding_synced_at", "flag": "needs_embedding"}
    watch(stage)
    with daemon(stage):
        for number in (1, 2):
            stage.shop.edit([number], touch=False, title=f"Edit {number}", needs_embedding=True)
            wait_for_title(stage, number, f"Edit {number}")
            wait_until(lambda: not any(stage.shop.column("needs_embedding").values()), "it is noted")
        wait_until(lambda: backlog(stage) == 0, "the outbox is empty")
    # On SQLite our own note is looked at once more, and no more than that.
    assert len([run for run in ledger.runs() if run.kind == "feed"]) <= 6
    assert stage.service.stats().embeds == dict.fromkeys(map(str, range(3, 41)), 1) | {"1": 2, "2": 2}


@on_servers
def test_connections_that_are_cut_are_made_again(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 41))
    watch(stage)
    with daemon(stage) as program:
        for number in (1, 2):
            assert ledger.cut_connections() > 0
            stage.shop.edit([number], touch=False, title=f"Edit {number}")
            wait_for_title(stage, number, f"Edit {number}")
        assert program.alive


@on_a_file_and_a_server
def test_of_two_daemons_the_one_that_plans_takes_the_feed(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 41))
    watch(stage)
    with daemon(stage) as one, running(stage.installation, "--headless", "--json") as other:
        other.wait_out('"outcome": ')
        for number in range(1, 6):
            stage.shop.edit([number], touch=False, title=f"Edit {number}")
            wait_for_title(stage, number, f"Edit {number}")
        one.kill()
        stage.shop.edit([6], touch=False, title="Edit 6")
        wait_for_title(stage, 6, "Edit 6")
        wait_until(lambda: backlog(stage) == 0, "the outbox is empty")
    embeds = stage.service.stats().embeds
    assert [embeds[str(number)] for number in range(1, 8)] == [2] * 6 + [1]
    taken = [run for run in ledger.runs() if run.kind == "feed"]
    for earlier, later in pairwise(taken):
        assert (earlier.ended_at or earlier.started_at) <= later.started_at, taken


@on_sqlite
def test_a_mass_delete_that_comes_bit_by_bit_is_stopped(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 41))
    watch(stage)
    with daemon(stage) as program:
        for gone in (4, 8):
            stage.shop.delete(range(1, gone + 1))
            wait_until(partial(left, stage, 40 - gone), "they are gone")
        # One more than a fifth of what there was an hour ago.
        stage.shop.delete([9])
        (line,) = program.wait_out('"outcome": "aborted"')
        assert "1 of 40 items are gone from the catalog after 8 within the hour" in line
        assert 9 in stage.points.ids()
    assert stage.installation.sync("--allow-deletes").code == 0
    assert stage.points.ids() == set(range(10, 41))


def test_a_truncated_table_deletes_nothing(postgresql_stage: Stage) -> None:
    stage = postgresql_stage
    stage.shop.add(range(1, 41))
    watch(stage)
    with daemon(stage) as program:
        stage.shop.database.run("TRUNCATE products")
        (line,) = program.wait_out('"outcome": "aborted"')
        assert "40 of 40 items are gone" in line
        wait_until(lambda: backlog(stage) == 0, "the outbox is empty")
        assert len(stage.points.ids()) == 40
