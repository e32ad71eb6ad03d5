"""The processes on the ledger, as `status` shows them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from embedconsole.cli.output import duration, put, put_table
from embedconsole.sync.observe.other_processes import SILENT
from embedconsole.sync.observe.process_status import read_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.ledger.records.processes import Process
    from embedconsole.sync.observe.process_status import ProcessStatus


def print_processes(workers: Sequence[Process]) -> None:
    """A line a process, what all do together, and a sentence for each that is paused."""
    if not workers:
        put("no process on this ledger")
        return
    rows = []
    for worker in workers:
        state, rate = _state(worker), _rate(worker)
        rows.append(
            [
                worker.role or "?",
                worker.host,
                str(worker.pid),
                worker.version,
                state,
                "" if rate is None else f"{rate:,.0f}/s",
                f"{duration(worker.silent_for)} ago",
            ]
        )
    put_table(["process", "host", "pid", "version", "state", "rate", "heard of"], rows, right=[2, 5])
    if len(workers) > 1:
        put(_together(workers))
    for worker in workers:
        status = _believed(worker)
        if status is not None and status.paused_since is not None:
            put(f"{worker.role or worker.id} on {worker.host}: {_paused(status, status.paused_since)}")


def process_json(worker: Process) -> dict[str, object]:
    """The same for programs; `rate` is in items a second, None when nothing is being done."""
    return {
        "id": worker.id,
        "role": worker.role,
        "host": worker.host,
        "pid": worker.pid,
        "version": worker.version,
        "up_for": round(worker.up_for, 1),
        "heard_of": round(worker.silent_for, 1),
        "state": _state(worker),
        "rate": _rate(worker),
        "status": worker.status,
    }


def _believed(worker: Process) -> ProcessStatus | None:
    """What it said it does, unless that is long ago: it may have gone down with its host."""
    return None if worker.silent_for > SILENT else read_status(worker.status)


def _state(worker: Process) -> str:
    if worker.silent_for > SILENT:
        return "silent"
    status = _believed(worker)
    return "?" if status is None else status.state


def _rate(worker: Process) -> float | None:
    status = _believed(worker)
    return None if status is None else status.rate


def _together(workers: Sequence[Process]) -> str:
    hosts = len({worker.host for worker in workers})
    rates = [rate for worker in workers if (rate := _rate(worker)) is not None]
    versions = sorted({worker.version for worker in workers})
    told = f"{len(workers)} processes on {hosts} host{'' if hosts == 1 else 's'}"
    if rates:
        told += f", together {sum(rates):,.0f}/s"
    return f"{told}; versions {', '.join(versions)}" if len(versions) > 1 else told


def _paused(status: ProcessStatus, since: float) -> str:
    by = f" by {status.paused_by}" if status.paused_by else ""
    return f"paused{by} for {duration(max(0.0, time.time() - since))}"
