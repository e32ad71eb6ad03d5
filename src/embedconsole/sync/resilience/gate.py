"""Flow control towards one dependency: turns, cool-downs, a breaker. All calls to it share one gate."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

import anyio

from embedconsole.faults import (
    BadInput,
    Fault,
    Overloaded,
    RefusesEverything,
    Throttled,
    Transient,
    Unreachable,
)
from embedconsole.retry import BREAKER, call_delay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from embedconsole.config.settings import RetryConfig


@dataclass(frozen=True, slots=True)
class ReportedGate:
    """Another process's report about a dependency.

    Attributes:
        age: Seconds since it is so.
        left: Seconds until it is retried.
        failures: In a row.
    """

    state: GateState
    age: float
    left: float
    failures: int
    fault: str | None


class GateExchange(Protocol):
    """The board where processes report dependencies that throttle or fail."""

    def tell(self, gate: Gate) -> None:
        """The gate has shut, or its breaker has closed."""
        ...

    async def may_probe(self, gate: Gate) -> bool:
        """Whether this process may see if the dependency is back; one at a time does."""
        ...


class NoExchange:
    """The board of a process that shares its gates with no other."""

    def tell(self, gate: Gate) -> None:
        pass

    async def may_probe(self, gate: Gate) -> bool:
        return True


T = TypeVar("T")
Vouch: TypeAlias = "Callable[[Fault], Awaitable[None]]"
"""Returns when the dependency works for other input, raises the fault to go by when it does not."""

FAILURES_TO_OPEN = 3
"""Batch-wide failures in a row that open the breaker."""

_SHORTER = 8
"""However short a pause a dependency asks for: by this shorter than one of ours, and growing as that does."""
_PROBES_OF_ONE_RUN = 4
_PATIENCE_WITH_OTHERS = 30.0
"""Seconds that a run which does not wait gives a breaker that another process has opened."""
_ASK_AGAIN = 1.0


class GateState(StrEnum):
    """The state of a gate: what it lets through."""

    CLOSED = "ok"
    COOLING = "throttled (429)"
    OPEN = "breaker open"
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class GateHealth:
    """A dependency's state for the screens; `since` and `until` on the monotonic clock."""

    name: str
    state: GateState
    since: float
    until: float | None
    fault: str | None


class Stop(Exception):
    """The run can't go on: `fault` is the cause. Nothing is lost; claimed items are returned to the queue."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Interrupted(Exception):
    """The run is draining, and what was waited for is not waited for any longer."""


class Gate:
    """The one way to a dependency.

    Args:
        name: The dependency in the operator's words.
        concurrency: Calls at the same time, at most; fewer for a while after a 429 or 503.
        patient: Wait for a dependency that is away (a daemon) instead of ending the run (cron).
        drained: Set when the run ends early; nothing waits any longer then.
        board: Notified of what the other processes should know.
        turns: Shared with the gates of other runs in this process, so that all of them together keep to
            `concurrency`.
    """

    def __init__(
        self,
        name: str,
        *,
        concurrency: int,
        patient: bool,
        drained: anyio.Event,
        board: GateExchange | None = None,
        turns: anyio.CapacityLimiter | None = None,
    ) -> None:
        self.name = name
        self._board = board or NoExchange()
        self._limit = concurrency
        self._limiter = turns or anyio.CapacityLimiter(concurrency)
        self._patient = patient
        self._drained = drained
        self._state = GateState.CLOSED
        self._since = time.monotonic()
        self._until = 0.0
        self._failures = 0
        self._cool_downs = 0
        self._successes = 0
        self._ever_succeeded = False
        self._waiting_since: float | None = None
        self._stepped_down = 0.0
        self._fault: str | None = None
        self._away_since: float | None = None
        self._probe = anyio.Lock()
        self._asking = anyio.Lock()

    @property
    def health(self) -> GateHealth:
        """The gate's state now."""
        until = self._until if self._state in (GateState.COOLING, GateState.OPEN) else None
        fault = None if self._state is GateState.CLOSED else self._fault
        return GateHealth(self.name, self._state, self._since, until, fault)

    @property
    def seen(self) -> GateHealth:
        """The state as operators see it: what failed at the last call is away, before the breaker opens."""
        if self._state is not GateState.CLOSED or self._away_since is None:
            return self.health
        return GateHealth(self.name, GateState.PROBING, self._away_since, None, self._fault)

    @property
    def failures(self) -> int:
        """Failures in a row behind the present state."""
        return self._cool_downs if self._state is GateState.COOLING else self._failures

    @property
    def shut(self) -> bool:
        """Whether the breaker is open, or it is not known yet whether the dependency is back."""
        return self._state in (GateState.OPEN, GateState.PROBING)

    async def call(
        self, work: Callable[[], Awaitable[T]], retry: RetryConfig, vouch: Vouch | None = None
    ) -> T:
        """Make one call, again at once when it fails in passing, and after a cool-down when throttled.

        Only a call that returns is a success of the dependency; one that it refuses tells nothing of it.

        Args:
            vouch: Finds out whether a dependency that fails works for other input; raises what is wrong with
                it. Called in the turn of a probe that failed, so that no other call gets through before.

        Raises:
            Transient: `call_attempts` tries failed.
            BadInput, Refused: as they come.
            Stop: the dependency has been away or throttling for too long.
            Interrupted: the run drains while the call waits for its turn.
        """
        failures = 0
        while True:
            began = time.monotonic()
            try:
                async with self._turn(retry.patience):
                    began = time.monotonic()
                    result = await self._vouched(work, vouch, began)
            except Throttled as fault:
                self._throttled(fault, began, retry.patience)
                continue
            except Transient as fault:
                if isinstance(fault, Overloaded):
                    self._step_down(began)
                failures += 1
                self._fault = str(fault)
                self._away_since = self._away_since or began
                if failures >= retry.call_attempts or self.shut:
                    raise
                await self._wait(call_delay(failures, retry.call_delay))
                continue
            self._answered(began)
            return result

    async def _vouched(self, work: Callable[[], Awaitable[T]], vouch: Vouch | None, began: float) -> T:
        try:
            return await work()
        except Unreachable:
            raise
        except (BadInput, Transient) as fault:
            if self._state is GateState.PROBING and vouch is not None:
                await vouch(fault)
                self._answered(began)
            raise

    async def call_counted(
        self, work: Callable[[], Awaitable[T]], retry: RetryConfig, vouch: Vouch | None = None
    ) -> T:
        """As `call`, for a call whose failure is that of the whole batch: it counts towards the breaker."""
        try:
            return await self.call(work, retry, vouch)
        except Transient as fault:
            self.failed(fault)
            raise

    def failed(self, fault: Fault) -> None:
        """A batch failed as a whole: count it, and open the breaker after some in a row.

        A dependency that refuses everything opens it at once.

        Raises:
            Stop: the breaker opened and the run is not one that waits.
        """
        self._successes = 0
        self._fault = str(fault)
        if self._state is GateState.OPEN:
            # Was under way when the breaker opened: the same event, and no probe.
            return
        refuses_everything = isinstance(fault, RefusesEverything)
        self._failures = max(self._failures + 1, FAILURES_TO_OPEN if refuses_everything else 0)
        if self._failures < FAILURES_TO_OPEN and self._state is not GateState.PROBING:
            return
        probes = self._failures - FAILURES_TO_OPEN
        hopeless = refuses_everything or (isinstance(fault, Unreachable) and not self._ever_succeeded)
        if not self._patient and (hopeless or probes >= _PROBES_OF_ONE_RUN):
            if self._state is GateState.PROBING:
                # The next caller may try at once.
                self._enter(GateState.OPEN)
                self._board.tell(self)
            raise Stop(fault)
        self._enter(GateState.OPEN, BREAKER.after(1 + max(0, probes)))
        self._board.tell(self)

    def heard(self, said: ReportedGate) -> None:
        """Another process has met the dependency, and says how it is."""
        now = time.monotonic()
        self._fault = said.fault
        if said.state is GateState.CLOSED:
            if self._state in (GateState.OPEN, GateState.PROBING):
                self._enter(GateState.CLOSED)
                self._failures = 0
        elif said.state is not GateState.COOLING:
            self._enter(GateState.OPEN, said.left)
            self._failures = max(self._failures, said.failures)
            self._since = now - said.age
        elif said.left > 0 and self._state in (GateState.CLOSED, GateState.COOLING):
            if self._state is GateState.CLOSED:
                self._cool_downs = max(self._cool_downs, said.failures)
                self._step_down(now)
            until = max(self._until, now + said.left)
            self._enter(GateState.COOLING, until - now)

    @asynccontextmanager
    async def _turn(self, patience: float) -> AsyncIterator[None]:
        while True:
            await self._wait_while_shut(patience)
            # After the breaker was open, one call at a time finds out whether the dependency is back.
            probing = self._state is GateState.PROBING
            async with self._probe if probing else nullcontext(), self._limiter:
                # While others were before us in the queue, the gate may have shut, or opened.
                if self._state is (GateState.PROBING if probing else GateState.CLOSED):
                    yield
                    return

    async def _wait_while_shut(self, patience: float) -> None:
        while self._state in (GateState.COOLING, GateState.OPEN):
            self._check_patience(patience)
            await self._wait(self._until - time.monotonic())
            async with self._asking:
                # Who wakes up first moves on for all.
                if time.monotonic() < self._until:
                    continue
                if self._state is GateState.COOLING:
                    self._enter(GateState.CLOSED)
                elif self._state is GateState.OPEN:
                    await self._try_to_probe()

    async def _try_to_probe(self) -> None:
        until = self._until
        allowed = await self._board.may_probe(self)
        if self._state is not GateState.OPEN or self._until != until:
            return  # While the others were asked, there was news.
        if allowed:
            self._enter(GateState.PROBING)
        else:
            self._until = time.monotonic() + _ASK_AGAIN

    def _check_patience(self, patience: float) -> None:
        if self._patient:
            return
        left = self._until - time.monotonic()
        if self._state is GateState.COOLING and self._waited() + left > patience:
            raise Stop(Throttled(self.name, f"asked for a pause of {left:.0f} s more: {self._fault}"))
        if self._state is GateState.OPEN and left > _PATIENCE_WITH_OTHERS:
            raise Stop(Transient(self.name, f"away; all processes wait {left:.0f} s more: {self._fault}"))

    def _answered(self, began: float) -> None:
        """The dependency has done what it was asked for."""
        self._ever_succeeded = True
        self._away_since = None
        self._failures = 0
        self._waiting_since = None
        if self._state in (GateState.OPEN, GateState.PROBING):
            self._enter(GateState.CLOSED)
            self._board.tell(self)
        if began < self._stepped_down:
            # Was under way when we were asked to slow down: says nothing of the pace since.
            return
        self._cool_downs = 0
        self._successes += 1
        # One more at a time, once as many calls as may run together have gone well.
        if self._limiter.total_tokens < self._limit and self._successes >= self._limiter.total_tokens:
            self._limiter.total_tokens += 1
            self._successes = 0

    def _throttled(self, fault: Throttled, began: float, patience: float) -> None:
        self._fault = str(fault)
        now = time.monotonic()
        grown = BREAKER.after(1 + self._cool_downs)
        wait = grown if fault.retry_after is None else max(fault.retry_after, grown / _SHORTER)
        if not self._patient and self._waited() + wait > patience:
            raise Stop(fault)
        if began >= self._stepped_down:
            self._cool_downs += 1
        self._step_down(began)
        if self._state is GateState.OPEN:
            # Asked for a pause by a dependency that others find away: theirs is the longer one.
            return
        if self._state is not GateState.COOLING or now + wait > self._until:
            self._enter(GateState.COOLING, max(wait, self._until - now))
            self._board.tell(self)

    def _waited(self) -> float:
        """Seconds since the first pause after the last success."""
        now = time.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        return now - self._waiting_since

    def _step_down(self, began: float) -> None:
        """Half as many calls at a time; calls that were under way together are one event."""
        self._successes = 0
        if began >= self._stepped_down:
            self._stepped_down = time.monotonic()
            self._limiter.total_tokens = max(1, int(self._limiter.total_tokens) // 2)

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
