"""What this process tells in samples: how much it did since the last one, and now and then the whole."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.ledger.records.history import Sample
from embedconsole.sync.observe.snapshot_json import picture_of
from embedconsole.sync.shared.report import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.items import JsonObject
    from embedconsole.sync.observe.snapshots import WatchedEngine

_STALE = 5.0
"""Seconds after which what the ledger said is asked again for a picture."""

_PATIENCE = 5.0
"""Seconds that a collection has to tell what it looks like."""

_REST = 50
"""Counting a huge ledger takes a while: rest so many times as long before counting for a picture again."""


@dataclass(slots=True)
class Sampler:
    """Takes this process's samples; what the ledger did not take is in the next one."""

    engine: WatchedEngine
    _told: Tally = field(default_factory=Tally)
    _rest_until: float = 0.0

    async def take(self, picture_every: float) -> None:
        """Take samples where there is something to tell.

        Args:
            picture_every: Seconds; whichever process finds the latest picture older takes the next one.
                With 0 it is taken at once, with the counts there are while counting rests.

        Raises:
            Fault: the ledger does not answer.
        """
        engine = self.engine
        names = [components.pipeline.name for components in engine.all_components]
        now = engine.tally
        pictures: Mapping[str, JsonObject] = {}
        # Who neither serves nor has done anything is only looking, or about to end.
        if (engine.serves or now.done != self._told.done) and (picture_every == 0 or not self._rests):
            ages = await anyio.to_thread.run_sync(engine.ledger.samples.picture_ages, names)
            due = [name for name in names if ages.get(name, picture_every) >= picture_every]
            pictures = await self._pictures(due) if due else {}
        samples = [
            Sample(
                name,
                now.of(name).done - self._told.of(name).done,
                now.of(name).newly_failed - self._told.of(name).newly_failed,
                pictures.get(name),
            )
            for name in names
        ]
        notification = [sample for sample in samples if sample.done or sample.picture is not None]
        if notification:
            await anyio.to_thread.run_sync(partial(engine.ledger.samples.add, engine.me.id, notification))
        self._told = now

    async def _pictures(self, names: list[str]) -> dict[str, JsonObject]:
        engine, began = self.engine, time.monotonic()
        if not (self._rests or engine.counted_since(began - _STALE)):
            await engine.count()
            self._rest_until = time.monotonic() + _REST * (time.monotonic() - began)
        if engine.serves and self._may_ask_collections():
            # A process that is about to end does not wait, and a heartbeat must not wait long.
            with anyio.move_on_after(_PATIENCE):
                await engine.describe()
        snapshot = engine.snapshot()
        return {view.name: picture_of(view, snapshot) for view in snapshot.pipelines if view.name in names}

    @property
    def _rests(self) -> bool:
        return time.monotonic() < self._rest_until

    def _may_ask_collections(self) -> bool:
        # An embedded one belongs to one process at a time: it is not opened only to look at it.
        tally = self.engine.tally
        return all(
            components.pipeline.collection.path is None or tally.of(components.pipeline.name).done > 0
            for components in self.engine.all_components
        )
