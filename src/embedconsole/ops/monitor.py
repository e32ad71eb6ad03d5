"""Metrics, probes and notifications of a process, where the configuration asks for them."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from embedconsole.ops.watcher import Watcher, look_once, watching
from embedconsole.sync.observe.ledger_overview import LatestRun
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from prometheus_client.core import Metric

    from embedconsole.config.sections.metrics import MetricsConfig
    from embedconsole.ops.probes import Answer
    from embedconsole.ops.watcher import LedgerView
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.shared.report import RunReport

PUBLISH_EVERY = 0.5
STILL = 5.0
"""An engine that has given no snapshot for so many seconds does not respond."""

log = logging.getLogger("embedconsole")


@dataclass(slots=True)
class Monitor:
    """The metrics and notifications of one process.

    Args:
        watcher: None where neither notifications nor metrics are configured.
        say: Writes a line for the operator.
    """

    watcher: Watcher | None
    metrics: MetricsConfig
    say: Callable[[str], None]
    _latest: Snapshot | None = None
    _waits: str | None = None
    _outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    _ended: dict[str, LatestRun] = field(default_factory=dict)
    _spent: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ran(self, report: RunReport) -> None:
        """A run has ended; call it from any thread, it does not block."""
        if self.watcher is None:
            return
        self.watcher.ran(report)
        now = time.time()
        with self._lock:
            for name, part in report.pipelines.items():
                self._outcomes[name, part.outcome] += 1
                if part.outcome is not Outcome.SKIPPED:
                    ok = part.outcome in (Outcome.OK, Outcome.PARTIAL)
                    self._ended[name] = LatestRun(now, part.seconds, now if ok else None)

    # Once

    def after_run(self, report: RunReport, snapshot: Snapshot | None) -> None:
        """Write the metrics and send the notifications of the only run of this process."""
        if self.watcher is None:
            return
        self.ran(report)
        look_once(self.watcher)
        if self.metrics.file is not None:
            self._write(self.metrics.file, snapshot)

    def _write(self, file: Path, snapshot: Snapshot | None) -> None:
        from embedconsole.ops.metrics import write_figures

        ledger_view = self._ledger_view
        away = ledger_view.fault is not None or ledger_view.observed is None
        try:
            write_figures(file, self._figures(snapshot, lives=False), keep=away)
        except OSError as error:
            text = f"No metrics are written to {file}: {error.strerror or error}."
            self.say(text)
            log.warning("%s", text, extra={"event": "metrics"})

    # The daemon

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Serve and watch while the block runs, also before there is an engine."""
        with ExitStack() as stack:
            stack.enter_context(watching(self.watcher))
            if self.metrics.listen is not None:
                from embedconsole.ops.probes import listening

                stack.enter_context(listening(self.metrics.listen, self.answers(), self.say))
            yield

    def waits(self, reason: str) -> None:
        """Keep why the engine can't be opened yet; it is retried."""
        self._waits = reason

    @contextmanager
    def following(self, handle: EngineHandle) -> Iterator[None]:
        """Take snapshots of the open engine while the block runs."""
        self._waits = None
        if self.metrics.listen is None:
            yield
            return
        self.take(handle.snapshot())
        publishing = handle.publish(PUBLISH_EVERY, self.take)
        try:
            yield
        finally:
            publishing.cancel()

    def take(self, snapshot: Snapshot) -> None:
        """Keep the latest snapshot of the engine."""
        self._latest = snapshot

    def _turning(self) -> Snapshot | None:
        """The latest snapshot; None when the engine's loop gave none in time."""
        latest = self._latest
        return latest if latest is not None and time.monotonic() - latest.taken_at < STILL else None

    def answers(self) -> Mapping[str, Callable[[], Answer]]:
        """Paths of the port, and what answers each."""
        from embedconsole.ops.metrics import CONTENT_TYPE, exposed
        from embedconsole.ops.probes import Answer, json_answer, liveness, readiness

        def live() -> Answer:
            probed = liveness(self._turning(), self._waits)
            return json_answer(probed.as_json(), fine=probed.fine)

        def ready() -> Answer:
            probed = readiness(self._turning(), self._ledger_view, time.monotonic(), self._waits)
            return json_answer(probed.as_json(), fine=probed.fine)

        def metrics() -> Answer:
            return Answer(200, CONTENT_TYPE, exposed(self._figures(self._turning(), lives=True)))

        return {self.metrics.path: metrics, "/live": live, "/ready": ready}

    @property
    def _ledger_view(self) -> LedgerView:
        assert self.watcher is not None
        return self.watcher.ledger_view

    def _figures(self, snapshot: Snapshot | None, *, lives: bool) -> list[Metric]:
        from embedconsole.ops.metrics import Facts, figures

        ledger_view = self._ledger_view
        with self._lock:
            facts = Facts(
                snapshot=None if snapshot is None else self._never_less(snapshot),
                observed=ledger_view.observed,
                observed_at=None
                if ledger_view.at is None
                else time.time() - (time.monotonic() - ledger_view.at),
                ledger_up=ledger_view.fault is None and ledger_view.observed is not None,
                outcomes=Counter(self._outcomes),
                runs=self._ended if ledger_view.observed is None else ledger_view.observed.runs,
                lives=lives,
            )
        return list(figures(facts))

    def _never_less(self, snapshot: Snapshot) -> Snapshot:
        # The price of a request that was then refused is refunded, but Prometheus takes a counter that
        # falls for one that was reset.
        views = []
        for view in snapshot.pipelines:
            spent = self._spent[view.name] = max(self._spent.get(view.name, 0.0), view.total.spent)
            views.append(replace(view, total=replace(view.total, spent=spent)))
        return replace(snapshot, pipelines=tuple(views))
