"""A collection that is away when a run begins: the batches say what they wait for. Scenario 50."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from embedconsole.faults import Unreachable
from embedconsole.sync.resilience.gate import FAILURES_TO_OPEN
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from sync.driving import report_of

if TYPE_CHECKING:
    import pytest

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import CollectionState
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from support.shop import Shop
    from sync.rig import HeldEmbedder, MemoryCollection


def test_batches_that_wait_for_the_collection_are_in_stage_check_and_not_indexed(
    handle: EngineHandle,
    pipeline: Pipeline,
    embedder: HeldEmbedder,
    collection: MemoryCollection,
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    embedder.go.set()
    assert report_of(handle.run(RunOptions())).embedded == 20
    shop.edit(range(1, 21), title="Edited")

    asked: list[None] = []

    async def away() -> CollectionState | None:
        asked.append(None)
        raise Unreachable("Qdrant", "can't be reached")

    monkeypatch.setattr(collection, "describe", away)
    # A collection that is on a server: it is not looked at before there is work for it.
    monkeypatch.setattr("embedconsole.sync.run.pipeline_run.is_lost", lambda *_: False)
    caplog.set_level(logging.INFO, "embedconsole")

    report = report_of(handle.run(RunOptions()))

    assert (report.outcome, report.pending, report.embed_requests) == (Outcome.ABORTED, 20, 0)
    assert "can't be reached" in (report.message or "")
    # No batch asks again once the run has ended.
    assert len(asked) == FAILURES_TO_OPEN * pipeline.retry.call_attempts
    lines = [record.getMessage() for record in caplog.records if " batch " in record.getMessage()]
    returned = [line for line in lines if line.startswith("Returned batch")]
    assert returned
    assert any(
        re.search(r"0 of \d+ items \(read [\d.]+ s, check [\d.]+ s, finish", line) for line in returned
    )
    assert not [line for line in lines if line.startswith("Indexed")]
