"""A worker whose lease was taken over comes back: the ledger does not listen to it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.items import point_order
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.items import DesiredItem, Hashes
from embedconsole.ledger.records.work import Failure, Settlement
from support.ledger_rows import LedgerRows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch
    from support.databases import Database

OLD = Hashes(b"e" * 16, b"p" * 16)
NEW = Hashes(b"E" * 16, b"P" * 16)
KEYS = range(1, 4)


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    """A ledger with three new items."""
    with open_ledger(database.url) as opened:
        generation = opened.generations.begin("products", "products", "{}")
        wanted = [DesiredItem(str(key), point_order(key), b"s" * 16, OLD) for key in KEYS]
        opened.planned_items.apply(generation.id, wanted, [])
        yield opened


@pytest.fixture
def rows(database: Database) -> LedgerRows:
    """The same ledger from outside."""
    return LedgerRows(database)


def claim(ledger: Ledger, worker: str) -> Batch:
    """All due items, claimed by a worker."""
    generation = ledger.generations.current("products")
    assert generation is not None
    batch = ledger.work.claim(generation.id, worker_id=worker, slot=1, limit=10)
    assert batch is not None
    return batch


def everything(rows: LedgerRows) -> list[object]:
    """Both tables of work, to the last column."""
    return [
        rows.database.rows(f"SELECT * FROM {table} ORDER BY id")
        for table in ("embedconsole_items", "embedconsole_batches")
    ]


def settlements(batch: Batch) -> dict[str, Settlement]:
    """Every way to end a batch."""
    items = batch.items
    hashed = [(item, NEW) for item in items]
    return {
        "written": Settlement(written=hashed),
        "deleted": Settlement(deleted=items),
        "gone": Settlement(gone=items),
        "back": Settlement(back=hashed),
        "unsynced": Settlement(unsynced=items),
        "failed": Settlement(failed=[Failure(item, "item", "stale", None) for item in items]),
        "released": Settlement(released=items),
    }


def test_nothing_that_a_stale_worker_settles_changes_anything(ledger: Ledger, rows: LedgerRows) -> None:
    stale = claim(ledger, "stale")
    rows.let_leases_run_out()
    claim(ledger, "living")
    before = everything(rows)
    # Its own batch may still stand there, and may go.
    own = [row for row in before[1] if row[0] == stale.token]  # type: ignore[attr-defined]
    before[1] = [row for row in before[1] if row not in own]  # type: ignore[attr-defined]

    for name, settlement in settlements(stale).items():
        assert ledger.work.settle(stale, settlement) == len(KEYS), name
        assert everything(rows) == before, name


def test_a_stale_worker_can_not_extend_its_lease(ledger: Ledger, rows: LedgerRows) -> None:
    stale = claim(ledger, "stale")
    rows.let_leases_run_out()
    claim(ledger, "living")
    due = rows.database.rows("SELECT id, batch_id, due_at FROM embedconsole_items ORDER BY id")

    assert not ledger.work.extend(stale)

    assert rows.database.rows("SELECT id, batch_id, due_at FROM embedconsole_items ORDER BY id") == due


def test_a_stale_worker_settles_what_nobody_has_taken_over(ledger: Ledger, rows: LedgerRows) -> None:
    # The lease is over, but the embeddings are paid for and in the collection: better noted than lost.
    late = claim(ledger, "late")
    rows.let_leases_run_out()

    assert ledger.work.settle(late, Settlement(written=[(item, OLD) for item in late.items])) == 0

    assert rows.synced() == len(KEYS)


def test_a_stale_worker_changes_nothing_after_the_other_has_finished(
    ledger: Ledger, rows: LedgerRows
) -> None:
    stale = claim(ledger, "stale")
    rows.let_leases_run_out()
    living = claim(ledger, "living")
    assert ledger.work.settle(living, Settlement(written=[(item, OLD) for item in living.items])) == 0
    done = rows.database.rows("SELECT * FROM embedconsole_items ORDER BY id")

    for name, settlement in settlements(stale).items():
        assert ledger.work.settle(stale, settlement) == len(KEYS), name
        assert rows.database.rows("SELECT * FROM embedconsole_items ORDER BY id") == done, name


def test_a_rescue_at_the_last_attempt_keeps_the_true_error(ledger: Ledger, rows: LedgerRows) -> None:
    for _ in range(2):
        batch = claim(ledger, "unlucky")
        failures = [Failure(item, "transient", "answered 503", 0.0) for item in batch.items]
        ledger.work.settle(batch, Settlement(failed=failures))
    claim(ledger, "dead")
    rows.let_leases_run_out()

    rescued = claim(ledger, "living")

    # A crash is no attempt of the item's, and no cause of its failure.
    assert [item.attempts for item in rescued.items] == [2, 2, 2]
    errors = set(rows.database.rows("SELECT attempts, error_class, error FROM embedconsole_items"))
    assert errors == {(2, "transient", "answered 503")}
    failures = [Failure(item, "transient", "answered 504", None) for item in rescued.items]
    ledger.work.settle(rescued, Settlement(failed=failures))
    found = ledger.failures.page(rescued.generation_id)
    assert {(item.attempts, item.error) for item in found} == {(3, "answered 504")}


def test_what_a_dead_process_held_is_due_at_once(ledger: Ledger, rows: LedgerRows) -> None:
    claim(ledger, "dead")

    assert ledger.work.abandon(["dead"]) == len(KEYS)

    assert rows.in_flight() == 0
    assert len(claim(ledger, "living").items) == len(KEYS)
