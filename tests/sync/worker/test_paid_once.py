"""A chunk goes out in several pieces: one that fails must not cost the others a second time. Invariant 3."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from embedconsole.config.settings import RetryConfig
from embedconsole.faults import Unreachable
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from sync.driving import report_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import EmbedInput
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from sync.rig import HeldEmbedder, MemoryCollection


@pytest.fixture
def pipeline(pipeline: Pipeline) -> Pipeline:
    """One chunk with all products, which the embedder takes five at a time, and one try a call."""
    return replace(pipeline, chunk_size=20, workers=1, retry=RetryConfig(call_attempts=1))


def test_the_other_pieces_are_written_and_not_paid_for_again(
    handle: EngineHandle, embedder: HeldEmbedder, collection: MemoryCollection
) -> None:
    embedder.batch_size = 5
    paid: Counter[int | str] = Counter()
    refused = 0

    def on_call(inputs: Sequence[EmbedInput]) -> None:
        nonlocal refused
        keys = [entry.product_id for entry in inputs]
        if 7 in keys and not refused:
            refused += 1
            assert len(keys) == 5
            raise Unreachable("embedder ml", "connection refused")
        paid.update(keys)

    embedder.on_call = on_call
    embedder.go.set()

    report = report_of(handle.run(RunOptions()))

    assert (report.outcome, report.embedded) == (Outcome.OK, 20)
    assert refused == 1
    assert set(collection.points) == set(range(1, 21))
    assert set(paid) == set(range(1, 21))
    assert set(paid.values()) == {1}
