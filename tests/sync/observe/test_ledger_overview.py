"""What the ledger tells those who watch over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.state import GateMark
from embedconsole.sync.observe.ledger_overview import observe
from embedconsole.sync.shared.report import Outcome
from sync.makers import make_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.observe.ledger_overview import LatestRun
    from support.databases import Database

PIPELINE = make_pipeline()


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    """An empty ledger on each database in turn."""
    with open_ledger(database.url) as opened:
        yield opened


def ran(
    ledger: Ledger, outcome: Outcome, *, kind: str = "sync", name: str = "products", seconds: float = 1.0
) -> float:
    """A run that has ended; returns when."""
    number = ledger.history.begin_run("h:1:a", kind)
    report = {"pipelines": {name: {"seconds": seconds}}, "outcomes": {name: str(outcome)}}
    ledger.history.end_run(number, str(outcome), report)
    found = ledger.history.run(number)
    assert found is not None
    assert found.ended_at is not None
    return found.ended_at


def latest(ledger: Ledger) -> LatestRun | None:
    return observe(ledger, [PIPELINE]).runs.get("products")


def test_a_new_ledger_has_nothing_to_tell(ledger: Ledger) -> None:
    observed = observe(ledger, [PIPELINE])

    assert observed.runs == {}
    assert observed.counts["products"].total == 0
    assert (observed.gates, observed.in_flight, observed.workers) == ((), (), ())


def test_the_latest_run_and_the_last_that_came_to_its_end(ledger: Ledger) -> None:
    ran(ledger, Outcome.OK)
    success = ran(ledger, Outcome.PARTIAL)
    ran(ledger, Outcome.ABORTED)
    last = ran(ledger, Outcome.INTERRUPTED, seconds=4.5)
    ran(ledger, Outcome.OK, kind="due")
    ran(ledger, Outcome.OK, name="other")
    ledger.history.begin_run("h:1:a", "sync")

    found = latest(ledger)

    assert found is not None
    assert (found.ended_at, found.seconds, found.succeeded_at) == (last, 4.5, success)


def test_a_success_is_found_behind_many_failures(ledger: Ledger) -> None:
    success = ran(ledger, Outcome.OK)
    for _ in range(120):
        ran(ledger, Outcome.ABORTED)

    found = latest(ledger)

    assert found is not None
    assert found.succeeded_at == success


def test_runs_of_an_older_version_told_one_outcome_for_all(ledger: Ledger) -> None:
    number = ledger.history.begin_run("h:1:a", "sync")
    ledger.history.end_run(number, "ok", {"pipelines": {"products": {}}})

    found = latest(ledger)

    assert found is not None
    assert found.succeeded_at is not None


def test_dependencies_are_told_of_whether_they_are_well_or_not(ledger: Ledger) -> None:
    ledger.gates.shut("a", "embedder ml", GateMark.OPEN, wait=60, failures=3, fault="no")
    ledger.gates.shut("b", "catalog", GateMark.OPEN, wait=60, failures=3, fault="no")
    ledger.gates.close("b")

    gates = observe(ledger, [PIPELINE]).gates

    assert [(gate.name, gate.state) for gate in gates] == [
        ("embedder ml", GateMark.OPEN),
        ("catalog", GateMark.CLOSED),
    ]
