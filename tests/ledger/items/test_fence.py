"""The fence: a worker that lost its lease changes nothing, whatever it brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.ledger.items.claim import LEASE_SECONDS
from embedconsole.ledger.records.work import Failure, Settlement
from embedconsole.ledger.state import State
from ledger.shelf import hashes

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.work import Batch
    from ledger.shelf import Shelf


def written(batch: Batch) -> Settlement:
    return Settlement(written=[(item, hashes()) for item in batch.items])


OUTCOMES: dict[str, Callable[[Batch], Settlement]] = {
    "written": written,
    "deleted": lambda batch: Settlement(deleted=batch.items),
    "gone": lambda batch: Settlement(gone=batch.items),
    "back": lambda batch: Settlement(back=[(item, hashes()) for item in batch.items]),
    "unsynced": lambda batch: Settlement(unsynced=batch.items),
    "failed": lambda batch: Settlement(failed=[Failure(item, "item", "bad", None) for item in batch.items]),
    "released": lambda batch: Settlement(released=batch.items),
}


def test_a_worker_that_lost_its_lease_changes_nothing(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2)
    # So that "deleted" would find a row that it may delete.
    shelf.sync(1, 2)
    shelf.remove(1, 2)
    late = shelf.claimed(worker="late")
    shelf.pass_time(LEASE_SECONDS + 1)
    present = shelf.claimed(worker="present")
    before = shelf.dump()

    lost = {name: ledger.work.settle(late, outcome(late)) for name, outcome in OUTCOMES.items()}

    assert lost == dict.fromkeys(OUTCOMES, 2)
    assert not ledger.work.extend(late)
    assert shelf.dump() == before
    # The late worker's batch is gone from the screens, the present one's is not.
    assert [batch.token for batch in ledger.overview.in_flight()] == [present.token]
    assert ledger.work.settle(present, Settlement(deleted=present.items)) == 0


def test_a_worker_that_lost_some_items_settles_the_others(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2, 3)
    late = shelf.claimed()
    shelf.set(2, due_at=0)
    taken_over = shelf.claimed()

    assert ledger.work.settle(late, written(late)) == 1

    assert shelf.states() == {"1": State.SYNCED, "2": State.EMBED, "3": State.SYNCED}
    assert shelf.row(2).batch_id == taken_over.token


def test_a_worker_that_is_late_but_was_not_taken_over_still_settles(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    batch = shelf.claimed()
    shelf.pass_time(LEASE_SECONDS + 1)

    assert ledger.work.settle(batch, written(batch)) == 0

    assert shelf.states() == {"1": State.SYNCED}


def test_a_revoked_generation_is_written_by_nobody_for_a_leases_time(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2, 3)
    held = ledger.work.claim(shelf.generation, worker_id="helper", slot=0, limit=2)
    assert held is not None

    ledger.work.revoke(shelf.generation)

    assert not ledger.work.extend(held)
    assert ledger.work.claim(shelf.generation, worker_id="helper", slot=0, limit=9) is None
    assert ledger.work.settle(held, written(held)) == 2
    shelf.pass_time(LEASE_SECONDS + 1)
    again = ledger.work.claim(shelf.generation, worker_id="helper", slot=0, limit=9)
    assert again is not None
    assert len(again.items) == 3
