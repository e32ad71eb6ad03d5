"""The dashboard of a past moment: drawn by the code that draws the present, with what differs said here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedconsole.console.status_line import Standing
from embedconsole.console.text import at_second, counted, span_of
from embedconsole.console.views.dashboard import Scene, dashboard
from embedconsole.sync.observe.past import TREND, TREND_STEP, Seek
from embedconsole.sync.observe.snapshot import EngineState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from embedconsole.console.launch import LaunchFacts
    from embedconsole.console.views.model import DashboardView, HealthView, StatusView
    from embedconsole.sync.observe.past import Replayed
    from embedconsole.sync.observe.snapshot import PipelineView

LOOKING_BACK = "You are looking at the past; esc is now."

_A_MOMENT = 0.001
"""Seconds: the ledger's unit of time."""


@dataclass(frozen=True, slots=True)
class ReplayContext:
    """The viewer of a past moment: the facts of the present that the screen needs.

    Attributes:
        index: Which of the pipelines is shown.
        now: Seconds since 1970.
        keys: Action to the key that is shown.
    """

    facts: Sequence[LaunchFacts]
    index: int
    now: float
    zone: tzinfo | None
    keys: Mapping[str, str]


def earlier(at: float) -> Seek:
    """The moment before."""
    return Seek(at - _A_MOMENT)


def later(at: float) -> Seek:
    """The moment after."""
    return Seek(at, beyond=at)


def leaped(at: float, seconds: float) -> Seek:
    """So many seconds later, or earlier when below zero; at least one moment."""
    return Seek(at + seconds, beyond=at if seconds > 0 else 0.0)


def replay_view(seen: Replayed, who: ReplayContext) -> DashboardView:
    """The dashboard of a past moment."""
    name = who.facts[who.index].name
    standing = Standing(zone=who.zone, read_only=True)
    history = _trend(seen) if name == seen.pipeline else ()
    view = dashboard(Scene(seen.snapshot, who.facts, who.index, standing, history))
    pipeline = next(one for one in seen.snapshot.pipelines if one.name == name)
    return replace(
        view,
        status=_status(view.status, seen.at, who.zone),
        sentence=f"{_place(seen.at, who)} {_sentence(view.sentence, pipeline, who.facts[who.index])}",
        in_flight=replace(
            view.in_flight,
            paused=False,
            more=max(0, seen.batches.get(name, 0) - len(view.in_flight.rows)),
        ),
        collection=replace(view.collection, private=False, past=True),
        health=_health(view.health),
    )


def _status(view: StatusView, at: float, zone: tzinfo | None) -> StatusView:
    return replace(view, state=f"replay {at_second(at, zone)}", tone="wait", workers=None, next_run=None)


def _place(at: float, who: ReplayContext) -> str:
    keys = who.keys
    step = f"{keys['earlier']}/{keys['later']} step"
    ten = f"{keys['ten_minutes_earlier']} {keys['ten_minutes_later']} 10 min"
    hour = f"{keys['hour_earlier']} {keys['hour_later']} 1 h"
    return f"As it was {span_of(who.now - at)} ago. {step}, {ten}, {hour}, {keys['now']} is now."


def _sentence(then: str, pipeline: PipelineView, facts: LaunchFacts) -> str:
    """The status line of that moment, without the requests to act."""
    if pipeline.counts is None and pipeline.progress is None:
        return f"How many {facts.noun}s waited then was not recorded."
    if pipeline.state is EngineState.DRAINING:
        counts = pipeline.counts
        left = "" if counts is None else f" with {counted(counts.pending, facts.noun)} left to sync"
        return f"It was being ended{left}."
    return then


def _health(view: HealthView) -> HealthView:
    """A collection that was not asked then is not being asked now, nor to be created."""
    rows = []
    for row in view.rows:
        if row.name == "collection" and row.state == "asking":
            continue
        rows.append(replace(row, detail="") if row.state == "missing" else row)
    return replace(view, rows=tuple(rows))


def _trend(seen: Replayed) -> tuple[float, ...]:
    """Items a second in each step of the ten minutes before, as the chart of the present has them."""
    done = {int(step.at // TREND_STEP): step.done for step in seen.trend}
    last = int(seen.at // TREND_STEP)
    numbers = range(last - int(TREND / TREND_STEP) + 1, last + 1)
    return tuple(done.get(number, 0) / TREND_STEP for number in numbers for _ in range(_WIDTH))


_WIDTH = 3
"""Columns a step: the chart of the present has sixty slots."""
