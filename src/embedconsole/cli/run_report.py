"""The report of a run: one JSON object for programs, a few lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.cli.output import duration, items_word, put, put_json, say
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Session
    from embedconsole.sync.shared.report import PipelineReport, RunReport

_WORDS = {
    Outcome.OK: "in sync",
    Outcome.ABORTED: "stopped",
    Outcome.SKIPPED: "skipped",
    Outcome.INTERRUPTED: "interrupted; the next run continues",
    Outcome.PLANNED: "dry run, nothing was written",
}


def print_report(session: Session, report: RunReport, *, as_json: bool) -> None:
    """Print a run's report on stdout; problems and what to do about them on stderr."""
    if as_json:
        put_json(report.as_json())
    else:
        for name, pipeline in report.pipelines.items():
            _print_pipeline(name, pipeline)
    for name, message in report.messages.items():
        say(f"{name}: {message}")
    failed = sum(pipeline.failed for pipeline in report.pipelines.values())
    if failed and report.outcome is not Outcome.PLANNED:
        say(f"{items_word(failed)} failed: {session.command} failures (log: {session.log_path})")


def _print_pipeline(name: str, report: PipelineReport) -> None:
    put(f"{name}: {_result(report)}")
    if report.outcome is Outcome.SKIPPED:
        return
    print_figures(report)


def _result(report: PipelineReport) -> str:
    left = {"failed": report.failed, "retrying": report.retrying, "pending": report.pending}
    if report.outcome is Outcome.PARTIAL or (report.outcome is Outcome.OK and any(left.values())):
        return "finished, not in sync: " + ", ".join(
            f"{count:,} {word}" for word, count in left.items() if count
        )
    return _WORDS[report.outcome]


def print_figures(report: PipelineReport) -> None:
    """Print the counts of a pipeline's run and of its embed requests."""
    planned = report.outcome is Outcome.PLANNED
    lines = [
        [("scanned", report.scanned), ("unchanged", report.unchanged)],
        [
            ("to embed" if planned else "embedded", report.embedded),
            ("payloads to update" if planned else "payloads updated", report.payload_updated),
            ("to delete" if planned else "deleted", report.deleted),
        ],
        [("failed", report.failed), ("retrying", report.retrying), ("pending", report.pending)],
    ]
    for line in lines:
        put("  " + "   ".join(f"{word} {count:,}" for word, count in line))
    if planned:
        return
    rate = (
        f", {report.embed_items / report.seconds:,.0f} a second"
        if report.embed_items and report.seconds
        else ""
    )
    put(
        f"  {report.embed_requests:,} embed requests for {items_word(report.embed_items)} "
        f"in {duration(report.seconds)}{rate}"
    )
