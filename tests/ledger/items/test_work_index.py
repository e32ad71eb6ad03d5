"""The claim and the counts go by the work index: with any other, a large ledger would be slow and locked."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text

from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.failures import FailureFilter
from embedconsole.ledger.records.work import Settlement
from ledger.shelf import fail, hashes, keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, RowMapping

    from embedconsole.ledger.database import Database as LedgerDatabase
    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf
    from support.databases import Database

_INDEX = "ix_embedconsole_items_work"
_EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN (FORMAT JSON) ", "mysql": "EXPLAIN "}
_ANALYZE = {"postgresql": "ANALYZE embedconsole_items", "mysql": "ANALYZE TABLE embedconsole_items"}


@contextmanager
def sent_by(ledger: Ledger) -> Iterator[list[tuple[str, Any]]]:
    """The statements that go to the database meanwhile, each with its parameters."""
    sent: list[tuple[str, Any]] = []

    def listen(
        connection: Connection, cursor: object, statement: str, parameters: Any, context: object, many: bool
    ) -> None:
        sent.append((statement, parameters))

    event.listen(ledger.database.engine, "before_cursor_execute", listen)
    try:
        yield sent
    finally:
        event.remove(ledger.database.engine, "before_cursor_execute", listen)


def test_the_claim_reads_the_work_index_in_its_order(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(*range(300))
    dialect = ledger.database.dialect
    with sent_by(ledger) as sent:
        assert len(keys_of(shelf.claim(5))) == 5
    # One select for each kind of work; the last is the one that found something.
    statement, parameters = [found for found in sent if "ORDER BY" in found[0]][-1]
    assert statement.endswith("SKIP LOCKED") == (dialect != "sqlite")
    with ledger.database.engine.connect() as connection:
        if dialect == "postgresql":
            # So few rows fit a page; what counts is that the index can do it.
            connection.execute(text("SET enable_seqscan = off"))
            connection.execute(text("SET enable_bitmapscan = off"))
        plan = connection.exec_driver_sql(_EXPLAIN[dialect] + statement, parameters).mappings().all()

    if dialect == "sqlite":
        details = [row["detail"] for row in plan]
        assert len(details) == 1, f"no sorting: {details}"
        assert _INDEX in details[0]
        assert "generation_id=? AND state=? AND due_at<?" in details[0]
    elif dialect == "mysql":
        (row,) = plan
        assert row["key"] == _INDEX
        assert "filesort" not in (row["Extra"] or "")
    else:
        (row,) = plan
        told = row["QUERY PLAN"]
        document = json.dumps(told)
        assert _INDEX in document
        assert '"Sort"' not in document


def full_scans(database: LedgerDatabase, sent: list[tuple[str, Any]]) -> list[str]:
    """Those of the statements that read every item."""
    if database.dialect != "sqlite":
        database.execute(text(_ANALYZE[database.dialect]))
    found = []
    with database.engine.connect() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))
        for statement, parameters in sent:
            if "embedconsole_items" not in statement or statement.startswith(
                "INSERT INTO embedconsole_items"
            ):
                continue
            values = parameters[0] if isinstance(parameters, list) else parameters
            plan = connection.exec_driver_sql(_EXPLAIN[database.dialect] + statement, values).mappings().all()
            if any(_reads_all(database.dialect, row) for row in plan):
                found.append(statement)
    return found


def _reads_all(dialect: str, row: RowMapping) -> bool:
    if dialect == "sqlite":
        return str(row["detail"]).startswith("SCAN embedconsole_items")
    if dialect == "mysql":
        return row["table"] == "embedconsole_items" and row["type"] in ("ALL", "index")
    # Where an index can find them, it is used while sequential scans are off; by an index without a condition
    # all of it is read.
    return any(
        node.get("Relation Name") == "embedconsole_items"
        and (node["Node Type"] == "Seq Scan" or ("Index Cond" not in node and "Index" in node["Node Type"]))
        for node in _nodes(row["QUERY PLAN"][0]["Plan"])
    )


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def test_claim_settle_and_rescue_never_read_every_item(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(*range(2_000))
    with sent_by(ledger) as sent:
        first = shelf.claimed(5)
        assert ledger.work.extend(first)
        assert ledger.work.settle(first, Settlement(written=[(item, hashes()) for item in first.items])) == 0
        second = shelf.claimed(5)
        assert ledger.work.settle(second, Settlement(released=second.items)) == 0
        fail(shelf, shelf.claimed(5), "unreadable", delay=60.0)
        shelf.claimed(5, worker="dead")
        assert ledger.work.abandon(["dead"]) == 5
        shelf.claimed(5, worker="alive")
        assert ledger.work.abandon_strays(shelf.generation, "alive", ()) == 5
        shelf.claimed(5, worker="gone")
        ledger.work.sweep()

    assert full_scans(ledger.database, sent) == []


def test_the_counts_are_one_statement_that_reads_no_rows_but_the_index(sqlite: Database) -> None:
    # SQLite decides without statistics; on the servers the query is the same. In two statements, what is
    # claimed in between would be seen half.
    with open_ledger(sqlite.url) as ledger, sent_by(ledger) as sent:
        ledger.overview.counts(1)
    ((statement, parameters),) = [found for found in sent if "embedconsole_items" in found[0]]
    assert "embedconsole_batches" in statement

    with sqlite.engine.connect() as connection:
        plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters).mappings().all()

    read = [row["detail"] for row in plan if "embedconsole_items" in row["detail"]]
    assert len(read) == 2
    assert all(f"COVERING INDEX {_INDEX}" in detail for detail in read), read


def test_failures_are_grouped_and_paged_without_reading_the_others(sqlite: Database) -> None:
    with open_ledger(sqlite.url) as ledger, sent_by(ledger) as sent:
        ledger.failures.groups(1)
        ledger.failures.page(1, FailureFilter(cause="00" * 8))
        ledger.failures.page(1)
        ledger.overview.item(1, "7")
        ledger.history.events_between(0, 1)
    told = [found for found in sent if "embedconsole_" in found[0]]

    used = []
    with sqlite.engine.connect() as connection:
        for statement, parameters in told:
            plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters).mappings().all()
            used.append(plan[0]["detail"].partition(" USING ")[2].partition(" (")[0])

    assert used == [
        "COVERING INDEX ix_embedconsole_items_cause",
        "INTEGER PRIMARY KEY",
        "INDEX ix_embedconsole_items_cause",
        "INDEX ix_embedconsole_items_work",
        "INDEX sqlite_autoindex_embedconsole_items_1",
        "INDEX ix_embedconsole_events_at",
    ]
