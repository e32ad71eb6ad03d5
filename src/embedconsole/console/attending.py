"""The daemon's schedule with somebody at the controls; runs in the engine's loop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import ConfigError, Fault
from embedconsole.sync.daemon import serve
from embedconsole.sync.run import RunOptions

if TYPE_CHECKING:
    from embedconsole.sync.engine import Engine
    from embedconsole.sync.progress import RunReport

_LOOK_EVERY = 0.2
_TRY_AGAIN = 60.0


@dataclass(slots=True)
class Attendance:
    """Serves the schedule, and runs when asked to.

    A run that is asked for while another is going on follows it: nothing in flight is given up for it.

    Attributes:
        every: Seconds between scheduled runs.
        halted: Why nothing runs any more until somebody asks: a configuration that can't be used.
    """

    engine: Engine
    every: float
    halted: str | None = None
    _asked: anyio.Event = field(default_factory=anyio.Event)
    _force: bool = False

    def ask(self, *, force: bool) -> None:
        """Have a run as soon as may be; call it in the engine's loop."""
        self._force = self._force or force
        self._asked.set()

    async def attend(self) -> None:
        """Serve until the engine is drained."""
        while not self.engine.control.draining:
            try:
                await self._serve()
            except (ConfigError, Fault, ExceptionGroup) as error:
                known = _outside(error)
                if known is None:
                    raise
                self.halted = str(known)
                # Only the operator can mend a configuration; the world may mend itself.
                patience = math.inf if isinstance(known, ConfigError) else _TRY_AGAIN
                await self._asked_or_drained(patience)

    async def _serve(self) -> None:
        # Whoever asks from now on, be it during the forced run, is heard after it.
        force, self._force, self._asked = self._force, False, anyio.Event()
        if force:
            await self.engine.run(RunOptions(force=True, patient=True), kind="force")
        async with anyio.create_task_group() as group:
            group.start_soon(self._end_when_asked, group.cancel_scope)
            # The schedule begins with a run, so to serve anew is to run now.
            await serve(self.engine, self.every, self._reported)
            group.cancel_scope.cancel()

    async def _end_when_asked(self, scope: anyio.CancelScope) -> None:
        """Leave the schedule once somebody has asked and no run is going on any more."""
        await self._asked.wait()
        while self.engine.busy:  # noqa: ASYNC110 - the engine has no event for the end of a run
            await anyio.sleep(_LOOK_EVERY)
        if not self.engine.control.draining:
            scope.cancel()

    async def _asked_or_drained(self, patience: float) -> None:
        with anyio.move_on_after(patience):
            await self._first_of_both()

    async def _first_of_both(self) -> None:
        async with anyio.create_task_group() as group:
            for event in (self._asked, self.engine.control.drained):
                group.start_soon(_wait_then_cancel, event, group.cancel_scope)

    def _reported(self, report: RunReport) -> None:
        self.halted = None


async def _wait_then_cancel(event: anyio.Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()


def _outside(error: BaseException) -> ConfigError | Fault | None:
    """What the outside world or the configuration did wrong; None when the fault is our own."""
    if isinstance(error, (ConfigError, Fault)):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [_outside(inner) for inner in error.exceptions]
        return found[0] if all(inner is not None for inner in found) else None
    return None
