"""The state of the console, and its consequences for the screen. Draws nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.console.actions import Effect
from embedconsole.console.engine_client import EngineSeen
from embedconsole.console.launch import facts_of
from embedconsole.console.replay import LOOKING_BACK
from embedconsole.console.status_line import Standing
from embedconsole.console.views.dashboard import Scene, dashboard
from embedconsole.console.views.failures import Moment
from embedconsole.sync.daemon.orders import sender

if TYPE_CHECKING:
    from datetime import tzinfo

    from embedconsole.console.engine_client import EngineClient
    from embedconsole.console.launch import Launch, LaunchFacts
    from embedconsole.console.views.model import DashboardView
    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot
    from embedconsole.sync.shared.report import PipelineReport


SLOT = 10.0
SLOTS = 60


@dataclass(slots=True)
class RateHistory:
    """Items done in each of the last slots of ten seconds; the last slot is still filling.

    Until something has been done there is nothing to draw, and nothing that moves.
    """

    _slots: list[float] = field(default_factory=lambda: [0.0] * SLOTS)
    _current: int | None = None
    _filled: float = SLOT
    _done: int = 0

    def add(self, now: float, done: int | None) -> None:
        """Take a look: `done` is how many items the run has done so far, None between runs."""
        slot = int(now // SLOT)
        if self._current is not None and slot > self._current:
            passed = min(SLOTS, slot - self._current)
            self._slots = self._slots[passed:] + [0.0] * passed
        if self._current is None:
            # What was done before anybody looked was done at no time we know.
            self._done = done or 0
        self._current = slot
        self._filled = max(1.0, now % SLOT)
        if done is None:
            return
        # A new run counts from nothing.
        self._slots[-1] += done - self._done if done >= self._done else done
        self._done = done

    def end(self, total: int) -> None:
        """A run ended, having done so much in all: count what no look has seen of it."""
        self._slots[-1] += max(0, total - self._done)
        self._done = 0

    @property
    def rates(self) -> tuple[float, ...]:
        """Items a second over the last ten minutes, oldest first."""
        return (*(items / SLOT for items in self._slots[:-1]), self._slots[-1] / self._filled)


@dataclass(slots=True)
class ConsoleState:
    """Belongs to the screen's loop.

    Attributes:
        offset: Seconds to add to the engine's monotonic clock to have the time since 1970.
        zone: The operator's time zone; None for the machine's.
        workers: Workers the operator asked for; None before the first request.
        me: The operator, as named in their orders.
        leaving: How often the operator asked to leave.
        failure: What ended the engine, or kept it from being opened.
        looks_back: What is on the screen is the past.
    """

    launch: Launch
    offset: float
    zone: tzinfo | None = None
    sight: EngineSeen = field(default_factory=EngineSeen)
    workers: int | None = None
    me: str = field(default_factory=sender)
    leaving: int = 0
    failure: BaseException | None = None
    looks_back: bool = False
    facts: tuple[LaunchFacts, ...] = ()
    throughput: dict[str, RateHistory] = field(default_factory=dict)
    _index: int = 0
    _reports: dict[str, PipelineReport] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts = tuple(facts_of(pipeline) for pipeline in self.launch.pipelines)
        self.throughput = {facts.name: RateHistory() for facts in self.facts}

    def moment(self, looked: float | None = None) -> Moment:
        """The moment that is shown now, of what was looked up at `looked` or only just."""
        now = 0.0 if self.snapshot is None else self.snapshot.taken_at + self.offset
        return Moment(now if looked is None else looked, now, self.zone)

    @property
    def client(self) -> EngineClient | None:
        """The engine's controls, once it is open."""
        return self.sight.client

    @property
    def snapshot(self) -> Snapshot | None:
        """The engine as last seen."""
        return self.sight.snapshot

    @property
    def paused(self) -> bool:
        """Whether the engine was paused when last seen."""
        return self.snapshot is not None and self.snapshot.pause is not None

    @property
    def running(self) -> bool:
        """Whether a run was active when last seen."""
        return self.snapshot is not None and self.snapshot.run is not None

    @property
    def pipeline(self) -> LaunchFacts:
        """The pipeline that is shown."""
        return self.facts[self._index]

    @property
    def pipeline_view(self) -> PipelineView | None:
        """The engine's view of it."""
        views = () if self.snapshot is None else self.snapshot.pipelines
        return next((view for view in views if view.name == self.pipeline.name), None)

    def see(self, sight: EngineSeen) -> None:
        """Take over what the poller saw."""
        if sight.closed:
            # The last picture stays, without the controls.
            self.failure = sight.error
            self.sight = EngineSeen(snapshot=self.snapshot, closed=True)
            return
        self.sight = sight
        if sight.snapshot is not None:
            for view in sight.snapshot.pipelines:
                self._measure(view, sight.snapshot.taken_at)

    def _measure(self, view: PipelineView, now: float) -> None:
        throughput, report = self.throughput[view.name], view.last_report
        # A new report is another object, even where it says the same.
        if report is not None and report is not self._reports.get(view.name):
            throughput.end(report.embedded + report.payload_updated + report.deleted)
            self._reports[view.name] = report
        throughput.add(now, None if view.progress is None else view.progress.done)

    def switch(self, by: int) -> None:
        """Show another pipeline."""
        self._index = (self._index + by) % len(self.facts)

    def show(self, name: str) -> None:
        """Show the pipeline of this name."""
        self._index = next(index for index, facts in enumerate(self.facts) if facts.name == name)

    def may(self, effect: Effect) -> bool:
        """Whether actions of such an effect can be taken now."""
        return effect is Effect.NONE or self.why_not is None

    @property
    def why_not(self) -> str | None:
        """Why nothing can be changed now; None when it can."""
        if self.launch.read_only:
            return "The console is read-only."
        if self.leaving or self.sight.closed:
            return "The engine is being closed."
        if self.looks_back:
            return LOOKING_BACK
        return "Still opening the ledger." if self.client is None else None

    def view(self) -> DashboardView:
        """The dashboard's content."""
        history = self.throughput[self.pipeline.name].rates
        return dashboard(Scene(self.snapshot, self.facts, self._index, self._standing, history))

    @property
    def _standing(self) -> Standing:
        client = self.client
        stopped = client is not None and client.stopped
        reason = None if client is None or self.leaving else client.stopped_by
        if self.failure is not None:
            reason = f"{type(self.failure).__name__}: {self.failure}"
        ended = stopped or self.sight.closed
        return Standing(
            offset=self.offset,
            zone=self.zone,
            me=self.me,
            closing=bool(self.leaving) and ended,
            leaving=bool(self.leaving),
            broken=reason if ended and not self.leaving else None,
            read_only=self.launch.read_only,
            attached=client is not None and client.attached,
        )
