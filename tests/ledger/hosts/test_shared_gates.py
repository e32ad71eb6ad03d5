"""Gates that all processes honour: who shuts, who probes, who closes. Invariants of one row a dependency."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from embedconsole.ledger.hosts.shared_gates import PROBE_SECONDS
from embedconsole.ledger.schema import gates
from embedconsole.ledger.state import GateMark

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.processes import SharedGate

KEY = "embedder:ml"
COOLING, OPEN = GateMark.COOLING, GateMark.OPEN


def shut(ledger: Ledger, mark: GateMark, wait: float, failures: int = 1, fault: str | None = "no") -> int:
    return ledger.gates.shut(KEY, "embedder ml", mark, wait=wait, failures=failures, fault=fault)


def gate(ledger: Ledger) -> SharedGate:
    (found,) = ledger.gates.read([KEY, "embedder:other"])
    return found


def pass_time(ledger: Ledger, seconds: float) -> None:
    by = int(seconds * 1000)
    earlier = update(gates).values(since=gates.c.since - by, until=gates.c.until - by)
    ledger.database.execute(earlier)


def test_what_one_process_tells_the_others_read(ledger: Ledger) -> None:
    assert ledger.gates.read([KEY]) == []

    shut(ledger, COOLING, 30, fault="asked for a pause (429)")

    told = gate(ledger)
    assert (told.name, told.state, told.failures, told.fault) == (
        "embedder ml",
        COOLING,
        1,
        "asked for a pause (429)",
    )
    assert 0 <= told.age < 10
    assert 20 < told.left <= 30
    assert ledger.gates.shut_now() == [told] or ledger.gates.shut_now()[0].key == KEY
    pass_time(ledger, 31)
    assert ledger.gates.shut_now() == [], "a pause ends by itself"


def test_the_longer_of_two_pauses_holds_and_counts_from_the_first(ledger: Ledger) -> None:
    shut(ledger, COOLING, 60)
    pass_time(ledger, 10)

    shut(ledger, COOLING, 5)

    told = gate(ledger)
    assert 40 < told.left <= 50
    assert told.age >= 10


def test_an_open_breaker_outranks_a_pause(ledger: Ledger) -> None:
    change = shut(ledger, OPEN, 60, failures=3)

    assert shut(ledger, COOLING, 5) == change

    assert gate(ledger).state is OPEN
    pass_time(ledger, 61)
    shut(ledger, COOLING, 5)
    assert gate(ledger).state is COOLING


def test_since_when_it_is_down_outlasts_its_probes(ledger: Ledger) -> None:
    shut(ledger, OPEN, 2, failures=3)
    pass_time(ledger, 100)
    assert ledger.gates.take_probe(KEY, "one")
    shut(ledger, OPEN, 4, failures=4)

    assert gate(ledger).age >= 100
    ledger.gates.close(KEY)
    shut(ledger, OPEN, 2)
    assert gate(ledger).age < 50


def test_one_probes_at_a_time(ledger: Ledger) -> None:
    shut(ledger, OPEN, 60)
    assert not ledger.gates.take_probe(KEY, "one"), "too early"
    pass_time(ledger, 61)

    assert ledger.gates.take_probe(KEY, "one")
    assert not ledger.gates.take_probe(KEY, "two")
    assert ledger.gates.take_probe(KEY, "one"), "its own"
    pass_time(ledger, PROBE_SECONDS - 1)
    ledger.gates.hold_probe(KEY, "one")
    pass_time(ledger, PROBE_SECONDS - 1)
    assert not ledger.gates.take_probe(KEY, "two")

    pass_time(ledger, 2)
    assert ledger.gates.take_probe(KEY, "two"), "the first one is not heard of any more"
    ledger.gates.hold_probe(KEY, "one")
    assert gate(ledger).holder == "two"


def test_of_many_that_want_to_probe_at_once_one_may(ledger: Ledger) -> None:
    for _ in range(3):
        shut(ledger, OPEN, 0)
        pass_time(ledger, 1)
        together = Barrier(6)

        def take(number: int, together: Barrier = together) -> bool:
            together.wait()
            return ledger.gates.take_probe(KEY, f"process {number}")

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(take, range(6))) == 1


def test_a_breaker_that_closes_is_closed_for_all_and_a_pause_stands(ledger: Ledger) -> None:
    shut(ledger, OPEN, 60, failures=5)
    ledger.gates.close(KEY)

    told = gate(ledger)
    assert (told.state, told.failures, told.fault, told.holder) == (GateMark.CLOSED, 0, None, None)
    assert ledger.gates.take_probe(KEY, "late"), "nothing to probe, nothing to wait for"
    assert gate(ledger).state is GateMark.CLOSED
    shut(ledger, COOLING, 60)
    ledger.gates.close(KEY)
    assert gate(ledger).state is COOLING


@pytest.mark.parametrize("fault", ["x" * 100_000, None, "\x1b[31m 'quoted' \U0001f9e6"])
def test_every_change_is_news_whatever_the_fault_says(ledger: Ledger, fault: str | None) -> None:
    changes = [shut(ledger, OPEN, 0, fault=fault)]
    pass_time(ledger, 1)
    ledger.gates.take_probe(KEY, "one")
    changes.append(gate(ledger).change)
    changes.append(shut(ledger, OPEN, 0, fault=fault))
    ledger.gates.close(KEY)
    changes.append(gate(ledger).change)

    assert changes == sorted(set(changes))
