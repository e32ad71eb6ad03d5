"""What an open engine tells the ledger while it lives, run or no run: that it is there, and samples."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import Fault
from embedconsole.sync.daemon.sampler import Sampler
from embedconsole.sync.resilience.gate import GateState
from embedconsole.sync.shared.journal import log

if TYPE_CHECKING:
    from embedconsole.sync.observe.snapshots import WatchedEngine

TICK = 0.5
BEAT_BUSY, BEAT_IDLE = 2.0, 15.0
SAMPLE_BUSY, SAMPLE_IDLE = 15.0, 300.0
SAMPLE_TURN = 2.0
"""Seconds between two samples at least, however often the state turns."""


@dataclass(slots=True)
class Heartbeat:
    """Heartbeat and samples of one engine. Nothing waits for it, and its faults are only logged."""

    engine: WatchedEngine
    _sampler: Sampler = field(init=False)
    _beat_at: float = 0.0
    _sample_at: float = 0.0
    _sampled_at: float = 0.0
    _was: object = None
    _turn: object = None
    _turned: bool = False

    def __post_init__(self) -> None:
        self._sampler = Sampler(self.engine)
        self._sample_at = time.monotonic() + SAMPLE_BUSY
        self._turn = _turn(self.engine)

    async def keep(self) -> None:
        """Go on until cancelled."""
        while True:
            await self._tick()
            await anyio.sleep(TICK)

    async def last(self) -> None:
        """Tell what was done since the last sample."""
        if self.engine.tally.done:
            await self._sample(SAMPLE_BUSY)

    async def _tick(self) -> None:
        engine, now = self.engine, time.monotonic()
        # A change is written at once: other processes may show this one.
        news = (engine.running, engine.control.paused_by, dict(engine.next_runs), engine.serves)
        turn = _turn(engine)
        self._turned, self._turn = self._turned or turn != self._turn, turn
        if news != self._was or now >= self._beat_at:
            self._was = news
            self._beat_at = now + (BEAT_BUSY if engine.busy else BEAT_IDLE)
            await self._beat()
        turned = self._turned and now >= self._sampled_at + SAMPLE_TURN
        if turned or now >= self._sample_at:
            every = SAMPLE_BUSY if engine.busy else SAMPLE_IDLE
            self._sampled_at, self._sample_at = now, now + every
            # A replay needs the moment in which it happened, even if another picture was taken just before.
            if await self._sample(0.0 if turned else every):
                self._turned = False
        elif engine.busy:
            self._sample_at = min(self._sample_at, now + SAMPLE_BUSY)

    async def _beat(self) -> None:
        try:
            await self.engine.announce()
        except Fault as fault:
            log.debug("no heartbeat: %s", fault)

    async def _sample(self, picture_every: float) -> bool:
        try:
            await self._sampler.take(picture_every)
        except Fault as fault:
            log.debug("no sample: %s", fault)
            return False
        return True


def _turn(engine: WatchedEngine) -> object:
    """What makes an incident visible: a run, a pause, a breaker, or the silence of the ledger."""
    snapshot = engine.snapshot()
    away = {
        one.name
        for view in snapshot.pipelines
        for one in view.dependencies
        if one.state in (GateState.OPEN, GateState.PROBING)
    }
    return engine.running, engine.control.paused, engine.control.draining, away, snapshot.ledger.fault is None
