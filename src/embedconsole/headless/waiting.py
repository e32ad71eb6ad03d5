"""Waiting for what an engine does beside a run: a line of progress on stderr, and signals that end it."""

from __future__ import annotations

import sys
import time
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from embedconsole.cli.progress import describe
from embedconsole.headless.signals import interruptible
from embedconsole.cli.output import LineInPlace, note
from embedconsole.sync.daemon.engine_thread import engine_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from embedconsole.headless.session import Session
    from embedconsole.sync.run.engine import Engine

T = TypeVar("T")

_LOOK_EVERY = 0.25
_LINE_EVERY = 15.0


@dataclass(frozen=True, slots=True)
class Waited(Generic[T]):
    """What came of it.

    Attributes:
        result: None where it was stopped at once.
        signal: The number of the signal that came first, if one did.
    """

    result: T | None
    signal: int | None


class _Line(Protocol):
    def show(self, text: str) -> None: ...


def wait_for(
    session: Session, role: str, work: Callable[[Engine], Awaitable[T]], told: Callable[[], str]
) -> Waited[T]:
    """Have an engine do something, and wait for it.

    The first signal lets a run end with what is in flight; whatever else is going on ends at once.

    Args:
        role: What this process is called in the ledger.
        told: How far the work has come, while no run is going on.

    Raises:
        ConfigError, Fault: as `work` does.
    """
    with (
        engine_in_thread(session.pipelines, session.ledger_url, role) as handle,
        _line(terminal=sys.stderr.isatty()) as line,
    ):
        future = handle.call(work)
        obeyed = 0
        with interruptible(lambda: None, future.cancel) as interruption:
            while True:
                wait([future], timeout=_LOOK_EVERY)
                if future.done():
                    result = None if future.cancelled() else future.result()
                    return Waited(result, interruption.first)
                snapshot = handle.snapshot()
                runs = [view for view in snapshot.pipelines if view.progress is not None]
                line.show("; ".join(f"{view.name}: {describe(view)}" for view in runs) or told())
                if interruption.count > obeyed:
                    obeyed = interruption.count
                    note("Finishing what is in flight; once more stops at once." if runs else "Stopping.")
                    if runs:
                        handle.drain()
                    else:
                        future.cancel()


@contextmanager
def _line(*, terminal: bool) -> Iterator[_Line]:
    if not terminal:
        yield _LineNowAndThen()
        return
    line = LineInPlace()
    try:
        yield line
    finally:
        line.clear()


class _LineNowAndThen:
    """A line every quarter of a minute, so that a log of the output stays short."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _LINE_EVERY

    def show(self, text: str) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_EVERY
            note(text)
