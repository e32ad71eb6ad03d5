"""How the process ends: its exit codes, and the signals that ask it to end."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from embedconsole.faults import is_misconfigured
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from embedconsole.faults import Fault
    from embedconsole.sync.shared.report import RunReport


class Exit(IntEnum):
    """The exit codes of the process."""

    IN_SYNC = 0
    SOME_FAILED = 1
    USAGE = 2
    STOPPED = 3
    HELD = 4
    HANGUP = 129
    INTERRUPT = 130
    TERMINATED = 143


SENTENCES = {
    Exit.IN_SYNC: "in sync",
    Exit.SOME_FAILED: "finished, some items failed, or a limit or budget left some",
    Exit.USAGE: "usage or configuration",
    Exit.STOPPED: "stopped, nothing lost: a dependency was unreachable or refused us",
    Exit.HELD: "another process holds this run",
    Exit.HANGUP: "hung up; drained",
    Exit.INTERRUPT: "interrupted; drained",
    Exit.TERMINATED: "terminated; drained",
}

_EXITS = {
    Outcome.OK: Exit.IN_SYNC,
    Outcome.PLANNED: Exit.IN_SYNC,
    Outcome.PARTIAL: Exit.SOME_FAILED,
    Outcome.ABORTED: Exit.STOPPED,
    Outcome.SKIPPED: Exit.HELD,
    Outcome.INTERRUPTED: Exit.INTERRUPT,
}


def exit_of(report: RunReport, signal_number: int | None) -> Exit:
    """The exit code of a run; the signal that interrupted it decides which of the three it is."""
    if signal_number is not None and report.outcome is Outcome.INTERRUPTED:
        return Exit(128 + signal_number)
    ended = [part for part in report.pipelines.values() if part.outcome is Outcome.ABORTED]
    if report.outcome is Outcome.ABORTED and all(part.misconfigured for part in ended):
        return Exit.USAGE
    return _EXITS[report.outcome]


def exit_by_signal(number: int | None) -> Exit:
    """The exit code of work that a signal ended; without one, it was an interrupt."""
    return Exit.INTERRUPT if number is None else Exit(128 + number)


def exit_by(fault: Fault) -> Exit:
    """The exit code of a command that a fault ended."""
    return Exit.USAGE if is_misconfigured(fault) else Exit.STOPPED


_SIGNALS = [
    number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
]


@dataclass(slots=True)
class Interruption:
    """The first signal that came, and how many came."""

    first: int | None = None
    count: int = 0


@contextmanager
def interruptible(drain: Callable[[], object], stop: Callable[[], object]) -> Iterator[Interruption]:
    """Call `drain` at the first signal and `stop` at every further one; works in the main thread only."""
    interruption = Interruption()

    def receive(number: int, frame: FrameType | None) -> None:
        interruption.count += 1
        if interruption.first is None:
            interruption.first = number
            drain()
        else:
            stop()

    before = {number: signal.signal(number, receive) for number in _SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
