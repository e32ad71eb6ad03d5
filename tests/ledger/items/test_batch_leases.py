"""Leases on batches: extended, given back for the dead, swept; and failed items put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.items.claim import LEASE_SECONDS
from embedconsole.ledger.records.processes import Process
from embedconsole.ledger.records.work import Failure, Settlement
from embedconsole.ledger.state import State
from ledger.shelf import by_key, keys_of

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf


def test_an_extended_lease_lasts_from_now(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    batch = shelf.claimed()
    shelf.pass_time(LEASE_SECONDS - 1)

    assert ledger.work.extend(batch)

    shelf.pass_time(LEASE_SECONDS - 5)
    assert shelf.claim() is None
    assert not ledger.overview.in_flight()[0].expired
    shelf.pass_time(10)
    assert ledger.overview.in_flight()[0].expired
    assert keys_of(shelf.claim()) == ["1"]


def test_extending_does_not_bring_settled_items_back(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1)
    batch = shelf.claimed()
    ledger.work.settle(batch, Settlement(released=batch.items))
    before = shelf.dump()

    assert not ledger.work.extend(batch)

    assert shelf.dump() == before


def test_what_the_dead_held_is_due_at_once(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2, 3)
    dead = shelf.claimed(2, worker="dead")
    alive = shelf.claimed(worker="alive")

    assert ledger.work.abandon(["dead", "unknown"]) == 2

    assert [batch.token for batch in ledger.overview.in_flight()] == [alive.token]
    assert keys_of(shelf.claim()) == keys_of(dead)
    assert ledger.work.abandon(["dead"]) == 0


def test_sweep_forgets_expired_batches_and_no_item(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2)
    shelf.claimed(1)
    shelf.pass_time(LEASE_SECONDS + 1)
    ledger.processes.announce(Process("alive", "host", "host:boot:1", 2, "0.1"))
    alive = shelf.claimed(1, worker="alive")

    ledger.work.sweep()

    assert [batch.token for batch in ledger.overview.in_flight()] == [alive.token]
    assert set(shelf.states().values()) == {State.EMBED}


def test_stages_are_noted_for_those_who_watch(shelf: Shelf, ledger: Ledger) -> None:
    shelf.add(1, 2)
    one, two = shelf.claimed(1), shelf.claimed(1)
    shelf.pass_time(10)

    ledger.work.enter_stages({one.token: "embed", 999_999: "write"})
    ledger.work.enter_stages({})

    stages = {batch.token: (batch.stage, round(batch.stage_age)) for batch in ledger.overview.in_flight()}
    assert stages == {one.token: ("embed", 0), two.token: ("read", 10)}


@pytest.fixture
def failed(shelf: Shelf, ledger: Ledger) -> Shelf:
    """1 and 2 failed for good of different causes, 3 waits for its next attempt, 4 has never failed."""
    shelf.add(1, 2, 3, 4)
    batch = shelf.claimed()
    item = by_key(batch.items)
    failures = [
        Failure(item["1"], "item", "NaN", None),
        Failure(item["2"], "transient", "timeout", None),
        Failure(item["3"], "transient", "timeout", 300.0),
    ]
    ledger.work.settle(batch, Settlement(failed=failures, released=[item["4"]]))
    return shelf


@pytest.mark.parametrize(
    ("keys", "error_class", "expected"),
    [
        (None, None, {"1", "2", "3"}),
        (["2", "3", "4", "no such key"], None, {"2", "3"}),
        (None, "item", {"1"}),
        (["1", "2"], "transient", {"2"}),
        ([], None, set()),
    ],
)
def test_retry_puts_back_what_was_asked_for(
    failed: Shelf, keys: list[str] | None, error_class: str | None, expected: set[str]
) -> None:
    before = failed.dump()

    count = failed.ledger.failures.retry(failed.generation, keys=keys, error_class=error_class)

    assert count == len(expected)
    after = failed.dump()
    assert {key for key in after if after[key] != before[key]} == expected
    for key in expected:
        row = failed.row(key)
        assert (row.state, row.attempts, row.error, row.error_class) == (State.EMBED, 0, None, None)
    assert set(keys_of(failed.claim())) == {*expected, "4"}


@pytest.mark.parametrize(
    ("content", "state"),
    [
        ({"embed": "b"}, State.EMBED),
        ({"payload": "q"}, State.PAYLOAD),
        ({}, State.SYNCED),
        (None, State.DELETE),
    ],
)
def test_a_retried_item_does_what_follows_from_its_difference(
    shelf: Shelf, ledger: Ledger, content: dict[str, str] | None, state: State
) -> None:
    shelf.add(1)
    shelf.sync(1)
    if content is None:
        shelf.remove(1)
    else:
        shelf.edit(1, **content)
    shelf.set(1, state=State.FAILED.value, attempts=3)

    assert ledger.failures.retry(shelf.generation) == 1

    assert shelf.states() == {"1": state}


def test_retry_leaves_alone_what_is_in_flight_and_other_generations(failed: Shelf, ledger: Ledger) -> None:
    failed.pass_time(301)
    batch = failed.claimed()
    other = ledger.generations.begin("pictures", "pictures", "{}")

    assert ledger.failures.retry(other.id) == 0
    assert ledger.failures.retry(failed.generation, keys=["3"]) == 0

    assert failed.row(3).batch_id == batch.token
    assert failed.row(3).attempts == 1
