"""A dependency that fails as scripted, behind its gate."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from anyio.lowlevel import checkpoint

from embedconsole.config.settings import RetryConfig
from embedconsole.faults import Transient
from embedconsole.sync.resilience.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.faults import Fault

RETRY = RetryConfig(call_attempts=3, call_delay=0.001)
ONE_TRY = RetryConfig(call_attempts=1)
TIMEOUT = Transient("ml", "timeout")
COOL = 0.05


@dataclass
class Dependency:
    """Fails as scripted, then answers; a call can be held up until `go` is set.

    Attributes:
        entered: Set by the first call.
        crowded: Set once `crowd` calls run at the same time.
    """

    script: Sequence[Fault] = ()
    go: anyio.Event | None = None
    began: list[float] = field(default_factory=list)
    running: int = 0
    most: int = 0
    entered: anyio.Event = field(default_factory=anyio.Event)
    crowd: int = 0
    crowded: anyio.Event = field(default_factory=anyio.Event)

    async def __call__(self) -> str:
        self.began.append(time.monotonic())
        self.entered.set()
        if self.running + 1 == self.crowd:
            self.crowded.set()
        self.running += 1
        self.most = max(self.most, self.running)
        number = len(self.began)
        try:
            await checkpoint()
            if self.go is not None:
                await self.go.wait()
            if number <= len(self.script):
                raise self.script[number - 1]
            return "answer"
        finally:
            self.running -= 1


def gate(*, concurrency: int = 8, patient: bool = True, drained: anyio.Event | None = None) -> Gate:
    return Gate("embedder ml", concurrency=concurrency, patient=patient, drained=drained or anyio.Event())


def state_of(one: Gate) -> str:
    """What the screen says of the gate."""
    return str(one.health.state)


async def let_others_run() -> None:
    """Give every task the chance to come to where it waits; takes no time."""
    for _ in range(50):
        await checkpoint()
