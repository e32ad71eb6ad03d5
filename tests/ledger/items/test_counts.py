"""What the screens read, to the item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.items.claim import LEASE_SECONDS
from embedconsole.ledger.records.items import Counts
from embedconsole.ledger.records.work import Settlement
from embedconsole.ledger.state import State
from ledger.shelf import fail, hashed, hashes

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf


def test_an_empty_generation_counts_nothing(shelf: Shelf, ledger: Ledger) -> None:
    assert ledger.overview.counts(shelf.generation) == Counts()
    assert ledger.overview.due(shelf.generation) == {}
    assert ledger.overview.next_due(shelf.generation) is None
    assert ledger.overview.in_flight() == []
    assert ledger.failures.groups(shelf.generation) == []
    assert ledger.failures.page(shelf.generation) == []
    assert ledger.overview.item(shelf.generation, "1") is None


@pytest.fixture
def busy(shelf: Shelf, ledger: Ledger) -> Shelf:
    """3 synced; 2 failed; 2 waiting; 4 in flight; 1 to delete, 1 to update and 5 to embed, due for 30 s."""
    shelf.add(*range(1, 6), *range(20, 24))
    shelf.sync(1, 2, 3, 4, 5)
    shelf.add(30, 31)
    fail(shelf, shelf.claimed(4), "NaN", delay=None)  # 20 to 23
    ledger.failures.retry(shelf.generation, keys=["22", "23"])
    fail(shelf, shelf.claimed(1), "timeout", delay=200)  # 30
    fail(shelf, shelf.claimed(1), "timeout", delay=100)  # 31
    ledger.work.settle(batch := shelf.claimed(2), Settlement(written=[(i, hashes()) for i in batch.items]))
    shelf.add(40, 41, 42, 43)
    shelf.claimed(4)
    shelf.remove(4)
    shelf.edit(5, payload="q")
    shelf.remove(22, 23)
    batch = shelf.claimed(3)
    ledger.work.settle(
        batch,
        Settlement(
            deleted=[item for item in batch.items if item.key != "4"],
            released=[item for item in batch.items if item.key == "4"],
        ),
    )
    shelf.add(50, 51, 52, 53, 54)
    shelf.pass_time(30)
    return shelf


def test_counts_are_exact(busy: Shelf, ledger: Ledger) -> None:
    counts = ledger.overview.counts(busy.generation)

    assert (counts.synced, counts.failed) == (3, 2)
    assert (counts.pending, counts.in_flight, counts.retrying) == (13, 4, 2)
    assert counts.total == 18
    assert counts.oldest_age is not None
    assert 30 <= counts.oldest_age < 60
    assert ledger.overview.due(busy.generation) == {State.DELETE: 1, State.PAYLOAD: 1, State.EMBED: 5}
    assert ledger.overview.next_due(busy.generation) == 0


def test_what_is_due_next_among_those_that_wait(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2, 3)
    fail(shelf, shelf.claimed(1), "bad", delay=None)
    fail(shelf, shelf.claimed(1), "timeout", delay=500)
    fail(shelf, shelf.claimed(1), "timeout", delay=50)

    wait = ledger.overview.next_due(shelf.generation)

    assert wait is not None
    assert 40 < wait <= 50
    assert ledger.overview.counts(shelf.generation).oldest_age is None
    shelf.pass_time(51)
    assert ledger.overview.next_due(shelf.generation) == 0
    assert ledger.overview.due(shelf.generation) == {State.EMBED: 1}


def test_an_expired_batch_is_pending_work_again(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2, 3)
    fail(shelf, shelf.claimed(1), "timeout", delay=600)
    shelf.claimed()
    assert ledger.overview.counts(shelf.generation).in_flight == 2

    shelf.pass_time(LEASE_SECONDS + 1)

    counts = ledger.overview.counts(shelf.generation)
    assert (counts.pending, counts.in_flight, counts.retrying) == (3, 0, 1)


def test_batches_in_flight_of_all_pipelines_and_processes(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2, 3)
    shelf.sync(1, 2)
    shelf.edit(1, 2, payload="q")
    other = ledger.generations.begin("pictures", "pictures", "{}").id
    first = shelf.claimed(worker="host-a:1:aaaaaa")
    shelf.pass_time(40)
    second = shelf.claimed(worker="host-b:2:bbbbbb")
    type(shelf)(ledger, other).add("p1")
    third = type(shelf)(ledger, other).claimed(worker="host-b:2:bbbbbb")

    batches = ledger.overview.in_flight()

    assert [(batch.token, batch.pipeline, batch.worker, batch.work, batch.items) for batch in batches] == [
        (first.token, "products", "host-a:1:aaaaaa", State.PAYLOAD, 2),
        (second.token, "products", "host-b:2:bbbbbb", State.EMBED, 1),
        (third.token, "pictures", "host-b:2:bbbbbb", State.EMBED, 1),
    ]
    assert [(batch.slot, batch.attempt, batch.stage, batch.expired) for batch in batches] == [
        (1, 1, "read", False)
    ] * 3
    assert 40 <= batches[0].age < 60
    assert batches[1].age < 20


def test_all_that_is_known_of_one_item(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, "a", "A")
    shelf.sync(1)
    shelf.edit(1, embed="b")
    held = shelf.claimed(1)
    fail(shelf, shelf.claimed(1), "timeout", delay=100, kind="transient")
    shelf.pass_time(30)

    lower = ledger.overview.item(shelf.generation, "a")
    assert lower is not None
    assert (lower.key, lower.batch, lower.attempts, lower.failed_for) == ("a", held.token, 0, None)
    upper = ledger.overview.item(shelf.generation, "A")
    assert upper is not None
    assert (upper.key, upper.state, upper.attempts, upper.batch) == ("A", State.EMBED, 1, None)
    assert (upper.error_class, upper.error) == ("transient", "timeout")
    assert upper.due_in == pytest.approx(70, abs=15)
    assert upper.failed_for == pytest.approx(30, abs=15)
    one = ledger.overview.item(shelf.generation, "1")
    assert one is not None
    assert (one.desired_embed, one.synced_embed) == (hashed("b"), hashed("a"))
    assert (one.desired_payload, one.synced_payload) == (hashed("p"), hashed("p"))
    assert ledger.overview.item(shelf.generation, "b") is None
