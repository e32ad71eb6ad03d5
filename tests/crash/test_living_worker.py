"""Leases of the living: extended for as long as they are needed, in an engine whose leases are short."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

import pytest

from crash.converged import assert_converged, on_sqlite, paid_again
from embedconsole.config.load import load
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from support.embedding_service import Behaviour
from support.processes import PATIENCE, wait_until
from support.short_leases import lease_constants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.sync.shared.report import RunReport
    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows

pytestmark = on_sqlite

LEASE = 4.0


@pytest.fixture(autouse=True)
def _short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in lease_constants(LEASE):
        monkeypatch.setattr(module, name, value)


def pipelines(stage: Stage) -> Sequence[Pipeline]:
    """The stage's configuration, loaded."""
    stage.installation.command()
    return resolve_pipelines(load(stage.installation.config).settings, ())


def test_a_slow_but_living_worker_is_not_rescued(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 11))
    stage.service.behave(Behaviour("hold"))
    with engine_in_thread(pipelines(stage), ledger.database.url) as slow:
        future = slow.run(RunOptions())
        stage.service.wait_held()
        first = ledger.leases_until()
        wait_until(lambda: ledger.now() > max(first), "the leases would be over")

        with open_ledger(ledger.database.url) as other:
            generation = other.generations.current("products")
            assert generation is not None
            assert other.work.claim(generation.id, worker_id="other", slot=1, limit=10) is None
            assert other.processes.acquire(["run:products"], "other") in ledger.workers()

        stage.service.release()
        assert future.result(PATIENCE).outcome is Outcome.OK
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


def test_a_daemon_whose_run_was_taken_over_goes_on_with_the_next(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 11))
    stage.service.behave(Behaviour("hold"))
    reports: list[RunReport] = []
    with engine_in_thread(pipelines(stage), ledger.database.url) as daemon:
        future = daemon.serve(0.2, reports.append)
        stage.service.wait_held()
        # As if it had been asleep for so long that another process took its place, and has finished.
        ledger.database.run("UPDATE embedconsole_leases SET owner = 'other', term = term + 1")
        wait_until(lambda: "another process has taken over the run" in ledger.told(), "it has noticed")
        stage.service.release()
        ledger.database.run("UPDATE embedconsole_leases SET owner = NULL, until = 0")
        wait_until(lambda: any(report.outcome is Outcome.OK for report in reports), "the next run")
        assert not future.done()
        daemon.drain()
        future.result(PATIENCE)
    assert_converged(stage, ledger)


def test_a_process_that_slept_through_its_leases_overwrites_nothing(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 11))
    stage.service.behave(Behaviour("hold_reply", times=1))
    awake = Event()
    with engine_in_thread(pipelines(stage), ledger.database.url) as sleeper:
        future = sleeper.run(RunOptions())
        stage.service.wait_held()
        # Its loop does nothing any more, as in a process that is stopped or a machine that is suspended.
        sleeper._portal.start_task_soon(awake.wait, PATIENCE)
        wait_until(lambda: ledger.now() > max(ledger.leases_until()), "the leases are over")
        stage.shop.edit(range(1, 11), title="Newer")
        assert stage.installation.sync().code == 0
        assert_converged(stage, ledger)
        written = stage.qdrant.requests("PUT .*/points")

        # It wakes up with the embeddings of the old texts in its hands.
        stage.service.release()
        awake.set()
        future.result(PATIENCE)

    assert stage.qdrant.requests("PUT .*/points") == written
    assert_converged(stage, ledger)
