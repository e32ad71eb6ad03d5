"""Metrics for Prometheus: what was observed as families of samples, exposed as text or in a file.

Counters count what this process did since it began; figures of the ledger are about all processes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client import CollectorRegistry, generate_latest, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from embedconsole import __version__
from embedconsole.sync.observe.other_processes import SILENT
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.resilience.gate import GateState

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from embedconsole.ledger.records.items import Counts
    from embedconsole.sync.observe.ledger_overview import LatestRun, LedgerOverview
    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot
    from embedconsole.sync.shared.report import Outcome


_DECIMALS = 6
_AWAY = (GateState.OPEN, GateState.PROBING)


@dataclass(frozen=True, slots=True)
class Facts:
    """The observations that metrics are made of.

    Attributes:
        snapshot: The engine; None where it could not be opened.
        observed: The ledger when it last answered, at `observed_at` (seconds since 1970); None if never.
        ledger_up: Whether it answered the last time.
        outcomes: How many runs of a pipeline ended how, in this process.
        runs: Pipelines to their latest runs.
        lives: Whether the process continues, so that its present state is of interest.
    """

    snapshot: Snapshot | None
    observed: LedgerOverview | None
    observed_at: float | None
    ledger_up: bool
    outcomes: Counter[tuple[str, Outcome]]
    runs: Mapping[str, LatestRun] = field(default_factory=dict)
    lives: bool = False


def figures(facts: Facts) -> Iterator[Metric]:
    """All families, those without a sample left out."""
    build = GaugeMetricFamily("embedconsole_build_info", "The version that is running.", labels=["version"])
    build.add_metric([__version__], 1)
    families = [
        build,
        *_of_the_ledger(facts),
        *_of_runs(facts),
        *(() if facts.snapshot is None else _of_the_engine(facts.snapshot, lives=facts.lives)),
    ]
    return (family for family in families if family.samples)


def _of_the_ledger(facts: Facts) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "embedconsole_ledger_up", "1 when the ledger answered the last time.", value=float(facts.ledger_up)
    )
    if facts.observed is None or facts.observed_at is None:
        return
    yield GaugeMetricFamily(
        "embedconsole_ledger_seen_timestamp_seconds",
        "When the ledger last answered; figures of the ledger are from then.",
        value=facts.observed_at,
    )
    items = GaugeMetricFamily(
        "embedconsole_items", "Items by their state, each in one.", labels=["pipeline", "state"]
    )
    oldest = GaugeMetricFamily(
        "embedconsole_oldest_pending_seconds",
        "Age of the oldest pending item; 0 when none is pending.",
        labels=["pipeline"],
    )
    flying = GaugeMetricFamily(
        "embedconsole_batches_in_flight", "Batches that any process holds.", labels=["pipeline"]
    )
    for name, counts in facts.observed.counts.items():
        for state, count in _states(counts).items():
            items.add_metric([name, state], count)
        oldest.add_metric([name], counts.oldest_age or 0.0)
        flying.add_metric([name], sum(batch.pipeline == name for batch in facts.observed.in_flight))
    yield from (items, oldest, flying)
    yield GaugeMetricFamily(
        "embedconsole_processes",
        "Processes on the ledger that were heard of in the last minute.",
        value=sum(worker.silent_for <= SILENT for worker in facts.observed.workers),
    )


def _states(counts: Counts) -> dict[str, int]:
    return {
        "synced": counts.synced,
        "pending": counts.pending - counts.retrying - counts.in_flight,
        "in_flight": counts.in_flight,
        "retrying": counts.retrying,
        "failed": counts.failed,
        "skipped": counts.skipped,
    }


def _of_runs(facts: Facts) -> Iterator[Metric]:
    ended = CounterMetricFamily(
        "embedconsole_runs", "Runs that ended in this process.", labels=["pipeline", "outcome"]
    )
    for (name, outcome), count in sorted(facts.outcomes.items()):
        ended.add_metric([name, str(outcome)], count)
    seconds = GaugeMetricFamily(
        "embedconsole_run_seconds", "How long the latest run of any process took.", labels=["pipeline"]
    )
    last = GaugeMetricFamily(
        "embedconsole_last_run_timestamp_seconds",
        "When the latest run of any process ended, one way or the other.",
        labels=["pipeline"],
    )
    success = GaugeMetricFamily(
        "embedconsole_last_success_timestamp_seconds",
        "When a run of any process last came to its end; items may have failed in it.",
        labels=["pipeline"],
    )
    for name, run in facts.runs.items():
        seconds.add_metric([name], run.seconds)
        last.add_metric([name], run.ended_at)
        if run.succeeded_at is not None:
            success.add_metric([name], run.succeeded_at)
    yield from (ended, seconds, last, success)


def _of_the_engine(snapshot: Snapshot, *, lives: bool) -> Iterator[Metric]:
    yield from _of_work(snapshot.pipelines)
    breakers = GaugeMetricFamily(
        "embedconsole_breaker_open", "1 while a dependency is unavailable.", labels=["dependency"]
    )
    throttled = GaugeMetricFamily(
        "embedconsole_throttled", "1 while a dependency has asked for a pause.", labels=["dependency"]
    )
    health = {one.name: one for view in snapshot.pipelines for one in view.dependencies}
    health["ledger"] = snapshot.ledger
    for name, one in sorted(health.items()):
        breakers.add_metric([name], float(one.state in _AWAY))
        throttled.add_metric([name], float(one.state is GateState.COOLING))
    yield from (breakers, throttled)
    if not lives:
        return
    states = GaugeMetricFamily(
        "embedconsole_engine_state", "1 for what the engine is doing, 0 for the rest.", labels=["state"]
    )
    for state in EngineState:
        states.add_metric([str(state)], float(snapshot.state is state))
    workers = GaugeMetricFamily(
        "embedconsole_workers", "Batches that may embed at the same time here.", labels=["pipeline"]
    )
    for view in snapshot.pipelines:
        workers.add_metric([view.name], view.workers)
    halted = GaugeMetricFamily(
        "embedconsole_halted",
        "1 while a pipeline does not run because of a fault or its configuration.",
        value=float(bool(snapshot.halted)),
    )
    yield from (states, workers, halted)


def _of_work(views: Sequence[PipelineView]) -> Iterator[Metric]:
    counters = (
        ("items_embedded", "Items that were embedded and written.", "embedded"),
        ("items_payload_updated", "Items of which only the payload was written.", "payload_updated"),
        ("items_deleted", "Items that were deleted.", "deleted"),
        ("items_failed", "Items that failed.", "newly_failed"),
        ("embed_requests", "Requests to the embedders.", "embed_requests"),
        ("embed_items", "Items in those requests.", "embed_items"),
    )
    for name, words, counted in counters:
        family = CounterMetricFamily(f"embedconsole_{name}", words, labels=["pipeline"])
        for view in views:
            family.add_metric([view.name], float(getattr(view.total, counted)))
        yield family
    cost = CounterMetricFamily(
        "embedconsole_cost",
        "Spent on embeddings, by price_per_1000 and in its currency.",
        labels=["pipeline"],
    )
    for view in views:
        spent = round(view.total.spent, _DECIMALS)
        # Without a price the cost is not known; 0 would say that it is free.
        if spent:
            cost.add_metric([view.name], spent)
    yield cost


__all__ = ["CONTENT_TYPE", "exposed", "read_figures", "write_figures"]


class _Exposition(Collector):
    """A collector of given families."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        """The families."""
        return iter(self._families)


def exposed(families: Iterable[Metric]) -> bytes:
    """The text that a scrape gets."""
    return generate_latest(_registry(families))


def write_figures(file: Path, families: Iterable[Metric], *, keep: bool) -> None:
    """Write the families in one step; counters continue from the file, because each run is a new process.

    Args:
        keep: Keep families and samples of the file that are not among these: the ledger was away.

    Raises:
        OSError: the file can't be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(file), _registry(continued(read_figures(file), list(families), keep=keep)))


def read_figures(file: Path) -> list[Metric]:
    """The families in the file; none where it is missing or can't be parsed."""
    try:
        return list(text_string_to_metric_families(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []


def continued(before: Iterable[Metric], now: Iterable[Metric], *, keep: bool) -> list[Metric]:
    """The new families, with counters that continue from the previous ones."""
    known = {family.name: family for family in before}
    families = [_continued(known.pop(family.name, None), family, keep=keep) for family in now]
    return families + (list(known.values()) if keep else [])


def _continued(before: Metric | None, now: Metric, *, keep: bool) -> Metric:
    if before is None:
        return now
    family = Metric(now.name, now.documentation, now.type)
    old = {(sample.name, tuple(sorted(sample.labels.items()))): sample for sample in before.samples}
    for sample in now.samples:
        last = old.pop((sample.name, tuple(sorted(sample.labels.items()))), None)
        counted = now.type == "counter" and last is not None
        family.add_sample(
            sample.name, sample.labels, sample.value + (last.value if counted and last else 0.0)
        )
    # A counter of another pipeline or outcome was not reset.
    for sample in old.values() if keep or now.type == "counter" else ():
        family.add_sample(sample.name, sample.labels, sample.value)
    return family


def _registry(families: Iterable[Metric]) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Exposition(families))
    return registry
