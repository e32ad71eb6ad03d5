"""Three real Celery workers on a real broker and one ledger; one is killed in the middle.

In the normal suite with 1,500 items; `--soak N` or `-m soak` for 20,000, with Flower looking on.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal

import pytest

from crash.audit import audit
from embedconsole.celery.build import DRAIN, PLAN
from queued.flower import flower, tasks_seen
from support.celery_workers import celery_worker, own_queue
from support.embedding_service import Behaviour
from support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.celery_workers import Broker, CeleryWorker
    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows

PROCESSES = 3
WORKERS = 2
LONG = 120.0

soak = pytest.mark.soak


@pytest.mark.parametrize(
    ("database", "broker", "killed", "products"),
    [
        ("postgresql", "redis", "host", 1_500),
        ("mysql", "rabbitmq", "process", 1_500),
        pytest.param("postgresql", "redis", "host", 20_000, marks=soak),
        pytest.param("mysql", "redis", "process", 20_000, marks=soak),
    ],
    indirect=["database"],
)
def test_each_item_is_embedded_once_but_for_those_in_flight_at_the_dead(
    stage: Stage,
    ledger: LedgerRows,
    broker: Broker,
    killed: Literal["host", "process"],
    products: int,
    record_property: Callable[[str, object], None],
) -> None:
    settings = stage.installation.settings
    settings |= {"chunk_size": 50, "workers": WORKERS}
    settings["embedders"]["ml"] |= {"batch_size": 50, "concurrency": WORKERS}
    stage.shop.add(range(1, products + 1))
    stage.service.behave(Behaviour("hold_reply"))
    with ExitStack() as stack:
        app = stack.enter_context(own_queue(stage.installation, broker))
        watcher = stack.enter_context(flower(stage.installation)) if products > 10_000 else None
        workers = [
            stack.enter_context(celery_worker(stage.installation, f"worker{number}"))
            for number in range(PROCESSES)
        ]
        wait_until(lambda: len(ledger.workers()) == PROCESSES, "all are there before there is work", LONG)
        for _ in range(2):  # doubled, as a broker may
            app.send_task(PLAN, ("products",))
        # Each has as many requests under way as it may, all of them paid for.
        stage.service.wait_held(PROCESSES * WORKERS, timeout=LONG)
        assert len(ledger.batches()) == PROCESSES
        dead = workers.pop()
        with ledger.locked("embedconsole_items"):
            taken_over = held_by(ledger, dead)
            if killed == "host":
                dead.kill()
            else:
                dead.kill_child()
        assert taken_over > 0
        stage.service.release()

        wait_until(lambda: ledger.synced() == products, "the others have done it all", LONG)
        wait_until(lambda: ledger.in_flight() == 0, "what the dead one held is forgotten", LONG)
        app.send_task(DRAIN, ("products",))
        wait_until(
            lambda: any("nothing is scheduled" in one.log for one in (*workers, dead)),
            "a message too many ends",
            LONG,
        )
        seen = tasks_seen(watcher) if watcher is not None else {}
        for worker in workers:
            assert worker.stop() == 0
            assert "Traceback" not in worker.log
        if killed == "process":
            # Its parent has another one in its place, which got the message again.
            assert "WorkerLostError" in dead.log
            assert dead.stop() == 0
        assert ledger.workers() == set()

    found = audit(stage, ledger)
    assert found.clean, found
    stats = stage.service.stats()
    assert stats.items - products == stats.repeated <= taken_over
    assert max(stats.embeds.values()) <= 2
    plans = [run for run in ledger.runs() if run.kind == "plan"]
    assert 1 <= len(plans) <= 2
    if watcher is not None:
        assert seen[PLAN] >= 1
        assert seen[DRAIN] >= PROCESSES
    record_property(
        "soak report",
        f"{stage.shop.database.dialect}, {broker}: {PROCESSES} workers, {products:,} items, "
        f"one {killed} killed: "
        f"{stats.repeated} embeddings paid for again, {taken_over} items in flight at the dead; "
        f"Flower saw {seen}",
    )


def held_by(ledger: LedgerRows, worker: CeleryWorker) -> int:
    """Items in flight at a worker's processes."""
    return sum(count for name, count in ledger.batches().items() if worker.holds(name))
