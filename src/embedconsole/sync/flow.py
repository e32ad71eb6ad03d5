"""Flow control towards one dependency: turns, cool-downs, a breaker. All calls to it share one gate."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import anyio

from embedconsole.faults import Fault, Throttled, Transient, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from embedconsole.config.model import RetryConfig

T = TypeVar("T")

FAILURES_TO_OPEN = 3
"""Batch-wide failures in a row that open the breaker."""

_FIRST_COOL_DOWN = 2.0
_LONGEST_COOL_DOWN = 300.0
_PATIENCE = 600.0
_PROBES_OF_ONE_RUN = 4


class GateState(StrEnum):
    """What a gate lets through."""

    CLOSED = "ok"
    COOLING = "waiting for 429"
    OPEN = "breaker open"
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class Health:
    """A dependency's state for those who watch; `since` and `until` on the monotonic clock."""

    name: str
    state: GateState
    since: float
    until: float | None
    fault: str | None


class Stop(Exception):
    """The run can't go on: `fault` is the cause. Nothing is lost; what was claimed is given back."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Interrupted(Exception):
    """The run is draining, and what was waited for is not waited for any longer."""


class Gate:
    """The one way to a dependency.

    Args:
        name: The dependency in the operator's words.
        concurrency: Calls at the same time, at most; fewer for a while after a 429.
        patient: Wait for a dependency that is away (a daemon) instead of ending the run (cron).
        drained: Set when the run ends early; nothing waits any longer then.
    """

    def __init__(self, name: str, *, concurrency: int, patient: bool, drained: anyio.Event) -> None:
        self.name = name
        self._limit = concurrency
        self._limiter = anyio.CapacityLimiter(concurrency)
        self._patient = patient
        self._drained = drained
        self._state = GateState.CLOSED
        self._since = time.monotonic()
        self._until = 0.0
        self._failures = 0
        self._cool_downs = 0
        self._successes = 0
        self._ever_succeeded = False
        self._fault: Fault | None = None
        self._probe = anyio.Lock()

    @property
    def health(self) -> Health:
        """The gate's state now."""
        until = self._until if self._state in (GateState.COOLING, GateState.OPEN) else None
        fault = None if self._state is GateState.CLOSED or self._fault is None else str(self._fault)
        return Health(self.name, self._state, self._since, until, fault)

    async def call(self, work: Callable[[], Awaitable[T]], retry: RetryConfig) -> T:
        """Make one call, again at once when it fails in passing, and after a cool-down when throttled.

        Raises:
            Transient: `call_attempts` tries failed.
            BadInput, Refused: as they come.
            Stop: the dependency has been away or throttling for too long.
            Interrupted: the run drains while the call waits for its turn.
        """
        failures = 0
        while True:
            try:
                async with self._turn():
                    result = await work()
            except Throttled as fault:
                self._throttled(fault)
                continue
            except Transient as fault:
                failures += 1
                if failures >= retry.call_attempts:
                    raise
                self._fault = fault
                await self._wait(retry.call_delay * failures)
                continue
            self._succeeded()
            return result

    async def call_counted(self, work: Callable[[], Awaitable[T]], retry: RetryConfig) -> T:
        """As `call`, for a call whose failure is that of the whole batch: it counts towards the breaker."""
        try:
            return await self.call(work, retry)
        except Transient as fault:
            self.failed(fault)
            raise

    def failed(self, fault: Fault) -> None:
        """A batch failed as a whole: count it, and open the breaker after some in a row.

        Raises:
            Stop: the breaker opened and the run is not one that waits.
        """
        self._successes = 0
        self._fault = fault
        if self._state is GateState.OPEN:
            # Was under way when the breaker opened: the same event, and no probe.
            return
        self._failures += 1
        if self._failures < FAILURES_TO_OPEN and self._state is not GateState.PROBING:
            return
        probes = self._failures - FAILURES_TO_OPEN
        away_from_the_start = isinstance(fault, Unreachable) and not self._ever_succeeded
        if not self._patient and (away_from_the_start or probes >= _PROBES_OF_ONE_RUN):
            raise Stop(fault)
        self._enter(GateState.OPEN, min(_FIRST_COOL_DOWN * 2**probes, _LONGEST_COOL_DOWN))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        while True:
            await self._wait_while_shut()
            # After the breaker was open, one call at a time finds out whether the dependency is back.
            probing = self._state is GateState.PROBING
            async with self._probe if probing else nullcontext(), self._limiter:
                # While others were before us in the queue, the gate may have shut, or opened.
                if self._state is (GateState.PROBING if probing else GateState.CLOSED):
                    yield
                    return

    async def _wait_while_shut(self) -> None:
        while self._state in (GateState.COOLING, GateState.OPEN):
            await self._wait(self._until - time.monotonic())
            if time.monotonic() < self._until:
                continue
            # Who wakes up first moves on for all.
            if self._state is GateState.COOLING:
                self._enter(GateState.CLOSED)
            elif self._state is GateState.OPEN:
                self._enter(GateState.PROBING)

    def _succeeded(self) -> None:
        self._ever_succeeded = True
        self._failures = self._cool_downs = 0
        if self._state is not GateState.CLOSED:
            self._enter(GateState.CLOSED)
        self._successes += 1
        # One more at a time, once as many calls as may run together have gone well.
        if self._limiter.total_tokens < self._limit and self._successes >= self._limiter.total_tokens:
            self._limiter.total_tokens += 1
            self._successes = 0

    def _throttled(self, fault: Throttled) -> None:
        self._fault = fault
        self._successes = 0
        now = time.monotonic()
        wait = fault.retry_after
        if wait is None:
            wait = min(_FIRST_COOL_DOWN * 2**self._cool_downs, _LONGEST_COOL_DOWN)
        if not self._patient and wait > _PATIENCE:
            raise Stop(fault)
        if self._state is not GateState.COOLING:
            # Calls that were under way together are one event: slow down once for all of them.
            self._cool_downs += 1
            self._limiter.total_tokens = max(1, int(self._limiter.total_tokens) // 2)
            self._enter(GateState.COOLING, wait)
        self._until = max(self._until, now + wait)

    def _enter(self, state: GateState, wait: float = 0.0) -> None:
        now = time.monotonic()
        if state is not self._state:
            self._since = now
        self._state = state
        self._until = now + wait

    async def _wait(self, seconds: float) -> None:
        with anyio.move_on_after(max(0.0, seconds)):
            await self._drained.wait()
        if self._drained.is_set():
            raise Interrupted
