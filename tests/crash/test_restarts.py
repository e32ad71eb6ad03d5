"""Qdrant, the embedder or the ledger's server goes away in the middle of a run and comes back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from crash.converged import assert_converged, on_servers, on_sqlite, paid_again
from support.embedding_service import Behaviour
from support.processes import once, wait_until

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows
    from support.processes import Running
    from support.qdrant_server import QdrantServer

WORKERS = 4


@pytest.fixture
def qdrant(own_qdrant: QdrantServer) -> QdrantServer:
    """The stage's server may be stopped here."""
    return own_qdrant


@on_sqlite
@pytest.mark.parametrize("applied", [False, True], ids=["before the write", "after the write"])
def test_qdrant_is_killed_in_the_middle(stage: Stage, ledger: LedgerRows, *, applied: bool) -> None:
    stage.shop.add(range(1, 101))
    stage.qdrant.fail_next("hold", method="PUT", path="/points", count=WORKERS, applied=applied)
    with once(stage.installation) as program:
        stage.qdrant.wait_held(WORKERS, timeout=25)
        stage.qdrant.kill()
        stage.qdrant.start()
        ended = program.wait(120)

    assert ended.code == 0, ended.err
    assert_converged(stage, ledger)
    # What Qdrant could not take was kept.
    assert paid_again(stage) == 0
    assert ended.products["failed"] == 0


@on_sqlite
def test_the_confirmation_that_the_collection_was_made_is_lost(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 11))
    stage.qdrant.fail_next("drop", method="PUT", path=r"/collections/[^/?]+(\?|$)", applied=True)

    done = stage.installation.sync()

    assert done.code == 0, done.err
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


@on_sqlite
def test_the_embedder_is_killed_in_the_middle(stage: Stage, ledger: LedgerRows) -> None:
    stage.installation.settings["retry"]["attempts"] = 1
    stage.shop.add(range(1, 101))
    stage.service.behave(Behaviour("hold_reply", after=1))
    with once(stage.installation) as program:
        stage.service.wait_held(WORKERS)
        stage.service.kill()
        stage.service.start()
        ended = program.wait(120)

    assert ended.code == 0, ended.err
    assert_converged(stage, ledger)
    assert paid_again(stage) <= WORKERS * 10
    assert ended.products["failed"] == 0


@on_servers
def test_the_ledger_cuts_the_connections_of_batches_that_settle(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 101))
    stage.service.behave(Behaviour("hold_reply"))
    with once(stage.installation) as program:
        stage.service.wait_held(WORKERS)
        with ledger.locked("embedconsole_items"):
            stage.service.release()
            wait_until(lambda: ledger.blocked() > 0, "a statement waits for the lock")
            assert ledger.cut_connections(blocked=True) > 0
        ended = program.wait(120)

    assert ended.code == 0, ended.err
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


@on_servers
def test_the_ledger_cuts_connections_again_and_again(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 301))
    cuts = 0
    with once(stage.installation) as program:
        wait_until(partial(has_gone_on, program, ledger, 0), "the work has begun")
        while program.alive and cuts < 5:
            before = ledger.synced()
            ledger.cut_connections()
            cuts += 1
            wait_until(partial(has_gone_on, program, ledger, before), "it goes on, or ends")
        ended = program.wait(120)
    assert cuts > 0
    assert ended.code in (0, 3), ended.err
    assert "Traceback" not in ended.err

    after = stage.installation.sync()

    assert after.code == 0, after.err
    assert_converged(stage, ledger)


def has_gone_on(program: Running, ledger: LedgerRows, synced: int) -> bool:
    """Whether more is in sync than before, or the program has ended."""
    return not program.alive or ledger.synced() > synced
