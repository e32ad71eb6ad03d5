"""An item that ends its process again and again is isolated by halving, and fails in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.ledger.items.claim import LEASE_SECONDS
from embedconsole.ledger.items.crash_counts import (
    GIVEN_UP_AFTER,
    LARGEST_GROUP,
    LATE_WRITES_SECONDS,
    SUSPECT_AFTER,
)
from embedconsole.ledger.records.work import Settlement
from embedconsole.ledger.state import State
from ledger.shelf import hashes, keys_of

if TYPE_CHECKING:
    from embedconsole.ledger.records.work import Batch
    from ledger.shelf import Shelf

ME = "host:1:aaaaaa"


def settle(shelf: Shelf, batch: Batch) -> None:
    assert (
        shelf.ledger.work.settle(batch, Settlement(written=[(item, hashes()) for item in batch.items])) == 0
    )


def test_a_poison_item_is_found_and_all_others_get_done(shelf: Shelf) -> None:
    """What happens when embedding item 3 ends the process, whatever else it was at."""
    shelf.add(*range(1, 7))
    crashes = 0
    for _ in range(100):
        batch = shelf.claim(3)
        if batch is None:
            break
        if "3" in keys_of(batch):
            crashes += 1
            shelf.ledger.work.abandon([ME])
        else:
            settle(shelf, batch)

    assert crashes == GIVEN_UP_AFTER
    states = shelf.states()
    assert states.pop("3") is State.FAILED
    assert set(states.values()) == {State.SYNCED}
    (failed,) = shelf.ledger.failures.page(shelf.generation)
    assert f"ended {GIVEN_UP_AFTER} times" in failed.error
    assert (failed.error_class, failed.attempts) == ("item", 0)
    shelf.edit(3, embed="mended")
    batch = shelf.claimed()
    assert (keys_of(batch), batch.suspect) == (["3"], False)


def test_hundreds_of_suspects_are_halved_until_the_poison_is_alone(shelf: Shelf) -> None:
    """Three kills in a row leave all that was in flight under suspicion."""
    shelf.add(*range(300))
    for key in range(300):
        shelf.set(key, crashes=SUSPECT_AFTER)
    sizes, claims = [], 0
    while batch := shelf.claim(100):
        claims += 1
        if "170" in keys_of(batch):
            sizes.append(len(batch.items))
            shelf.ledger.work.abandon([ME])
        else:
            settle(shelf, batch)

    assert sizes == [64, 32, 16, 8, 4, 2, 1, 1]
    assert claims <= 300 / LARGEST_GROUP + 2 * len(sizes)
    states = shelf.states()
    assert states.pop("170") is State.FAILED
    assert set(states.values()) == {State.SYNCED}


def test_suspects_come_last_together_and_only_when_they_are_asked_for(shelf: Shelf) -> None:
    shelf.add(1, 2, 3, 4)
    for key in (1, 2):
        shelf.set(key, crashes=SUSPECT_AFTER)

    innocents = shelf.claimed(10)
    assert (keys_of(innocents), innocents.suspect) == (["3", "4"], False)
    work = shelf.ledger.work
    assert work.claim(shelf.generation, worker_id=ME, slot=1, limit=10, suspects=False) is None
    suspects = shelf.claimed(10)
    assert (keys_of(suspects), suspects.suspect) == (["1", "2"], True)

    settle(shelf, suspects)
    assert shelf.row(1).crashes == 0


def test_a_lease_that_ran_out_counts_and_its_points_are_looked_at_again(shelf: Shelf) -> None:
    shelf.add(1, 2)
    shelf.set(1, crashes=SUSPECT_AFTER - 1)
    shelf.claimed()
    shelf.pass_time(LEASE_SECONDS + 1)

    rescued = shelf.claimed()

    assert keys_of(rescued) == ["2"], "the other one is a suspect now"
    assert (shelf.row(1).crashes, shelf.row(2).crashes) == (SUSPECT_AFTER, 1)
    assert keys_of(shelf.claimed()) == ["1"]
    assert shelf.ledger.rechecks.due(shelf.generation) == []
    shelf.pass_time(LATE_WRITES_SECONDS + 1)
    assert {recheck.key for recheck in shelf.ledger.rechecks.due(shelf.generation)} == {"1", "2"}


def test_who_gives_items_back_in_order_did_not_crash(shelf: Shelf) -> None:
    shelf.add(1)
    for _ in range(GIVEN_UP_AFTER + 1):
        batch = shelf.claimed()
        shelf.ledger.work.settle(batch, Settlement(released=batch.items))

    assert shelf.row(1).crashes == 0
    shelf.claimed()
    shelf.ledger.work.abandon_strays(shelf.generation, ME, [])
    assert shelf.row(1).crashes == 0
