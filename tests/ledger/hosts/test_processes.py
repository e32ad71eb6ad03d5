"""Processes at work, and the leases that say which of them runs a pipeline."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import TYPE_CHECKING

from sqlalchemy import select

from embedconsole.ledger.hosts.processes import RUN_LEASE_SECONDS
from embedconsole.ledger.records.processes import Lease, Process
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
    ledger.processes.announce(worker(1))
    ledger.processes.announce(worker(2))
    ledger.processes.announce(worker(1))

    there = [replace(found, silent_for=0.0, up_for=0.0) for found in ledger.processes.workers()]
    assert there == [worker(1), worker(2)]

    ledger.processes.leave([worker(1).id, "unknown"])
    assert [found.id for found in ledger.processes.workers()] == [worker(2).id]


def test_a_process_that_leaves_gives_its_batches_back(shelf: Shelf) -> None:
    processes = shelf.ledger.processes
    shelf.add(1, 2, 3)
    for number in (1, 2):
        processes.announce(worker(number))
    left, held = shelf.claimed(2, worker=worker(1).id), shelf.claimed(1, worker=worker(2).id)

    processes.leave([worker(1).id])

    again = shelf.claimed()
    assert keys_of(again) == keys_of(left)
    assert shelf.row(1).crashes == 0, "it left in good order"
    assert shelf.ledger.work.extend(held)
    assert {recheck.key for recheck in shelf.ledger.rechecks.due(shelf.generation)} == set(keys_of(left))


def test_batches_of_a_process_that_has_left_are_free_at_once(shelf: Shelf) -> None:
    """Also those that it claimed at its very end."""
    shelf.add(1, 2)
    shelf.ledger.processes.announce(worker(2))
    stray, held = shelf.claimed(1, worker=worker(1).id), shelf.claimed(1, worker=worker(2).id)

    shelf.ledger.work.sweep()

    assert not shelf.ledger.work.extend(stray)
    assert shelf.ledger.work.extend(held)
    assert keys_of(shelf.claimed()) == keys_of(stray)


def test_a_worker_tells_what_it_is_and_what_it_does_now(shelf: Shelf) -> None:
    processes = shelf.ledger.processes
    daemon = replace(worker(1), role="daemon")
    processes.announce(replace(daemon, status={"state": "running", "rate": 12.5}))
    shelf.pass_time(600)
    processes.announce(replace(daemon, status={"state": "idle", "paused": None}))

    (found,) = processes.workers()
    assert (found.role, found.status) == ("daemon", {"state": "idle", "paused": None})
    assert (round(found.silent_for, -1), round(found.up_for, -1)) == (0, 600)


def test_a_worker_is_silent_since_its_last_word_and_forgotten_after_a_day(shelf: Shelf) -> None:
    processes = shelf.ledger.processes
    processes.announce(worker(1))
    processes.announce(worker(2))
    shelf.pass_time(3600)
    processes.announce(worker(2))

    silent = {found.pid: round(found.silent_for, -1) for found in processes.workers()}
    assert silent == {1: 3600, 2: 0}

    shelf.pass_time(86_400 - 1800)
    processes.announce(worker(3))
    assert {found.pid for found in processes.workers()} == {2, 3}


def test_a_lease_is_held_by_one(ledger: Ledger) -> None:
    held = taken(ledger.processes.acquire(RUNS, "a"))

    assert {lease.name for lease in held} == set(RUNS)
    assert ledger.processes.acquire(RUNS, "b") == "a"
    assert [ledger.processes.holder(name) for name in RUNS] == ["a", "a"]

    ledger.processes.release(held)

    assert [ledger.processes.holder(name) for name in RUNS] == [None, None]
    assert not isinstance(ledger.processes.acquire(RUNS, "b"), str)


def test_all_of_the_leases_or_none(ledger: Ledger) -> None:
    taken(ledger.processes.acquire(["run:products"], "a"))

    # `run:pictures` comes first in order, and must not stay with the one that did not get the other.
    assert ledger.processes.acquire(RUNS, "b") == "a"

    assert ledger.processes.holder("run:pictures") is None
    assert not isinstance(ledger.processes.acquire(["run:pictures"], "c"), str)


def test_the_term_grows_with_each_acquisition(shelf: Shelf) -> None:
    processes = shelf.ledger.processes
    (first,) = taken(processes.acquire(["run"], "a"))
    (second,) = taken(processes.acquire(["run"], "a"))
    processes.release([second])
    (third,) = taken(processes.acquire(["run"], "b"))
    shelf.pass_time(RUN_LEASE_SECONDS + 1)
    (fourth,) = taken(processes.acquire(["run"], "c"))

    assert [lease.term for lease in (first, second, third, fourth)] == [1, 2, 3, 4]


def test_an_expired_lease_is_taken_over_and_the_late_holder_has_lost_it(shelf: Shelf) -> None:
    processes = shelf.ledger.processes
    late = taken(processes.acquire(RUNS, "late"))
    shelf.pass_time(RUN_LEASE_SECONDS - 5)
    assert processes.acquire(RUNS, "b") == "late"
    assert processes.extend(late)
    shelf.pass_time(RUN_LEASE_SECONDS - 5)
    assert processes.holder("run:products") == "late"
    shelf.pass_time(10)
    assert processes.holder("run:products") is None

    taken(processes.acquire(["run:products"], "b"))
    before = shelf.ledger.database.rows(select(leases).where(leases.c.name == "run:products"))

    assert not processes.extend(late), "one of the two is lost"
    processes.release(late)
    after = shelf.ledger.database.rows(select(leases).where(leases.c.name == "run:products"))
    assert after == before
    assert processes.holder("run:products") == "b"


def test_a_lease_that_was_lost_and_won_again_is_another_lease(shelf: Shelf) -> None:
    processes = shelf.ledger.processes
    old = taken(processes.acquire(["run"], "a"))
    shelf.pass_time(RUN_LEASE_SECONDS + 1)
    taken(processes.acquire(["run"], "a"))

    assert not processes.extend(old)
    processes.release(old)
    assert processes.holder("run") == "a"


def test_who_leaves_gives_up_its_leases(ledger: Ledger) -> None:
    taken(ledger.processes.acquire(["run:products"], worker(1).id))
    taken(ledger.processes.acquire(["run:pictures"], worker(2).id))

    ledger.processes.leave([worker(1).id])

    assert ledger.processes.holder("run:products") is None
    assert ledger.processes.holder("run:pictures") == worker(2).id


def test_of_many_that_want_a_new_lease_at_once_one_gets_it(ledger: Ledger) -> None:
    wanting = 6
    for round_ in range(3):
        together = Barrier(wanting)
        names = [f"run:{round_}:products", f"run:{round_}:pictures"]

        def want(number: int, names: list[str] = names, together: Barrier = together) -> list[Lease] | str:
            together.wait()
            return ledger.processes.acquire(names, f"w{number}")

        with ThreadPoolExecutor(wanting) as pool:
            answers = list(pool.map(want, range(wanting)))

        (winner,) = [answer for answer in answers if not isinstance(answer, str)]
        assert {lease.name for lease in winner} == set(names)
        assert {answer for answer in answers if isinstance(answer, str)} == {winner[0].owner}
