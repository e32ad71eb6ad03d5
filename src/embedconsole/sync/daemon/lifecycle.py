"""An engine is opened with its ledger, the parts of its pipelines and its pulse, and closed with them."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.daemon.heartbeat import Heartbeat
from embedconsole.sync.observe.snapshots import WatchedEngine
from embedconsole.sync.resilience.background import alongside
from embedconsole.sync.run.components import open_components
from embedconsole.sync.run.embedder_tickets import LedgerTickets
from embedconsole.sync.run.process import this_worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.ledger.ledger import Ledger

_CLOSE_SECONDS = 10.0


@asynccontextmanager
async def open_engine(
    pipelines: Sequence[Pipeline], ledger_url: str, role: str = ""
) -> AsyncIterator[WatchedEngine]:
    """An engine for these pipelines that reports its status in the ledger, closed at the end.

    Args:
        role: What this process is: "console", "daemon", "once", "watch".

    Raises:
        ConfigError: a part can't be built as configured, or the ledger is of a newer version.
        Transient, Refused: the ledger does not answer, or not to us.
    """
    async with (
        _opened(ledger_url) as ledger,
        open_components(pipelines, LedgerTickets(ledger)) as all_components,
    ):
        engine = WatchedEngine(ledger=ledger, all_components=all_components, me=this_worker(role))
        pulse = Heartbeat(engine)
        try:
            async with alongside(pulse.keep):
                yield engine
        finally:
            with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
                await pulse.last()
            with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
                await anyio.to_thread.run_sync(_leave, engine)


@asynccontextmanager
async def _opened(ledger_url: str) -> AsyncIterator[Ledger]:
    ledger = await anyio.to_thread.run_sync(open_ledger, ledger_url)
    try:
        yield ledger
    finally:
        with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
            await anyio.to_thread.run_sync(ledger.close)


def _leave(engine: WatchedEngine) -> None:
    # Else found dead by the next process that looks, or forgotten after a day.
    with suppress(Fault):
        engine.ledger.processes.leave([engine.me.id])
