"""Overview of all pipelines and processes by the ledger at one moment, for the alert rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.ledger.records.items import Counts
from embedconsole.sync.run.generations import generation_of
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.history import RunRecord
    from embedconsole.ledger.records.processes import Process, SharedGate
    from embedconsole.ledger.records.work import BatchInFlight

_PAGE = 50
_LOOK_BACK = 1000
"""Runs that are looked through for a pipeline's latest ones."""

_CAME_TO_ITS_END = (Outcome.OK, Outcome.PARTIAL)


@dataclass(frozen=True, slots=True)
class LatestRun:
    """A pipeline's latest run in any process, and when one last came to its end; seconds since 1970.

    Attributes:
        succeeded_at: Items may have failed in it, but everything was compared; None when there was none.
    """

    ended_at: float
    seconds: float
    succeeded_at: float | None


@dataclass(frozen=True, slots=True)
class LedgerOverview:
    """The ledger at one moment; mappings by pipeline.

    Attributes:
        runs: Without those that only worked off pending items; none for a pipeline that never ran.
    """

    counts: Mapping[str, Counts] = field(default_factory=dict)
    gates: tuple[SharedGate, ...] = ()
    in_flight: tuple[BatchInFlight, ...] = ()
    workers: tuple[Process, ...] = ()
    runs: Mapping[str, LatestRun] = field(default_factory=dict)


def observe(ledger: Ledger, pipelines: Sequence[Pipeline]) -> LedgerOverview:
    """Ask the ledger; blocks.

    Raises:
        Fault: it does not answer.
    """
    counts = {}
    for pipeline in pipelines:
        generation = generation_of(pipeline, ledger)
        counts[pipeline.name] = Counts() if generation is None else ledger.overview.counts(generation.id)
    return LedgerOverview(
        counts=counts,
        gates=tuple(ledger.gates.known()),
        in_flight=tuple(ledger.overview.in_flight()),
        workers=tuple(ledger.processes.workers()),
        runs=_latest_runs(ledger, [pipeline.name for pipeline in pipelines]),
    )


def _latest_runs(ledger: Ledger, names: Sequence[str]) -> dict[str, LatestRun]:
    found: dict[str, LatestRun] = {}
    before: int | None = None
    for _ in range(0, _LOOK_BACK, _PAGE):
        page = ledger.history.runs(_PAGE, before=before)
        for record in page:
            for name in names:
                _look(record, name, found)
        if len(page) < _PAGE or all(name in found and found[name].succeeded_at for name in names):
            break
        before = page[-1].id
    return found


def _look(record: RunRecord, name: str, found: dict[str, LatestRun]) -> None:
    """Take a run in; they come newest first."""
    latest = found.get(name)
    if record.ended_at is None or record.kind == "due" or (latest and latest.succeeded_at):
        return
    report = record.report or {}
    parts, outcomes = report.get("pipelines"), report.get("outcomes")
    if not isinstance(parts, dict) or name not in parts:
        return
    outcome = outcomes.get(name) if isinstance(outcomes, dict) else record.outcome
    succeeded_at = record.ended_at if outcome in _CAME_TO_ITS_END else None
    if latest is not None:
        found[name] = LatestRun(latest.ended_at, latest.seconds, succeeded_at)
    elif outcome != Outcome.SKIPPED:
        found[name] = LatestRun(record.ended_at, float(parts[name].get("seconds", 0.0)), succeeded_at)
