"""Moments to be shown: engines and ledgers as they may be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.ledger.records.items import Counts
from embedconsole.ledger.records.processes import Process
from embedconsole.ledger.records.work import BatchInFlight
from embedconsole.ledger.state import State
from embedconsole.ops.metrics import Facts
from embedconsole.sync.observe.ledger_overview import LatestRun, LedgerOverview
from embedconsole.sync.observe.snapshot import EngineState, PipelineView, Snapshot
from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.shared.report import Outcome, Progress

if TYPE_CHECKING:
    from prometheus_client.core import Metric

WORK = Progress(
    embedded=90,
    payload_updated=5,
    deleted=4,
    newly_failed=3,
    embed_requests=12,
    embed_items=93,
    spent=1.5,
)


def a_snapshot(name: str = "products") -> Snapshot:
    """An engine at work, its embedder away."""
    dependencies = (
        GateHealth("catalog", GateState.CLOSED, 0.0, None, None),
        GateHealth("embedder ml", GateState.OPEN, 0.0, 9.0, "answered 500"),
        GateHealth("collection products", GateState.COOLING, 0.0, 9.0, "asked for a pause (429)"),
    )
    view = PipelineView(
        name, "products at Qdrant", EngineState.RUNNING, 8, WORK, None, None, None, dependencies, total=WORK
    )
    return Snapshot(0.0, EngineState.RUNNING, 7, (view,))


def facts(name: str = "products", *, lives: bool = True) -> Facts:
    """All there can be."""
    counts = Counts(synced=1000, pending=60, retrying=20, in_flight=30, failed=3, skipped=2, oldest_age=12.5)
    batch = BatchInFlight(1, name, "h:1:a", 1, State.EMBED, "embed", 30, 1, 1.0, 1.0, expired=False)
    workers = (Process("h:1:a", "h", "p", 1, "1"), Process("h:2:b", "h", "p", 2, "1", silent_for=61.0))
    observed = LedgerOverview({name: counts}, in_flight=(batch,), workers=workers)
    return Facts(
        snapshot=a_snapshot(name),
        observed=observed,
        observed_at=1_700_000_100.0,
        ledger_up=True,
        outcomes=Counter({(name, Outcome.OK): 2, (name, Outcome.PARTIAL): 1}),
        runs={name: LatestRun(1_700_000_050.0, 4.25, 1_700_000_000.0)},
        lives=lives,
    )


def with_work(given: Facts, **figures: int) -> Facts:
    """The same, with other figures of what was done."""
    assert given.snapshot is not None
    view = given.snapshot.pipelines[0]
    snapshot = replace(given.snapshot, pipelines=(replace(view, total=replace(view.total, **figures)),))
    return replace(given, snapshot=snapshot)


def values(families: list[Metric]) -> dict[tuple[str, ...], float]:
    """Every sample: its name and its labels' values to its value."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }
