"""Progress on stderr while a run or other work of an engine takes place, and the signals that end it."""

from __future__ import annotations

import sys
import time
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from embedconsole.cli.exits import interruptible
from embedconsole.cli.output import LineInPlace, duration, is_quiet, note
from embedconsole.foreign_text import harmless
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.observe.snapshot import EngineState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from embedconsole.cli.invocation import Session
    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot
    from embedconsole.sync.run.engine import Engine


T = TypeVar("T")

_LINE_EVERY = 15.0
_LOOK_EVERY = 0.25


class ProgressView(Protocol):
    """Shows snapshots of a run."""

    def show(self, snapshot: Snapshot) -> None:
        """Show how far the run is."""
        ...


@contextmanager
def progress_view(*, terminal: bool) -> Iterator[ProgressView]:
    """A bar on a terminal, lines elsewhere; nothing with `--quiet`."""
    if terminal and not is_quiet():
        with _bars() as bars:
            yield _BarView(bars)
    else:
        yield _LineView()


class _LineView:
    """A line every quarter of a minute, so that a log of the output stays short."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _LINE_EVERY

    def show(self, snapshot: Snapshot) -> None:
        """Write how far the run is, at most every quarter of a minute."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _LINE_EVERY
        for view in snapshot.pipelines:
            if view.progress is not None:
                note(f"{view.name}: {describe(view)}")


def _bars() -> Bars:
    # Rich is imported only where there is a terminal.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        TextColumn("{task.fields[pipeline]}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
    )


class _BarView:
    """A bar for each pipeline."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def show(self, snapshot: Snapshot) -> None:
        """Draw how far the run is."""
        for view in snapshot.pipelines:
            if view.progress is None:
                continue
            if view.name not in self._tasks:
                self._tasks[view.name] = self._bars.add_task("", pipeline=view.name)
            self._bars.update(
                self._tasks[view.name],
                total=max(view.progress.found, 1),
                completed=view.progress.done,
                description=describe(view),
            )
        self._bars.refresh()


def describe(view: PipelineView) -> str:
    """A pipeline's state on one line."""
    progress = view.progress
    assert progress is not None
    parts = []
    if view.state in (EngineState.PLANNING, EngineState.DRAINING, EngineState.PAUSED):
        parts.append(str(view.state))
    if view.state is EngineState.PLANNING:
        parts.append(f"{progress.scanned:,} scanned")
    parts.append(f"{progress.done:,} of {progress.found:,} done")
    if view.rate is not None:
        parts.append(f"{view.rate:,.0f}/s")
    if view.eta is not None:
        parts.append(f"about {duration(view.eta)} to go")
    if progress.newly_failed:
        parts.append(f"{progress.newly_failed:,} failed")
    waiting = [health for health in view.dependencies if health.fault is not None]
    parts += [f"{health.name} {health.state}: {health.fault}" for health in waiting]
    # Rich lets escape sequences through, and a fault's words come from outside.
    return harmless(", ".join(parts)).replace("\n", " ")


@dataclass(frozen=True, slots=True)
class Waited(Generic[T]):
    """The result of the work.

    Attributes:
        result: None where the work was stopped at once.
        signal: The number of the signal that came first, if one did.
    """

    result: T | None
    signal: int | None


class _TextView(Protocol):
    def show(self, text: str) -> None: ...


def wait_for(
    session: Session, role: str, work: Callable[[Engine], Awaitable[T]], progress: Callable[[], str]
) -> Waited[T]:
    """Run work in an engine, show its progress and wait for its end.

    The first signal lets a run finish its batches in flight; other work is stopped at once.

    Args:
        role: The role of this process in the ledger.
        progress: A line about the work while no run is in progress.

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
                line.show("; ".join(f"{view.name}: {describe(view)}" for view in runs) or progress())
                if interruption.count > obeyed:
                    obeyed = interruption.count
                    note(
                        "Finishing what is in flight; a second signal stops at once." if runs else "Stopping."
                    )
                    if runs:
                        handle.drain()
                    else:
                        future.cancel()


@contextmanager
def _line(*, terminal: bool) -> Iterator[_TextView]:
    if not terminal:
        yield _TextLines()
        return
    line = LineInPlace()
    try:
        yield line
    finally:
        line.clear()


class _TextLines:
    """A line every quarter of a minute, so that a log of the output stays short."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _LINE_EVERY

    def show(self, text: str) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_EVERY
            note(text)
