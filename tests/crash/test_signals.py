"""SIGTERM, SIGINT and SIGHUP: the first drains, the second stops at once, and nothing is lost either way."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from crash.converged import assert_converged, on_a_file_and_a_server, on_sqlite, paid_again
from embedconsole.cli.exits import LAST_SECONDS
from embedconsole.ledger.schema import metadata
from support.embedding_service import Behaviour
from support.processes import once, wait_until

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows

CODES = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129}
WORKERS = 4


@on_sqlite
@pytest.mark.parametrize("number", list(CODES), ids=lambda number: number.name)
def test_a_signal_drains(stage: Stage, ledger: LedgerRows, number: signal.Signals) -> None:
    stage.shop.add(range(1, 201))
    stage.service.behave(Behaviour("hold_reply"))
    with once(stage.installation) as program:
        stage.service.wait_held(WORKERS)
        program.interrupt(number)
        assert program.alive
        stage.service.release()
        ended = program.wait()

    # What was in flight was finished, and nothing more was begun.
    assert ended.code == CODES[number]
    assert ended.json["outcome"] == "interrupted"
    done = stage.points.ids()
    assert len(done) == ended.products["embedded"] == ledger.synced()
    assert stage.service.stats().items == len(done)
    assert WORKERS * 10 <= len(done) < 200
    assert ledger.claimed() == ledger.in_flight() == 0
    assert not ledger.workers()

    after = stage.installation.sync()

    assert after.code == 0, after.err
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


@on_a_file_and_a_server
def test_a_second_signal_gives_everything_back_at_once(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 101))
    stage.service.behave(Behaviour("hold_reply"))
    with once(stage.installation) as program:
        stage.service.wait_held(WORKERS)
        program.interrupt(signal.SIGTERM)
        assert ledger.claimed() > 0
        program.send(signal.SIGTERM)
        # The held replies never come.
        ended = program.wait()

    assert ended.code == 143
    assert ended.json["outcome"] == "interrupted"
    assert ledger.claimed() == ledger.in_flight() == 0
    assert not ledger.lease_holders()
    assert not ledger.workers()
    assert ledger.attempts() == 0
    assert stage.points.ids() == set()
    stage.service.release()

    after = stage.installation.sync()

    assert after.code == 0, after.err
    assert_converged(stage, ledger)


@on_sqlite
def test_a_second_signal_keeps_embeddings_that_are_paid_for(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 21))
    stage.qdrant.fail_next("hold", method="PUT", path="/points", count=2)
    with once(stage.installation) as program:
        stage.qdrant.wait_held(2, timeout=25)
        program.interrupt(signal.SIGTERM)
        program.send(signal.SIGTERM)
        assert program.wait().code == 143

    after = stage.installation.sync()

    assert after.code == 0, after.err
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


@on_a_file_and_a_server
def test_a_second_signal_ends_a_process_whose_ledger_has_stalled(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 101))
    stage.service.behave(Behaviour("hold_reply"))
    with once(stage.installation) as program:
        stage.service.wait_held(WORKERS)
        with ledger.locked(*(table for table in metadata.tables if table.startswith("embedconsole_"))):
            program.interrupt(signal.SIGTERM)
            program.send(signal.SIGTERM)
            began = time.monotonic()
            ended = program.wait()
            seconds = time.monotonic() - began
    assert ended.code == 143
    assert seconds < LAST_SECONDS + 5
    stage.service.release()

    after = stage.installation.sync()

    assert after.code == 0, after.err
    assert_converged(stage, ledger)


@on_sqlite
def test_a_signal_ends_the_wait_for_a_throttling_service(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 21))
    stage.service.behave(Behaviour("status", status=429, headers={"Retry-After": "500"}))
    with once(stage.installation) as program:
        wait_until(lambda: "429" in stage.service.stats().statuses, "a 429")
        program.send(signal.SIGTERM)
        ended = program.wait()

    assert ended.code == 143
    assert ledger.claimed() == 0
    assert ledger.attempts() == 0


@on_sqlite
def test_a_signal_ends_the_planning(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 2001))
    stage.installation.settings["pipelines"]["products"]["catalog"]["page_size"] = 20
    stage.service.behave(Behaviour("hold"))
    with once(stage.installation) as program:
        stage.service.wait_held()
        with ledger.locked("embedconsole_items"):
            assert ledger.known() < 2000
            program.send(signal.SIGTERM)
            program.wait_err("Finishing")
        stage.service.release()
        ended = program.wait()

    assert ended.code == 143
    assert ledger.known() < 2000
    assert ended.products["scanned"] < 2000

    after = stage.installation.sync("--chunk", "100")

    assert after.code == 0, after.err
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0
