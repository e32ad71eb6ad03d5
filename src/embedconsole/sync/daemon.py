"""The daemon: a run every so often, and between runs whatever becomes due."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import Fault
from embedconsole.sync.generation import current_generation
from embedconsole.sync.journal import log
from embedconsole.sync.progress import Outcome
from embedconsole.sync.run import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.sync.engine import Engine
    from embedconsole.sync.progress import RunReport

_LOOK_EVERY = 2.0
_CALM_DOWN = 60.0


async def serve(engine: Engine, every: float, on_report: Callable[[RunReport], None]) -> None:
    """Run the pipelines every `every` seconds until the engine is drained.

    Where another process holds a run, this one helps with the work and leaves the planning to it. Work that
    becomes due between runs (retries, what another process left) is taken up as it comes.

    Args:
        on_report: Told how each scheduled run ended; called in the engine's loop.
    """
    while not engine.control.draining:
        began = time.monotonic()
        engine.next_run = None
        report = await engine.run(RunOptions(patient=True))
        on_report(report)
        engine.next_run = began + every
        await _between_runs(engine, engine.next_run, _calm_until(engine, report))


async def _between_runs(engine: Engine, until: float, calm_until: float) -> None:
    while await _wait_a_little(engine, until):
        if engine.control.paused or time.monotonic() < calm_until:
            continue
        if await _something_due(engine):
            calm_until = _calm_until(engine, await engine.help())


def _calm_until(engine: Engine, report: RunReport) -> float:
    """Until when to leave alone what is due after a run that ended like this."""
    if engine.control.cancelled:
        # The operator wants it to rest, and not to be taken up again in a second.
        return math.inf
    # What refused us will do so again at once: give the operator time to mend it.
    return time.monotonic() + _CALM_DOWN if report.outcome is Outcome.ABORTED else 0.0


async def _wait_a_little(engine: Engine, until: float) -> bool:
    """Wait for the next look; False when it is time for the next run, or to go."""
    left = until - time.monotonic()
    with anyio.move_on_after(max(0.0, min(_LOOK_EVERY, left))):
        await engine.control.drained.wait()
    return left > _LOOK_EVERY and not engine.control.draining


async def _something_due(engine: Engine) -> bool:
    try:
        await engine.bury_the_dead()
        for assembly in engine.assemblies:
            generation = await anyio.to_thread.run_sync(current_generation, assembly, engine.ledger)
            if generation is None:
                continue
            wait = await anyio.to_thread.run_sync(engine.ledger.overview.next_due, generation.id)
            if wait == 0.0:
                return True
    except Fault as fault:
        log.warning("%s", fault)
    return False
