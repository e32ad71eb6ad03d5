"""Driving an engine in its own thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.observe.snapshot import EngineState, Snapshot
    from embedconsole.sync.shared.report import PipelineReport, RunReport

LIMIT = 60.0
"""Seconds after which something is taken never to come."""


def report_of(future: Future[RunReport]) -> PipelineReport:
    return future.result(timeout=LIMIT).pipelines["products"]


def snapshot_when(handle: EngineHandle, state: EngineState) -> Snapshot:
    """The first snapshot in which the engine is in this state."""
    until = threading.Event()
    for _ in range(int(LIMIT / 0.01)):
        snapshot = handle.snapshot()
        if snapshot.state is state:
            return snapshot
        until.wait(0.01)
    raise AssertionError(f"never {state}")
