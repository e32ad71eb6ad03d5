"""A past moment, and how it is asked for; it is read out of the ledger by `replaying`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.ledger.records.history import Throughput
    from embedconsole.sync.observe.snapshot import Snapshot
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


TREND = 600.0
TREND_STEP = 30.0
"""Seconds before the moment of which is told how much was done, and the steps: twice what a sample covers."""


@dataclass(frozen=True, slots=True)
class Seek:
    """Which moment is wanted, in seconds since 1970.

    The latest one that is kept up to `until`; when that is not beyond `beyond`, the first one beyond.
    """

    until: float
    beyond: float = 0.0


@dataclass(frozen=True, slots=True)
class Replayed:
    """A past moment.

    Attributes:
        at: When it was, in seconds since 1970 by the database's clock.
        pipeline: Whose pictures were gone by.
        snapshot: All its times are in seconds since 1970. A pipeline without a picture of about that moment
            has nothing known of it; of very many batches only the first are there.
        batches: Pipeline to how many batches there were.
        trend: What was done in the steps before the moment, oldest first; empty steps left out.
    """

    at: float
    pipeline: str
    snapshot: Snapshot
    batches: Mapping[str, int]
    trend: tuple[Throughput, ...] = ()

    @property
    def known(self) -> bool:
        """Whether it was counted then."""
        return any(view.name == self.pipeline and view.counts is not None for view in self.snapshot.pipelines)


async def look_back(engine: Engine, *, pipeline: str, seek: Seek) -> Replayed | None:
    """As `replayed`, for the pipelines of an engine.

    Raises:
        Fault: the ledger does not answer.
    """
    # It brings SQLAlchemy: the console draws its first picture without.
    from embedconsole.sync.observe.replaying import replayed

    collections = {assembly.pipeline.name: assembly.target for assembly in engine.assemblies}
    return await anyio.to_thread.run_sync(partial(replayed, engine.ledger, collections, pipeline, seek))
