"""`replay --json`: a past moment for programs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.cli.exits import Exit
from embedconsole.headless.processes import process_json
from embedconsole.cli.commands.status import opened_ledger
from embedconsole.cli.output import put_json
from embedconsole.sync.observe.past import Seek, replayed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.headless.session import Session
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.history import Event, RunRecord
    from embedconsole.sync.observe.past import Replayed
    from embedconsole.sync.observe.snapshot import PipelineView
    from embedconsole.sync.resilience.gate import GateHealth


def print_past(session: Session, moment: float) -> Exit:
    """Print what was recorded last up to a moment, or first after it; what was not recorded is null.

    Raises:
        ConfigError: nothing is recorded.
    """
    collections = {pipeline.name: pipeline.collection.name for pipeline in session.pipelines}
    with opened_ledger(session) as ledger:
        seen = None if ledger is None else _found(ledger, collections, moment)
    if seen is None:
        daemon = f"{session.command} --headless"
        raise ConfigError(f"nothing is recorded yet; a daemon records what happens: {daemon}")
    put_json(_json(seen, moment))
    return Exit.IN_SYNC


def _found(ledger: Ledger, collections: Mapping[str, str], moment: float) -> Replayed | None:
    """By the pictures of the first pipeline that has any."""
    found = (replayed(ledger, collections, name, Seek(moment)) for name in collections)
    return next((seen for seen in found if seen is not None), None)


def _json(seen: Replayed, moment: float) -> dict[str, object]:
    snapshot = seen.snapshot
    pause = snapshot.pause
    return {
        "at": _iso(seen.at),
        "asked": _iso(moment),
        "state": str(snapshot.state),
        "run": snapshot.run,
        "next_run": None if snapshot.next_run is None else _iso(snapshot.next_run),
        "paused": None if pause is None else {"since": _iso(pause.since), "by": pause.by},
        "pipelines": {view.name: _pipeline(view, seen) for view in snapshot.pipelines},
        "runs": [_run(run) for run in snapshot.runs],
        "events": [_event(event) for event in snapshot.events],
        "processes": [process_json(worker) for worker in snapshot.workers],
    }


def _pipeline(view: PipelineView, seen: Replayed) -> dict[str, object]:
    known = view.name in seen.batches
    flying = [batch for batch in seen.snapshot.in_flight if batch.pipeline == view.name]
    collection = view.seen
    return {
        "state": str(view.state) if known else None,
        "counts": None if view.counts is None else asdict(view.counts),
        "progress": None if view.progress is None else asdict(view.progress),
        "rate": view.rate,
        "eta": view.eta,
        "workers": view.workers if known else None,
        "batches": seen.batches.get(view.name),
        "in_flight": [{**asdict(batch), "work": batch.work.name.lower()} for batch in flying],
        "dependencies": [_dependency(one) for one in view.dependencies],
        "collection": None
        if collection is None
        else {
            "state": None if collection.state is None else asdict(collection.state),
            "differences": list(collection.differences),
            "fault": collection.fault,
        },
    }


def _dependency(one: GateHealth) -> dict[str, object]:
    return {
        "dependency": one.name,
        "state": str(one.state),
        "since": _iso(one.since),
        "until": None if one.until is None else _iso(one.until),
        "cause": one.fault,
    }


def _run(run: RunRecord) -> dict[str, object]:
    return {
        "run": run.id,
        "kind": run.kind,
        "outcome": run.outcome,
        "worker": run.worker,
        "began": _iso(run.started_at),
        "ended": None if run.ended_at is None else _iso(run.ended_at),
    }


def _event(event: Event) -> dict[str, object]:
    return {**asdict(event), "at": _iso(event.at)}


def _iso(epoch: float) -> str:
    """As the log file has it."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%SZ}"
