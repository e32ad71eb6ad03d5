"""The only clock is the database's: what this process believes the time to be does not matter."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import select

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.items.claim import LEASE_SECONDS
from embedconsole.ledger.records.processes import Process
from embedconsole.ledger.records.work import Settlement
from embedconsole.ledger.state import State
from ledger.shelf import hashes, keys_of

if TYPE_CHECKING:
    import pytest

    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf


def test_the_clock_tells_the_time_in_milliseconds(ledger: Ledger) -> None:
    before = time.time()
    told = ledger.database.scalar(select(now_ms()))
    after = time.time()

    # The test servers run on this machine; a second for roundings and steps.
    assert isinstance(told, int)
    assert (before - 1) * 1000 <= told <= (after + 1) * 1000


def test_the_clock_goes_on_within_a_transaction(ledger: Ledger) -> None:
    def ask(times: int) -> list[int]:
        def work(connection: object) -> list[int]:
            told: list[int] = []
            until = time.monotonic() + 10
            while len(set(told)) < times and time.monotonic() < until:
                told.append(connection.scalar(select(now_ms())))  # type: ignore[attr-defined]
            return told

        return ledger.database.read(work)

    told = ask(3)

    assert len(set(told)) == 3
    assert told == sorted(told)


def test_leases_and_due_times_do_not_go_by_our_clock(
    shelf: Shelf, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = Process("host:1:aaaaaa", "host", "place", 1, "0.1")
    centuries = {"ahead": 1e10, "behind": -1e10}
    for when, shift in centuries.items():
        with monkeypatch.context() as patch:
            real, steady = time.time, time.monotonic
            patch.setattr(time, "time", lambda real=real, shift=shift: real() + shift)
            patch.setattr(time, "monotonic", lambda steady=steady, shift=shift: steady() + shift)

            shelf.add(when)
            batch = shelf.claimed()
            assert keys_of(batch) == [when]
            assert shelf.claim() is None
            (flying,) = ledger.overview.in_flight()
            assert not flying.expired
            assert 0 <= flying.age < LEASE_SECONDS
            assert ledger.overview.next_due(shelf.generation) is not None
            assert ledger.work.extend(batch)
            assert ledger.work.settle(batch, Settlement(written=[(batch.items[0], hashes())])) == 0
            assert shelf.states()[when] is State.SYNCED

            ledger.processes.announce(me)
            assert [worker.silent_for < LEASE_SECONDS for worker in ledger.processes.workers()] == [True]
            held = ledger.processes.acquire(["run:products"], when)
            assert not isinstance(held, str)
            assert ledger.processes.holder("run:products") == when
            assert ledger.processes.acquire(["run:products"], "other") == when
            ledger.processes.release(held)
            run = ledger.history.begin_run(me.id, "sync")
            assert abs(ledger.history.runs(1)[0].started_at - real()) < LEASE_SECONDS
            assert ledger.history.runs(1)[0].id == run
