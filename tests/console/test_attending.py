"""The schedule with somebody at the controls, on an engine that is only played."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import anyio
import pytest

from embedconsole.console.attending import Attendance
from embedconsole.faults import ConfigError
from embedconsole.sync.control import Control
from embedconsole.sync.progress import RunReport

if TYPE_CHECKING:
    from embedconsole.sync.engine import Engine
    from embedconsole.sync.run import RunOptions

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The engine's."""
    return "asyncio"


@dataclass
class PlayedEngine:
    """Runs for as long as it is told to.

    Attributes:
        began: A kind for each run that began, as it comes.
    """

    control: Control = field(default_factory=Control)
    assemblies: tuple[()] = ()
    next_run: float | None = None
    kinds: list[str] = field(default_factory=list)
    busy: bool = False
    error: ConfigError | None = None
    go_on: anyio.Event = field(default_factory=anyio.Event)
    changed: anyio.Condition = field(default_factory=anyio.Condition)

    async def run(self, options: RunOptions, *, kind: str = "sync") -> RunReport:
        async with self.changed:
            self.kinds.append(kind)
            self.changed.notify_all()
        if self.error is not None:
            raise self.error
        self.busy = True
        await self.go_on.wait()
        self.busy = False
        return RunReport(len(self.kinds))

    async def bury_the_dead(self) -> None:
        """Nobody is dead."""

    async def began(self, *kinds: str) -> None:
        """Wait until these runs have begun."""
        with anyio.fail_after(30):
            async with self.changed:
                while tuple(self.kinds) != kinds:
                    await self.changed.wait()


@pytest.fixture
def engine() -> PlayedEngine:
    """An engine."""
    return PlayedEngine()


async def test_a_run_asked_for_follows_the_one_that_is_going_on(engine: PlayedEngine) -> None:
    attendance = Attendance(cast("Engine", engine), 3600.0)
    async with anyio.create_task_group() as group:
        group.start_soon(attendance.attend)
        await engine.began("sync")
        attendance.ask(force=True)
        assert engine.kinds == ["sync"]

        engine.go_on.set()
        # The forced one, and the schedule begins again.
        await engine.began("sync", "force", "sync")
        engine.control.drain()


async def test_a_run_asked_for_during_a_forced_one_is_not_forgotten(engine: PlayedEngine) -> None:
    attendance = Attendance(cast("Engine", engine), 3600.0)
    attendance.ask(force=True)
    async with anyio.create_task_group() as group:
        group.start_soon(attendance.attend)
        await engine.began("force")
        attendance.ask(force=True)
        engine.go_on.set()
        with anyio.fail_after(30):
            async with engine.changed:
                while engine.kinds.count("force") < 2:
                    await engine.changed.wait()
        engine.control.drain()


async def test_a_configuration_that_cant_run_waits_for_the_operator(engine: PlayedEngine) -> None:
    attendance = Attendance(cast("Engine", engine), 3600.0)
    engine.error = ConfigError("no column 'nope'")
    async with anyio.create_task_group() as group:
        group.start_soon(attendance.attend)
        await engine.began("sync")
        await anyio.wait_all_tasks_blocked()
        assert attendance.halted == "no column 'nope'"
        assert engine.kinds == ["sync"]

        engine.error = None
        engine.go_on.set()
        attendance.ask(force=False)
        await engine.began("sync", "sync")
        await anyio.wait_all_tasks_blocked()
        assert attendance.halted is None
        engine.control.drain()
