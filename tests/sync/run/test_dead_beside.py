"""A process that dies while another one runs: what it held is taken back before its leases are over."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.run import engine
from embedconsole.sync.run.process import this_worker
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome, RunReport
from support.processes import wait_until
from sync.driving import LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.run.engine import Engine
    from sync.rig import HeldEmbedder, MemoryCollection


@pytest.fixture
def neighbour() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


async def helping(one: Engine) -> RunReport:
    return await one.help()


@pytest.mark.parametrize("plans", [True, False])
def test_what_it_held_is_worked_on_by_whoever_is_at_work(
    handle: EngineHandle,
    embedder: HeldEmbedder,
    collection: MemoryCollection,
    neighbour: subprocess.Popen[bytes],
    ledger_url: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    plans: bool,
) -> None:
    monkeypatch.setattr(engine, "_BURY_EVERY", 0.1)
    if not plans:
        handle.run(RunOptions(limit=0)).result(timeout=LIMIT)
    running: Future[RunReport] = handle.run(RunOptions()) if plans else handle.call(helping)
    assert embedder.wait_for(lambda: embedder.inside == 2)
    them = replace(this_worker(), id="neighbour", pid=neighbour.pid)
    with open_ledger(ledger_url) as ledger:
        generation = ledger.generations.current("products")
        assert generation is not None
        ledger.processes.announce(them)
        held = ledger.work.claim(
            generation.id, worker_id=them.id, slot=1, limit=4, at_least=1, suspects=False
        )
        assert held is not None
        assert len(held.items) == 4
    embedder.go.set()
    wait_until(lambda: len(collection.points) == 16, "all but what the other one holds is written")
    assert not running.done()

    neighbour.kill()
    neighbour.wait()

    # Far less than the 90 seconds of its lease.
    report = running.result(timeout=30).pipelines["products"]
    assert (report.outcome, report.embedded, report.pending) == (Outcome.OK, 20, 0)
