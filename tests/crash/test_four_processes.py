"""Four processes share the work; one is killed, one is stopped past its leases and goes on.

In the normal suite with 2,000 items; `--soak N` or `-m soak` for 20,000.
"""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from crash.converged import assert_converged
from support.embedding_service import Behaviour
from support.processes import running, wait_until
from support.short_leases import short_leases

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows
    from support.processes import Running

PROCESSES = 4
WORKERS = 2
LEASE = 8.0
LONG = 300.0


@pytest.mark.parametrize("products", [2_000, pytest.param(20_000, marks=pytest.mark.soak)])
def test_each_item_is_embedded_once_but_for_those_in_flight_at_the_dead_and_the_stopped(
    stage: Stage, ledger: LedgerRows, products: int, record_property: Callable[[str, object], None]
) -> None:
    settings = stage.installation.settings
    settings |= {"schedule": {"every": "1h"}, "chunk_size": 50, "workers": WORKERS}
    settings["embedders"]["ml"] |= {"batch_size": 50, "concurrency": WORKERS}
    stage.installation.environment.update(short_leases(LEASE))
    stage.shop.add(range(1, products + 1))
    stage.service.behave(Behaviour("hold_reply"))
    with ExitStack() as stack:
        start = [stack.enter_context(running(stage.installation, "--headless")) for _ in range(PROCESSES)]
        # Each has as many requests under way as it may, all of them paid for.
        stage.service.wait_held(PROCESSES * WORKERS, timeout=60)
        assert len(ledger.batches()) == PROCESSES
        leader, dead, stopped, last = by_leader(start, ledger)
        with ledger.locked("embedconsole_items"):
            # Not while it writes: SQLite would wait for it, and rightly so.
            dead.kill()
            stopped.freeze()
        taken_over = held_by(ledger, dead) + held_by(ledger, stopped)
        assert taken_over > 0
        stage.service.release()

        wait_until(lambda: ledger.synced() == products, "the others have done it all", LONG)
        written = stage.qdrant.requests("PUT .*/points$")
        stopped.send(signal.SIGCONT)
        wait_until(lambda: "was taken over by another worker" in ledger.told(), "it sees that it is late")
        wait_until(lambda: ledger.in_flight() == 0, "what the dead one held is forgotten")
        for program in (leader, stopped, last):
            program.send(signal.SIGTERM)
            ended = program.wait()
            assert ended.code == 143, ended
            assert "Traceback" not in ended.err

    assert stage.qdrant.requests("PUT .*/points$") == written
    assert_converged(stage, ledger)
    stats = stage.service.stats()
    assert stats.items - products == stats.repeated <= taken_over
    # One that the dead held may have been taken over by the one that is stopped then.
    assert max(stats.embeds.values()) <= 3
    record_property(
        "soak report",
        f"{stage.shop.database.dialect}: {PROCESSES} processes, {products:,} items, one killed, one stopped:"
        f" {stats.repeated} embeddings paid for again, {taken_over} items in flight at the two",
    )


def by_leader(programs: list[Running], ledger: LedgerRows) -> list[Running]:
    """The programs, the one that runs the pipeline first."""
    (leader,) = ledger.lease_holders()
    return sorted(programs, key=lambda program: f":{program.pid}:" not in leader)


def held_by(ledger: LedgerRows, program: Running) -> int:
    """Items in flight at a process."""
    return sum(count for worker, count in ledger.batches().items() if f":{program.pid}:" in worker)
