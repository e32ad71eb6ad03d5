"""What the ledger and the log say."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from embedconsole.foreign_text import one_line
from embedconsole.cli.output import duration
from embedconsole.ledger.ledger import ledger_schema, open_ledger
from embedconsole.ledger.migrate import VERSION
from embedconsole.redact import mask_database_url
from embedconsole.sync.observe.process_status import read_status

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.headless.doctor.section import Facts
    from embedconsole.headless.session import Session
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.history import Event
    from embedconsole.ledger.records.processes import Process

_EVENTS = 2_000
"""How far back errors are looked for."""
_ERRORS = 20
_RUNS = 5
_LOG_LINES = 30
_LOG_BYTES = 64_000


def ledger_facts(session: Session) -> Facts:
    """Kind, schema, clock, counts, processes, runs and the last errors; reads only, and migrates nothing."""
    schema = ledger_schema(session.ledger_url)
    facts: dict[str, str | list[str]] = {"url": mask_database_url(session.ledger_url)}
    if schema is None:
        return {**facts, "schema": "none: nothing has ever run on it"}
    if schema != VERSION:
        return {**facts, "schema": f"{schema}; this version makes {VERSION} of it at its next run"}
    with open_ledger(session.ledger_url) as ledger:
        return {
            **facts,
            "kind": ledger.database.dialect,
            "schema": schema,
            "clock": _clock(ledger),
            "items": [_counts(ledger, pipeline.name) for pipeline in session.pipelines],
            "processes": [_process(worker) for worker in ledger.processes.workers()],
            "waiting for": [f"{gate.name}: {gate.fault}" for gate in ledger.gates.shut_now()],
            "last runs": [
                f"{_time(run.started_at)} #{run.id} {run.kind} by {run.worker}: {run.outcome or 'not ended'}"
                for run in ledger.history.runs(limit=_RUNS)
            ],
            "last errors": [
                _event(event) for event in ledger.history.events(limit=_EVENTS) if event.level != "info"
            ][-_ERRORS:],
        }


def log_facts(path: Path) -> Facts:
    """Where the log is, and its last lines."""
    if not path.exists():
        return {"path": str(path), "lines": "none: nothing has been logged here"}
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LOG_BYTES))
        text = file.read().decode("utf-8", "replace")
    lines = text.splitlines()
    # The first one of a piece is half a line.
    whole = lines[1:] if size > _LOG_BYTES else lines
    return {
        "path": str(path),
        "size": f"{size:,} bytes, written {_time(path.stat().st_mtime)}",
        "lines": whole[-_LOG_LINES:],
    }


def _clock(ledger: Ledger) -> str:
    before = time.time()
    database = ledger.overview.now()
    after = time.time()
    difference = database - (before + after) / 2
    return f"{difference:+.2f} s against this machine's (asked in {(after - before) * 1000:.0f} ms)"


def _counts(ledger: Ledger, pipeline: str) -> str:
    generation = ledger.generations.current(pipeline)
    if generation is None:
        return f"{pipeline}: never run"
    counts = ledger.overview.counts(generation.id)
    oldest = "" if counts.oldest_age is None else f", oldest {duration(counts.oldest_age)}"
    return (
        f"{pipeline}: synced {counts.synced:,}, pending {counts.pending:,}, retrying {counts.retrying:,}, "
        f"in flight {counts.in_flight:,}, failed {counts.failed:,}, skipped {counts.skipped:,}{oldest}"
    )


def _process(worker: Process) -> str:
    status = read_status(worker.status)
    state = "?" if status is None else status.state
    return (
        f"{worker.role or '?'} on {worker.host}, pid {worker.pid}, version {worker.version}: {state}, "
        f"heard of {duration(worker.silent_for)} ago"
    )


def _event(event: Event) -> str:
    item = f" item {event.key}" if event.key is not None else ""
    where = f" {event.pipeline}" if event.pipeline else ""
    return one_line(f"{_time(event.at)} {event.level} {event.kind}{where}{item}: {event.message}")


def _time(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
