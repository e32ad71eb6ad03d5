"""Several processes on one ledger: one plans, all may work, and nobody embeds what another one has."""

from __future__ import annotations

import signal
from itertools import pairwise
from typing import TYPE_CHECKING

from crash.converged import assert_converged, on_a_file_and_a_server, on_sqlite, paid_again
from support.embedding_service import Behaviour
from support.processes import once, running, wait_until

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows

WORKERS = 4


# The load on every database is test_four_processes.py; who plans is one lease, on a file and on a server.
@on_a_file_and_a_server
def test_two_daemons_embed_each_item_once_and_never_plan_at_once(stage: Stage, ledger: LedgerRows) -> None:
    products = 600
    stage.shop.add(range(1, products + 1))
    stage.installation.settings["schedule"] = {"every": "3s"}
    stage.installation.settings["chunk_size"] = 50
    stage.installation.settings["embedders"]["ml"]["batch_size"] = 50
    stage.service.behave(Behaviour("hold"))
    with (
        running(stage.installation, "--headless", "--json") as one,
        running(stage.installation, "--headless", "--json") as other,
    ):
        # One has as many requests in flight as it may: the next one is the other's.
        stage.service.wait_held(WORKERS + 1)
        assert len(ledger.batches()) == 2
        assert len(planners(ledger)) == 1
        stage.service.release()
        wait_until(lambda: ledger.synced() == products, "all is in sync")
        # With the one that planned gone, the other one plans.
        leader = planners(ledger).pop()
        first, second = (one, other) if f":{one.pid}:" in leader else (other, one)
        first.send(signal.SIGTERM)
        assert first.wait().code == 143
        wait_until(lambda: len(planners(ledger)) == 2, "the other one takes over")
        second.send(signal.SIGTERM)
        assert second.wait().code == 143

    assert_converged(stage, ledger)
    assert paid_again(stage) == 0
    planned = [run for run in ledger.runs() if run.kind == "sync"]
    for earlier, later in pairwise(planned):
        assert earlier.ended_at is not None
        assert earlier.ended_at <= later.started_at, planned


def planners(ledger: LedgerRows) -> set[str]:
    """The processes that have begun a run with a plan."""
    return {run.worker for run in ledger.runs() if run.kind == "sync"}


@on_a_file_and_a_server
def test_the_second_of_two_overlapping_runs_touches_nothing(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 41))
    stage.service.behave(Behaviour("hold"))
    with once(stage.installation) as first:
        stage.service.wait_held(WORKERS)
        asked, seen, runs = stage.service.stats().requests, stage.qdrant.requests(), ledger.runs()

        second = stage.installation.sync()

        assert second.code == 4
        assert second.json["outcome"] == "skipped"
        assert "is already running it" in second.err
        assert stage.service.stats().requests == asked
        assert stage.qdrant.requests() == seen
        assert ledger.runs() == runs
        assert len(ledger.workers()) == 1
        stage.service.release()
        assert first.wait().code == 0
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


@on_sqlite
def test_a_second_run_waits_when_it_is_told_to(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 41))
    stage.service.behave(Behaviour("hold"))
    with once(stage.installation) as first:
        stage.service.wait_held(WORKERS)
        with once(stage.installation, "--overlap", "wait") as second:
            wait_until(lambda: len(ledger.workers()) == 2, "the second run is there")
            assert len(ledger.runs()) == 1
            stage.shop.edit([1], title="Edited while the second run waits")
            stage.service.release()
            assert first.wait().code == 0
            after = second.wait()

    assert after.code == 0, after.err
    assert after.products["embedded"] == 1
    assert_converged(stage, ledger)


@on_sqlite
def test_a_run_that_waits_for_another_can_be_interrupted(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 11))
    stage.service.behave(Behaviour("hold"))
    with once(stage.installation) as first:
        stage.service.wait_held()
        with once(stage.installation, "--overlap", "wait") as second:
            wait_until(lambda: len(ledger.workers()) == 2, "the second run is there")
            second.send(signal.SIGTERM)
            assert second.wait().code in (4, 143)
        stage.service.release()
        assert first.wait().code == 0
    assert_converged(stage, ledger)


@on_sqlite
def test_a_process_that_is_stopped_is_not_dead(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 41))
    stage.service.behave(Behaviour("hold"))
    with once(stage.installation) as holder:
        stage.service.wait_held(WORKERS)
        # Not while it writes: SQLite would wait for it, and rightly so.
        with ledger.locked("embedconsole_items"):
            holder.freeze()
        held = ledger.claimed()

        assert stage.installation.sync().code == 4

        assert ledger.claimed() == held > 0
        holder.send(signal.SIGCONT)
        stage.service.release()
        assert holder.wait().code == 0
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0
