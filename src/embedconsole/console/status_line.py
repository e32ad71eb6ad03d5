"""The status line: what is happening and what to do about it, in one sentence that is always true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.console.text import at_minute, at_time, clean, counted, number, rate, span_of
from embedconsole.sync.observe.other_processes import serving
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.resilience.gate import GateState
from embedconsole.sync.shared.fault_text import tried_again
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from embedconsole.console.launch import LaunchFacts
    from embedconsole.ledger.records.history import RunRecord
    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot
    from embedconsole.sync.resilience.gate import GateHealth
    from embedconsole.sync.shared.control import Pause


_CHANGES = ("embedded", "payload_updated", "deleted")


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts that the console knows in addition to the snapshot.

    Attributes:
        offset: Seconds to add to the monotonic clock to have the time since 1970.
        zone: The operator's time zone; None for the machine's.
        me: The operator, as named in their orders.
        broken: Why the engine has ended without a request to.
        attached: Nothing is synced here; others do, and take orders.
    """

    offset: float = 0.0
    zone: tzinfo | None = None
    me: str = ""
    closing: bool = False
    leaving: bool = False
    broken: str | None = None
    read_only: bool = False
    attached: bool = False


def situation(
    snapshot: Snapshot | None, pipeline: PipelineView | None, facts: LaunchFacts, standing: Standing
) -> Situation:
    """The situation that the sentence describes."""
    broken = None if standing.broken is None else clean(standing.broken)
    if snapshot is None or pipeline is None:
        return Situation(
            noun=facts.noun,
            opening=True,
            closing=standing.closing,
            draining=standing.leaving,
            broken=broken,
        )
    counts, progress = pipeline.counts, pipeline.progress
    mine = [batch for batch in snapshot.in_flight if batch.pipeline == facts.name]
    here = [batch for batch in mine if batch.worker == snapshot.worker]
    others = [batch for batch in mine if batch.worker != snapshot.worker and not batch.expired]
    last = last_run(snapshot.runs, facts.name)
    return Situation(
        noun=facts.noun,
        closing=standing.closing,
        draining=standing.leaving or snapshot.state is EngineState.DRAINING,
        broken=broken,
        ledger_fault=None if snapshot.ledger.fault is None else clean(snapshot.ledger.fault),
        silent_for=snapshot.taken_at - snapshot.ledger.since,
        asked_in=_left(snapshot.ledger, snapshot.taken_at),
        as_of=(
            ""
            if snapshot.counted_at is None
            else at_time(snapshot.counted_at + standing.offset, standing.zone)
        ),
        paused=snapshot.state is EngineState.PAUSED,
        paused_at=None if snapshot.pause is None else at_minute(snapshot.pause.since, standing.zone),
        paused_by=_who(snapshot.pause, standing.me),
        running=progress is not None,
        planning=pipeline.state is EngineState.PLANNING,
        wait=_wait(pipeline.dependencies, snapshot.taken_at),
        halted=_halted(pipeline),
        retry_in=_retry_in(pipeline, snapshot.taken_at),
        held_by=clean(others[0].worker.partition(":")[0]) if others else None,
        known=counts is not None,
        scanned=0 if progress is None else progress.scanned,
        wanted=0 if progress is None else progress.found,
        done=0 if progress is None else progress.done,
        rate=pipeline.rate,
        eta=pipeline.eta,
        pending=0 if counts is None else counts.pending,
        retrying=0 if counts is None else counts.retrying,
        failed=0 if counts is None else counts.failed,
        synced=0 if counts is None else counts.synced,
        in_flight_batches=len(here),
        elsewhere=sum(batch.items for batch in others),
        last_run=None if last is None or last.ended_at is None else at_minute(last.ended_at, standing.zone),
        changed=0 if last is None else changed_by(last, facts.name),
        next_run=(
            None
            if pipeline.next_run is None
            else at_minute(pipeline.next_run + standing.offset, standing.zone)
        ),
        read_only=standing.read_only,
        unserved=standing.attached and not serving(snapshot.workers, snapshot.worker),
    )


def _who(pause: Pause | None, me: str) -> str:
    return "you" if pause is None or pause.by in ("", me) else clean(pause.by)


def _halted(pipeline: PipelineView) -> str | None:
    if pipeline.progress is not None:
        return None
    if pipeline.halted is not None:
        return clean(pipeline.halted.reason)
    report = pipeline.last_report
    if report is not None and report.outcome is Outcome.ABORTED:
        return clean(report.message or "")
    return None


def _retry_in(pipeline: PipelineView, now: float) -> float | None:
    until = None if pipeline.halted is None else pipeline.halted.until
    return None if until is None else max(0.0, until - now)


def _wait(dependencies: Sequence[GateHealth], now: float) -> Wait | None:
    """The first dependency that holds the run up."""
    for health in dependencies:
        if health.state is not GateState.CLOSED:
            return Wait(
                who=clean(health.name),
                why=None if health.fault is None else clean(health.fault),
                seconds=_left(health, now),
                throttled=health.state is GateState.COOLING,
            )
    return None


def _left(health: GateHealth, now: float) -> float | None:
    """Seconds until it is retried."""
    return None if health.until is None else max(0.0, health.until - now)


def last_run(runs: Sequence[RunRecord], pipeline: str) -> RunRecord | None:
    """The latest run that has ended and had this pipeline in it."""
    return next((run for run in runs if run.ended_at is not None and figures_of(run, pipeline)), None)


def changed_by(run: RunRecord, pipeline: str) -> int:
    """How many items of a pipeline a run embedded, re-wrote and deleted."""
    figures = figures_of(run, pipeline)
    return sum(value for name in _CHANGES if isinstance(value := figures.get(name), int))


def figures_of(run: RunRecord, pipeline: str) -> dict[str, object]:
    """A pipeline's part of a run's report, which is JSON that some version of us has written."""
    pipelines = (run.report or {}).get("pipelines")
    figures = pipelines.get(pipeline) if isinstance(pipelines, dict) else None
    return figures if isinstance(figures, dict) else {}


_AT_ONCE = "q again leaves at once, and nothing is lost."


@dataclass(frozen=True, slots=True)
class Wait:
    """A dependency that is waited for.

    Attributes:
        who: The dependency.
        why: What it said, if it said something.
        seconds: How long still; None while it is being tried.
        throttled: It asked for a pause, rather than being away.
    """

    who: str
    why: str | None
    seconds: float | None
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """All inputs of the sentence; texts are clean, times are texts already.

    Attributes:
        closing: The engine has come to its end and is being closed.
        broken: Why the engine can't go on at all, a fault of its own.
        silent_for: Seconds that the ledger has not answered, when it does not; asked again in `asked_in`,
            None while it is being asked. `as_of` is the time of the figures, empty without any.
        halted: Why the last run was stopped, or the next can't begin.
        retry_in: Seconds until that is retried; None when it waits for the operator.
        held_by: Another process that runs this pipeline.
        known: The counts are known.
        wanted: Items to work on in this run, as far as is known; `done` of them are.
        pending: Wanting work, in flight and waiting for a retry included.
        elsewhere: Items in batches of other processes.
        changed: What the last run changed, at `last_run`.
        unserved: This console only watches, and no daemon is running on the ledger.
    """

    noun: str = "product"
    opening: bool = False
    closing: bool = False
    draining: bool = False
    broken: str | None = None
    ledger_fault: str | None = None
    silent_for: float = 0.0
    asked_in: float | None = None
    as_of: str = ""
    paused: bool = False
    paused_at: str | None = None
    paused_by: str = "you"
    running: bool = False
    planning: bool = False
    wait: Wait | None = None
    halted: str | None = None
    retry_in: float | None = None
    held_by: str | None = None
    known: bool = False
    scanned: int = 0
    wanted: int = 0
    done: int = 0
    rate: float | None = None
    eta: float | None = None
    pending: int = 0
    retrying: int = 0
    failed: int = 0
    synced: int = 0
    in_flight_batches: int = 0
    elsewhere: int = 0
    last_run: str | None = None
    changed: int = 0
    next_run: str | None = None
    read_only: bool = False
    unserved: bool = False


def sentence(now: Situation) -> str:
    """The first of these that has something to say; what needs the operator comes before progress."""
    return (
        _of_the_engine(now)
        or _of_the_ledger(now)
        or _of_pause(now)
        or _of_work(now)
        or _of_trouble(now)
        or _of_rest(now)
    )


def _of_the_engine(now: Situation) -> str | None:
    if now.broken is not None:
        return f"Stopped by an internal error: {_ended(now.broken)} The log has the details; q leaves."
    if now.closing:
        return "Leaving: closing the ledger and the collection."
    if now.draining:
        if now.in_flight_batches:
            what = counted(now.in_flight_batches, "batch")
            are = "is" if now.in_flight_batches == 1 else "are"
            return (
                f"Leaving when {what} in flight {are} written; q again leaves at once, and nothing is lost."
            )
        return f"Leaving; {_AT_ONCE}"
    if now.opening:
        return "Opening the ledger."
    return None


def _of_the_ledger(now: Situation) -> str | None:
    if now.ledger_fault is None:
        return None
    cause = _ended(now.ledger_fault)
    again = "" if now.asked_in is None else f", retrying in {span_of(now.asked_in)}"
    figures = f"; figures are from {now.as_of}" if now.as_of else ""
    return f"The ledger has not answered for {span_of(now.silent_for)}{again}{figures}. {cause}"


def _of_pause(now: Situation) -> str | None:
    if not now.paused:
        return None
    since = f"Paused by {now.paused_by} at {now.paused_at}" if now.paused_at else "Paused"
    return f"{since}; {_waiting(now)}." + ("" if now.read_only else " Space resumes.")


def _of_work(now: Situation) -> str | None:
    if not now.running:
        return None
    if now.wait is not None:
        return f"{_waiting_for(now.wait)} {_upper(_waiting(now))}."
    look = _look(now)
    if now.planning:
        found = f"{number(now.wanted)} to sync so far" if now.wanted else "nothing to sync so far"
        return f"Looking for changes: {counted(now.scanned, now.noun)} compared, {found}.{look}"
    left = max(0, now.wanted - now.done)
    if left == 0:
        return f"Finishing the run.{look}"
    if now.eta is not None:
        time = f"about {span_of(now.eta)} to go"
    else:
        time = "time to go not known yet" if now.rate is None else f"at {rate(now.rate)}"
    return f"Syncing {counted(left, now.noun)}, {time}.{look}"


def _of_trouble(now: Situation) -> str | None:
    if now.unserved:
        return f"No daemon is running on this ledger: start embedconsole --headless. {_upper(_waiting(now))}."
    if now.halted is not None:
        if now.retry_in is not None:
            again = "" if now.read_only else " Press s to retry now."
            return f"Retrying in {span_of(now.retry_in)}.{again} {_upper(_ended(now.halted))}"
        again = "" if now.read_only else " Fix it, then press s."
        return f"Stopped: {_ended(now.halted)}{again}"
    if not now.known:
        return "Nothing synced yet." if now.read_only else "Nothing synced yet; s starts the first run."
    if now.elsewhere:
        who = f" ({now.held_by})" if now.held_by else ""
        return f"Another process{who} syncs {counted(now.elsewhere, now.noun)}; {_waiting(now)}.{_look(now)}"
    if now.pending:
        if now.retrying == now.pending:
            what = f"{counted(now.pending, now.noun)} will be retried automatically"
        else:
            what = _waiting(now)
        return f"{_upper(what)}{_next(now)}.{_look(now)}"
    if now.failed:
        rest = "the rest is in sync" if now.synced else "nothing else is there"
        again = "" if now.read_only else " Press r to retry."
        return f"{counted(now.failed, now.noun)} failed; {rest}{_next(now)}.{again}"
    return None


def _of_rest(now: Situation) -> str:
    if not now.synced:
        return f"The catalog gave no {now.noun}s{_next(now)}. Add some, or look at the query."
    last = f"; last run {now.last_run} changed {number(now.changed)}" if now.last_run else ""
    return f"In sync. {counted(now.synced, now.noun)}{last}{_next(now)}."


def _waiting(now: Situation) -> str:
    if not now.known:
        return "what waits is not known yet"
    if not now.pending:
        return "nothing waits"
    return f"{counted(now.pending, now.noun)} {'waits' if now.pending == 1 else 'wait'}"


def _look(now: Situation) -> str:
    if not now.failed:
        return ""
    return f" {number(now.failed)} failed."


def _next(now: Situation) -> str:
    return f"; next run {now.next_run}" if now.next_run else ""


def _waiting_for(wait: Wait) -> str:
    why = f" ({wait.why})" if wait.why else ""
    if wait.seconds is None:
        return f"{_upper(wait.who)} does not answer{why}; retrying now."
    time = span_of(wait.seconds)
    if wait.throttled:
        return f"Waiting {time}: {wait.who} asked for a pause (429)."
    return f"{_upper(wait.who)} does not answer{why}; {tried_again(time)}."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ended(text: str) -> str:
    """Ended with a full stop, whatever it ended with before."""
    stripped = text.strip() or "no reason was given"
    return stripped if stripped[-1] in ".!?" else stripped + "."
