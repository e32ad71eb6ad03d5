"""Processes at work, and the leases that say which of them runs a pipeline."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING

from sqlalchemy import select

from embedconsole.ledger.hosts.processes import RUN_LEASE_SECONDS
from embedconsole.ledger.records.presence import Lease, Process
from embedconsole.ledger.schema import leases
from ledger.shelf import keys_of

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf

RUNS = ["run:products", "run:pictures"]


def worker(number: int) -> Process:
    return Process(f"host:{number}:aaaaaa", "host", "host:boot:1", number, "0.1")


def taken(answer: list[Lease] | str) -> list[Lease]:
    assert not isinstance(answer, str), answer
    return answer


def test_workers_are_there_from_their_first_word_to_their_last(ledger: Ledger) -> None:
    ledger.presence.announce(worker(1))
    ledger.presence.announce(worker(2))
    ledger.presence.announce(worker(1))

    there = [replace(found, silent_for=0.0, up_for=0.0) for found in ledger.presence.workers()]
    assert there == [worker(1), worker(2)]

    ledger.presence.leave([worker(1).id, "unknown"])
    assert [found.id for found in ledger.presence.workers()] == [worker(2).id]


def test_a_process_that_leaves_gives_its_batches_back(shelf: Shelf) -> None:
    presence = shelf.ledger.presence
    shelf.add(1, 2, 3)
    for number in (1, 2):
        presence.announce(worker(number))
    left, held = shelf.claimed(2, worker=worker(1).id), shelf.claimed(1, worker=worker(2).id)

    presence.leave([worker(1).id])

    again = shelf.claimed()
    assert keys_of(again) == keys_of(left)
    assert shelf.row(1).crashes == 0, "it left in good order"
    assert shelf.ledger.work.extend(held)
    assert {doubt.key for doubt in shelf.ledger.doubts.due(shelf.generation)} == set(keys_of(left))


def test_batches_of_a_process_that_has_left_are_free_at_once(shelf: Shelf) -> None:
    """Also those that it claimed at its very end."""
    shelf.add(1, 2)
    shelf.ledger.presence.announce(worker(2))
    stray, held = shelf.claimed(1, worker=worker(1).id), shelf.claimed(1, worker=worker(2).id)

    shelf.ledger.work.sweep()

    assert not shelf.ledger.work.extend(stray)
    assert shelf.ledger.work.extend(held)
    assert keys_of(shelf.claimed()) == keys_of(stray)


def test_a_worker_tells_what_it_is_and_what_it_does_now(shelf: Shelf) -> None:
    presence = shelf.ledger.presence
    daemon = replace(worker(1), role="daemon")
    presence.announce(replace(daemon, status={"state": "running", "rate": 12.5}))
    shelf.pass_time(600)
    presence.announce(replace(daemon, status={"state": "idle", "paused": None}))

    (found,) = presence.workers()
    assert (found.role, found.status) == ("daemon", {"state": "idle", "paused": None})
    assert (round(found.silent_for, -1), round(found.up_for, -1)) == (0, 600)


def test_a_worker_is_silent_since_its_last_word_and_forgotten_after_a_day(shelf: Shelf) -> None:
    presence = shelf.ledger.presence
    presence.announce(worker(1))
    presence.announce(worker(2))
    shelf.pass_time(3600)
    presence.announce(worker(2))

    silent = {found.pid: round(found.silent_for, -1) for found in presence.workers()}
    assert silent == {1: 3600, 2: 0}

    shelf.pass_time(86_400 - 1800)
    presence.announce(worker(3))
    assert {found.pid for found in presence.workers()} == {2, 3}


def test_a_lease_is_held_by_one(ledger: Ledger) -> None:
    held = taken(ledger.presence.acquire(RUNS, "a"))

    assert {lease.name for lease in held} == set(RUNS)
    assert ledger.presence.acquire(RUNS, "b") == "a"
    assert [ledger.presence.holder(name) for name in RUNS] == ["a", "a"]

    ledger.presence.release(held)

    assert [ledger.presence.holder(name) for name in RUNS] == [None, None]
    assert not isinstance(ledger.presence.acquire(RUNS, "b"), str)


def test_all_of_the_leases_or_none(ledger: Ledger) -> None:
    taken(ledger.presence.acquire(["run:products"], "a"))

    # `run:pictures` comes first in order, and must not stay with the one that did not get the other.
    assert ledger.presence.acquire(RUNS, "b") == "a"

    assert ledger.presence.holder("run:pictures") is None
    assert not isinstance(ledger.presence.acquire(["run:pictures"], "c"), str)


def test_the_term_grows_with_each_acquisition(shelf: Shelf) -> None:
    presence = shelf.ledger.presence
    (first,) = taken(presence.acquire(["run"], "a"))
    (second,) = taken(presence.acquire(["run"], "a"))
    presence.release([second])
    (third,) = taken(presence.acquire(["run"], "b"))
    shelf.pass_time(RUN_LEASE_SECONDS + 1)
    (fourth,) = taken(presence.acquire(["run"], "c"))

    assert [lease.term for lease in (first, second, third, fourth)] == [1, 2, 3, 4]


def test_an_expired_lease_is_taken_over_and_the_late_holder_has_lost_it(shelf: Shelf) -> None:
    presence = shelf.ledger.presence
    late = taken(presence.acquire(RUNS, "late"))
    shelf.pass_time(RUN_LEASE_SECONDS - 5)
    assert presence.acquire(RUNS, "b") == "late"
    assert presence.extend(late)
    shelf.pass_time(RUN_LEASE_SECONDS - 5)
    assert presence.holder("run:products") == "late"
    shelf.pass_time(10)
    assert presence.holder("run:products") is None

    taken(presence.acquire(["run:products"], "b"))
    before = shelf.ledger.database.rows(select(leases).where(leases.c.name == "run:products"))

    assert not presence.extend(late), "one of the two is lost"
    presence.release(late)
    after = shelf.ledger.database.rows(select(leases).where(leases.c.name == "run:products"))
    assert after == before
    assert presence.holder("run:products") == "b"


def test_a_lease_that_was_lost_and_won_again_is_another_lease(shelf: Shelf) -> None:
    presence = shelf.ledger.presence
    old = taken(presence.acquire(["run"], "a"))
    shelf.pass_time(RUN_LEASE_SECONDS + 1)
    taken(presence.acquire(["run"], "a"))

    assert not presence.extend(old)
    presence.release(old)
    assert presence.holder("run") == "a"


def test_who_leaves_gives_up_its_leases(ledger: Ledger) -> None:
    taken(ledger.presence.acquire(["run:products"], worker(1).id))
    taken(ledger.presence.acquire(["run:pictures"], worker(2).id))

    ledger.presence.leave([worker(1).id])

    assert ledger.presence.holder("run:products") is None
    assert ledger.presence.holder("run:pictures") == worker(2).id


def test_of_many_that_want_a_new_lease_at_once_one_gets_it(ledger: Ledger) -> None:
    wanting = 6
    for round_ in range(3):
        together = Barrier(wanting)
        names = [f"run:{round_}:products", f"run:{round_}:pictures"]

        def want(number: int, names: list[str] = names, together: Barrier = together) -> list[Lease] | str:
            together.wait()
            return ledger.presence.acquire(names, f"w{number}")

        with ThreadPoolExecutor(wanting) as pool:
            answers = list(pool.map(want, range(wanting)))

        (winner,) = [answer for answer in answers if not isinstance(answer, str)]
        assert {lease.name for lease in winner} == set(names)
        assert {answer for answer in answers if isinstance(answer, str)} == {winner[0].owner}
