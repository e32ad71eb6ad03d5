"""The database's clock is set forward or back by an hour: nothing is lost, and nothing waits that long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.ledger.hosts.processes import RUN_LEASE_SECONDS
from embedconsole.ledger.items.claim import LEASE_SECONDS
from embedconsole.ledger.records.work import Failure, Settlement
from ledger.shelf import hashes, keys_of

if TYPE_CHECKING:
    from ledger.shelf import Shelf

HOUR = 3600.0
LONGEST = 330.0


def mend(shelf: Shelf) -> int:
    return shelf.ledger.jumps.repair(["products"], LONGEST)


def test_what_is_due_or_waits_does_not_wait_for_the_hour_that_the_clock_was_set_back(shelf: Shelf) -> None:
    shelf.add(1, 2)
    batch = shelf.claimed(1)
    failed = [Failure(item, "transient", "answered 500", 300.0) for item in batch.items]
    shelf.ledger.work.settle(batch, Settlement(failed=failed))
    assert mend(shelf) == 0, "nothing lies further ahead than it may"
    shelf.pass_time(-HOUR)
    assert shelf.claim() is None

    assert mend(shelf) == 2

    # Both are due since the same moment.
    assert sorted(keys_of(shelf.claimed())) == ["1", "2"]


def test_who_is_alive_keeps_his_items_and_who_is_dead_loses_them_after_one_lease(shelf: Shelf) -> None:
    shelf.add(1, 2)
    living, dead = shelf.claimed(1), shelf.claimed(1, worker="host:2:bbbbbb")
    shelf.pass_time(-HOUR)
    mend(shelf)
    assert shelf.ledger.work.extend(living)

    shelf.pass_time(LEASE_SECONDS - 1)
    assert shelf.claim() is None
    assert shelf.ledger.work.extend(living)
    shelf.pass_time(2)

    rescued = shelf.claimed()
    assert keys_of(rescued) == keys_of(dead)
    assert shelf.ledger.work.settle(living, Settlement(written=[(living.items[0], hashes())])) == 0


def test_the_run_of_a_dead_process_is_taken_over_after_one_lease(shelf: Shelf) -> None:
    processes = shelf.ledger.processes
    processes.acquire(["run:products"], "dead")
    shelf.pass_time(-HOUR)
    mend(shelf)

    assert processes.acquire(["run:products"], "living") == "dead"
    shelf.pass_time(RUN_LEASE_SECONDS + 1)
    assert not isinstance(processes.acquire(["run:products"], "living"), str)


def test_a_clock_set_forward_takes_items_from_the_living_and_they_change_nothing(shelf: Shelf) -> None:
    shelf.add(1)
    living = shelf.claimed()
    shelf.pass_time(HOUR)
    other = shelf.claimed(worker="host:2:bbbbbb")

    assert not shelf.ledger.work.extend(living)
    assert shelf.ledger.work.settle(living, Settlement(written=[(living.items[0], hashes("old"))])) == 1
    assert shelf.ledger.work.settle(other, Settlement(written=[(other.items[0], hashes())])) == 0
    assert shelf.states() == {"1": 0}
