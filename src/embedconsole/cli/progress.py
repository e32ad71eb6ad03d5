"""Progress on stderr: a bar on a terminal, a line now and then elsewhere, nothing when it is over at once."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from embedconsole.foreign_text import harmless
from embedconsole.cli.output import duration, is_quiet, note
from embedconsole.sync.observe.snapshot import EngineState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot

_LINE_EVERY = 15.0


class ProgressView(Protocol):
    """Shows snapshots of a run."""

    def show(self, snapshot: Snapshot) -> None:
        """Show how far the run is."""
        ...


@contextmanager
def progress_view(*, terminal: bool) -> Iterator[ProgressView]:
    """A bar on a terminal, lines elsewhere; nothing where the operator wants it quiet."""
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
        """Say how far the run is, if it is time for it."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _LINE_EVERY
        for view in snapshot.pipelines:
            if view.progress is not None:
                note(f"{view.name}: {describe(view)}")


def _bars() -> Bars:
    # Rich is worth its import only where somebody looks.
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
    """A bar a pipeline, drawn as often as it is told to."""

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
        parts.append(f"{progress.newly_failed:,} need a look")
    waiting = [health for health in view.dependencies if health.fault is not None]
    parts += [f"{health.name} {health.state}: {health.fault}" for health in waiting]
    # Rich lets escape sequences through, and a fault's words come from outside.
    return harmless(", ".join(parts)).replace("\n", " ")
