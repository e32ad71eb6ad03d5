"""The processes on the ledger, as `status` shows them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from embedconsole.headless.talk import duration, put, put_table
from embedconsole.sync.status import read_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.ledger.records.presence import Worker
    from embedconsole.sync.status import ProcessStatus


def print_processes(workers: Sequence[Worker]) -> None:
    """A line a process, and a sentence for each that is paused."""
    if not workers:
        put("no process on this ledger")
        return
    rows = []
    for worker in workers:
        status = read_status(worker.status)
        rows.append(
            [
                worker.role or "?",
                worker.host,
                str(worker.pid),
                worker.version,
                "?" if status is None else status.state,
                "" if status is None or status.rate is None else f"{status.rate:,.0f}/s",
                f"{duration(worker.silent_for)} ago",
            ]
        )
    put_table(["process", "host", "pid", "version", "state", "rate", "heard of"], rows, right=[2, 5])
    for worker in workers:
        status = read_status(worker.status)
        if status is not None and status.paused_since is not None:
            put(f"{worker.role or worker.id} on {worker.host}: {_paused(status, status.paused_since)}")


def process_json(worker: Worker) -> dict[str, object]:
    """The same for programs."""
    return {
        "id": worker.id,
        "role": worker.role,
        "host": worker.host,
        "pid": worker.pid,
        "version": worker.version,
        "up_for": round(worker.up_for, 1),
        "heard_of": round(worker.silent_for, 1),
        "status": worker.status,
    }


def _paused(status: ProcessStatus, since: float) -> str:
    by = f" by {status.paused_by}" if status.paused_by else ""
    return f"paused{by} for {duration(max(0.0, time.time() - since))}"
