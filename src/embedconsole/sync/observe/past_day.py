"""What was done in the last 24 hours, by all processes on the ledger."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

if TYPE_CHECKING:
    from embedconsole.ledger.records.history import Throughput
    from embedconsole.sync.run.engine import Engine

SECONDS = 86_400
STEP = 900
"""Seconds in a step; an hour's begin is a step's begin in every time zone."""


@dataclass(frozen=True, slots=True)
class PastDay:
    """The steps in which anything was done, oldest first, up to `until` (seconds since 1970)."""

    until: float
    steps: tuple[Throughput, ...]


async def past_day(engine: Engine, pipeline: str) -> PastDay:
    """Ask the ledger.

    Raises:
        Fault: it does not answer.
    """
    look = partial(engine.ledger.samples.throughput, pipeline, seconds=SECONDS, step=STEP)
    steps = await anyio.to_thread.run_sync(look)
    return PastDay(time.time(), tuple(steps))
