"""Exit codes of the process, and the signals that end it."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from embedconsole.faults import is_misconfigured
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from embedconsole.faults import Fault
    from embedconsole.sync.daemon.engine_thread import EngineHandle
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


LAST_SECONDS = 20.0
"""Seconds in which a process that has to stop at once releases its claims; then it ends as if killed."""


@dataclass(slots=True)
class Interruption:
    """The first signal that came, and how many came."""

    first: int | None = None
    count: int = 0


@dataclass(slots=True)
class Ending:
    """The effect of signals on an engine: the first ends it with what is in flight, a further one at once.

    Attributes:
        asked: A signal has come. No event: a handler must not wait for a lock that its own thread holds.
        handle: The engine, once it is open.
        at_once: Cancels what it does.
    """

    asked: bool = False
    handle: EngineHandle | None = None
    at_once: Callable[[], object] | None = None

    def drain(self) -> None:
        """End with what is in flight."""
        self.asked = True
        if self.handle is not None:
            self.handle.drain()

    def stop(self) -> None:
        """Return what is in flight to the queue."""
        if self.at_once is not None:
            self.at_once()

    def watch(self, handle: EngineHandle, at_once: Callable[[], object]) -> None:
        """The engine is open and works; a signal that came before drains it now."""
        self.at_once, self.handle = at_once, handle
        if self.asked:
            handle.drain()


@contextmanager
def interruptible(drain: Callable[[], object], stop: Callable[[], object]) -> Iterator[Interruption]:
    """Call `drain` at the first signal and `stop` at every further one; works in the main thread only.

    A block that does not end within `LAST_SECONDS` of the second signal ends with its process: a ledger that
    has stalled may keep it for ever. The next run takes up what it held, as after a kill.
    """
    interruption = Interruption()
    ended = threading.Event()

    def end_at_last(number: int) -> None:
        if not ended.wait(LAST_SECONDS):
            with suppress(OSError):
                os.write(2, f"Not ended within {LAST_SECONDS:g} s: stopped as if killed.\n".encode())
            os._exit(128 + number)

    def receive(number: int, frame: FrameType | None) -> None:
        interruption.count += 1
        if interruption.first is None:
            interruption.first = number
            drain()
        else:
            if interruption.count == 2:
                threading.Thread(target=end_at_last, args=(interruption.first,), daemon=True).start()
            stop()

    before = {number: signal.signal(number, receive) for number in _SIGNALS}
    try:
        yield interruption
    finally:
        ended.set()
        for number, handler in before.items():
            signal.signal(number, handler)
