"""The number of workers to call for the pending work. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.celery.process import ROLE
from embedconsole.sync.observe.other_processes import SILENT
from embedconsole.sync.observe.process_status import read_status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedconsole.ledger.records.processes import Process


def idle_beside(workers: Iterable[Process], me: str) -> int:
    """The other worker processes of the queue with a heartbeat and without a run; those with a run call
    for themselves."""
    others = (one for one in workers if one.role == ROLE and one.id != me and one.silent_for <= SILENT)
    return sum((status := read_status(one.status)) is not None and status.run is None for one in others)


def drains_wanted(waiting: int, chunk_size: int, idle: int) -> int:
    """Messages to send for so many items that wait: one a batch, and one a worker at most."""
    return min(-(-waiting // chunk_size), idle)
