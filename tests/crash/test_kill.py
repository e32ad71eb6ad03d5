"""kill -9 at the worst moments: the next run, right afterwards, makes everything true again."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from crash.converged import assert_converged, on_servers, on_sqlite, paid_again
from support.processes import once, wait_until

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows

# Far less than the 90 seconds of a lease: who waits for the dead process's leases fails.
AT_ONCE = 60.0
HELD = 4  # as many as the configuration has workers


# All workers at once, on a file; test_rounds.py deals such kills out to the servers too.
@on_sqlite
def test_killed_between_the_embedder_and_qdrant(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 101))
    stage.qdrant.fail_next("hold", method="PUT", path="/points", count=HELD)
    with once(stage.installation) as program:
        stage.qdrant.wait_held(HELD, timeout=25)
        program.kill()
    in_flight = ledger.in_flight()

    after = stage.installation.sync(timeout=AT_ONCE)

    assert after.code == 0, after.err
    assert_converged(stage, ledger)
    assert HELD * 10 <= paid_again(stage) <= in_flight


@on_sqlite
def test_killed_between_qdrant_and_the_ledger(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 101))
    stage.qdrant.fail_next("hold", method="PUT", path="/points", count=HELD, applied=True)
    with once(stage.installation) as program:
        stage.qdrant.wait_held(HELD, timeout=25)
        program.kill()
    in_flight = ledger.in_flight()
    assert len(stage.points.ids()) > ledger.synced()

    after = stage.installation.sync(timeout=AT_ONCE)

    assert after.code == 0, after.err
    assert_converged(stage, ledger)
    assert HELD * 10 <= paid_again(stage) <= in_flight


@on_sqlite
def test_killed_while_it_deletes(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 101))
    assert stage.installation.sync().code == 0
    stage.shop.delete(range(1, 11))
    stage.qdrant.fail_next("hold", method="POST", path="/points/delete", applied=True)
    with once(stage.installation) as program:
        stage.qdrant.wait_held(1, timeout=25)
        program.kill()
    assert ledger.known() == 100

    after = stage.installation.sync(timeout=AT_ONCE)

    assert after.code == 0, after.err
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


@on_servers
def test_killed_in_the_middle_of_a_claim(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 101))
    assert stage.installation.sync("--limit", "10").code == 1
    with ledger.locked("embedconsole_batches"), once(stage.installation) as program:
        # Items are locked, and the batch can't be entered.
        wait_until(lambda: ledger.blocked() > 0, "a claim waits for the lock")
        program.kill()

    after = stage.installation.sync(timeout=AT_ONCE)

    assert after.code == 0, after.err
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


# On a file; test_rounds.py kills between the pages of a plan on the servers too.
@on_sqlite
def test_killed_while_it_plans(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, 2001))
    stage.installation.settings["pipelines"]["products"]["catalog"]["page_size"] = 20
    with once(stage.installation) as program:
        wait_until(lambda: ledger.known() > 0, "the first page is planned")
        with ledger.locked("embedconsole_items"):
            planned = ledger.known()
            program.kill()
    assert 0 < planned < 2000
    in_flight = ledger.in_flight()
    stage.installation.settings["chunk_size"] = 100

    after = stage.installation.sync(timeout=AT_ONCE)

    assert after.code == 0, after.err
    assert_converged(stage, ledger)
    assert paid_again(stage) <= in_flight


@on_sqlite
def test_killed_again_and_again_at_any_moment(stage: Stage, ledger: LedgerRows) -> None:
    chance = random.Random(1)
    stage.shop.add(range(1, 201))
    in_flight = 0
    for kills in range(1, 5):
        enough = stage.service.stats().requests + chance.randrange(1, 5)
        with once(stage.installation) as program:
            wait_until(partial(has_served, stage, enough), "the embedder has had some requests")
            program.kill()
        in_flight += ledger.in_flight()
        stage.shop.edit([kills], title=f"Edited after kill {kills}")

    after = stage.installation.sync(timeout=AT_ONCE)

    assert after.code == 0, after.err
    assert_converged(stage, ledger)
    edits = 4
    assert sum(stage.service.stats().embeds.values()) <= 200 + in_flight + edits


def has_served(stage: Stage, count: int) -> bool:
    """Whether the embedder has had so many requests."""
    return stage.service.stats().requests >= count
