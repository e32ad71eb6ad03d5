"""The progress of a run of one pipeline, and the report it ends with."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from embedconsole.faults import is_misconfigured
from embedconsole.sync.shared.fault_text import stopped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedconsole.faults import Fault, FaultClass
    from embedconsole.ledger.records.items import Counts


class Outcome(StrEnum):
    """How a run ended; the words of `--json`."""

    OK = "ok"
    PARTIAL = "partial"
    ABORTED = "aborted"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"
    PLANNED = "planned"

    def words(self, failed: int) -> str:
        """For the operator, in two or three words; `failed` is how many items had failed at its end."""
        if self is Outcome.PARTIAL:
            return "some failed" if failed else "some wait"
        return _WORDS[self]


_WORDS = {
    Outcome.OK: "in sync",
    Outcome.ABORTED: "stopped",
    Outcome.SKIPPED: "skipped",
    Outcome.INTERRUPTED: "interrupted",
    Outcome.PLANNED: "dry run",
}


@dataclass(slots=True)
class Progress:
    """Counters of one run of one pipeline; changed in the engine's loop and in the planner's thread.

    Each counter has one writer, so that no lock is needed.
    """

    waiting: int = 0
    """Items that were due when the run began."""
    scanned: int = 0
    unchanged: int = 0
    planned: int = 0
    """Items that the planner found work for."""
    embedded: int = 0
    payload_updated: int = 0
    deleted: int = 0
    newly_failed: int = 0
    embed_requests: int = 0
    embed_items: int = 0
    spent: float = 0.0
    """On embeddings, as `SpendingBudget` counts."""

    def plus(self, other: Progress) -> Progress:
        """Both together."""
        return Progress(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Progress)}
        )

    @property
    def found(self) -> int:
        """Items to work on, as far as the run knows by now."""
        return self.waiting + self.planned

    @property
    def done(self) -> int:
        """Items that are done with."""
        return self.embedded + self.payload_updated + self.deleted + self.newly_failed


@dataclass(slots=True)
class Tally:
    """The work of this process in all its runs, by pipeline."""

    whole: dict[str, Progress] = field(default_factory=dict)

    def add(self, pipeline: str, progress: Progress) -> None:
        """Count a run in: one that has ended."""
        self.whole[pipeline] = self.of(pipeline).plus(progress)

    def with_runs(self, runs: Mapping[str, Progress]) -> Tally:
        """The same with the runs that have not ended."""
        tally = Tally(dict(self.whole))
        for pipeline, progress in runs.items():
            tally.add(pipeline, progress)
        return tally

    def of(self, pipeline: str) -> Progress:
        """All that was done in one."""
        return self.whole.get(pipeline) or Progress()

    @property
    def done(self) -> int:
        """Items that are done with, in all pipelines."""
        return sum(progress.done for progress in self.whole.values())


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """The result of one pipeline in a run; the figures are those of `--json` in their order.

    Attributes:
        cost: What its embeddings cost at the prices of that time; None where no price was configured.
        fault: The class of the fault that ended it.
        misconfigured: The fault is that the configuration names what is not there.
        planned: The catalog was looked at to its end.
    """

    scanned: int = 0
    embedded: int = 0
    payload_updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    retrying: int = 0
    failed: int = 0
    pending: int = 0
    embed_requests: int = 0
    embed_items: int = 0
    seconds: float = 0.0
    cost: float | None = None
    outcome: Outcome = Outcome.OK
    message: str | None = None
    fault: FaultClass | None = None
    misconfigured: bool = False
    planned: bool = False

    @property
    def changed(self) -> int:
        """Items whose point was written or deleted."""
        return self.embedded + self.payload_updated + self.deleted

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints for the pipeline."""
        values = asdict(self)
        values["seconds"] = round(self.seconds, 3)
        for name in ("cost", "outcome", "message", "fault", "misconfigured", "planned"):
            del values[name]
        return values


def report_of(progress: Progress, counts: Counts, *, seconds: float, priced: bool) -> PipelineReport:
    """The figures of a run: what it counted, and what the ledger counts at its end."""
    return PipelineReport(
        scanned=progress.scanned,
        embedded=progress.embedded,
        payload_updated=progress.payload_updated,
        deleted=progress.deleted,
        unchanged=progress.unchanged,
        retrying=counts.retrying,
        failed=counts.failed,
        pending=counts.pending - counts.retrying,
        embed_requests=progress.embed_requests,
        embed_items=progress.embed_items,
        seconds=seconds,
        cost=progress.spent if priced else None,
    )


_WORST_FIRST = (
    Outcome.INTERRUPTED,
    Outcome.ABORTED,
    Outcome.SKIPPED,
    Outcome.PARTIAL,
    Outcome.PLANNED,
    Outcome.OK,
)


@dataclass(frozen=True, slots=True)
class RunReport:
    """The result of a run."""

    run: int | None
    pipelines: dict[str, PipelineReport] = field(default_factory=dict)

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of its pipelines."""
        outcomes = {report.outcome for report in self.pipelines.values()}
        return next((outcome for outcome in _WORST_FIRST if outcome in outcomes), Outcome.OK)

    @property
    def messages(self) -> dict[str, str]:
        """Pipeline to what the operator should know about it."""
        return {name: report.message for name, report in self.pipelines.items() if report.message is not None}

    @property
    def costs(self) -> dict[str, float]:
        """Pipeline to what it cost; those without a price are left out."""
        return {name: report.cost for name, report in self.pipelines.items() if report.cost is not None}

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints; `messages` only where there is something to say."""
        report: dict[str, object] = {
            "outcome": str(self.outcome),
            "run": self.run,
            "pipelines": {name: report.as_json() for name, report in self.pipelines.items()},
        }
        if self.messages:
            report["messages"] = self.messages
        return report


def none_ran(pipelines: Iterable[str], outcome: Outcome, message: str) -> RunReport:
    """The report of a run that could not begin, and why."""
    return RunReport(None, dict.fromkeys(pipelines, PipelineReport(outcome=outcome, message=message)))


def aborted(fault: Fault) -> PipelineReport:
    """The report of a pipeline that could not begin because of a fault."""
    return stopped_by(PipelineReport(), fault)


def stopped_by(report: PipelineReport, fault: Fault) -> PipelineReport:
    """The same, ended by a fault."""
    return replace(
        report,
        outcome=Outcome.ABORTED,
        message=stopped(fault),
        fault=fault.kind,
        misconfigured=is_misconfigured(fault),
    )
