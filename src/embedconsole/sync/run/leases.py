"""The lease on a run: one process at a time runs a pipeline, and another takes over when it is gone."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

import anyio
import anyio.to_thread

from embedconsole.faults import Fault, Transient
from embedconsole.sync.resilience.background import alongside

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from embedconsole.ledger.hosts.processes import Processes
    from embedconsole.ledger.records.processes import Lease
    from embedconsole.sync.shared.control import Control

_KEEP_LEASE_EVERY = 15.0
_CLOSE_SECONDS = 10.0

Overlap: TypeAlias = Literal["skip", "wait"]


def run_lease(pipeline: str) -> str:
    """The name of the lease on the run of a pipeline."""
    return f"run:{pipeline}"


class TakenOver(Transient):
    """This process was away for so long that another one has the run now."""


@dataclass(frozen=True, slots=True)
class RunLeases:
    """The leases of one process on the runs of its pipelines.

    Args:
        owner: Who we are.
        announce: Tells the ledger that we are here.
        bury_the_dead: Takes back what dead processes hold.
        taken_over: Told of the pipelines whose lease is lost.
        missed: Told when the ledger could not be asked.
    """

    processes: Processes
    owner: str
    control: Control
    announce: Callable[[], Awaitable[None]]
    bury_the_dead: Callable[[], Awaitable[None]]
    taken_over: Callable[[Sequence[str]], None]
    missed: Callable[[Fault], None]
    _held: set[str] = field(default_factory=set)

    @asynccontextmanager
    async def held(self, pipelines: Sequence[str], overlap: Overlap) -> AsyncIterator[str | None]:
        """Hold the leases of these pipelines; gives the holder when another process has one of them.

        Within a block that holds them, this is another name for that block.
        """
        if self._held.issuperset(pipelines):
            yield None
            return
        held = await self._acquire([run_lease(name) for name in pipelines], overlap)
        if isinstance(held, str):
            yield held
            return
        self._held.update(pipelines)
        try:
            async with alongside(partial(self._keep, held, pipelines)):
                yield None
        finally:
            self._held.difference_update(pipelines)
            with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
                await self._give_up(held)

    async def _acquire(self, names: Sequence[str], overlap: Overlap) -> Sequence[Lease] | str:
        await self.announce()
        while True:
            await self.bury_the_dead()
            held = await anyio.to_thread.run_sync(self.processes.acquire, names, self.owner)
            if not isinstance(held, str) or overlap == "skip" or self.control.draining:
                return held
            with anyio.move_on_after(1.0):
                await self.control.drained.wait()

    async def _keep(self, held: Sequence[Lease], pipelines: Sequence[str]) -> None:
        """Extend the leases; when one is lost, another process has taken over, and this run ends."""
        while True:
            await anyio.sleep(_KEEP_LEASE_EVERY)
            try:
                await self.announce()
                if not await anyio.to_thread.run_sync(self.processes.extend, held):
                    self.taken_over(pipelines)
            except Fault as fault:
                self.missed(fault)

    async def _give_up(self, held: Sequence[Lease]) -> None:
        try:
            await anyio.to_thread.run_sync(self.processes.release, held)
        except Fault as fault:
            # They run out by themselves.
            self.missed(fault)
