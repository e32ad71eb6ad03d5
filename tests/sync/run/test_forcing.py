"""A forced run embeds each item exactly once more, wherever the item was when the run began."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import Unreachable
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from sync.driving import report_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import EmbedInput, Points
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from support.shop import Shop
    from sync.rig import HeldEmbedder, MemoryCollection

FORCE = RunOptions(force=True)


@pytest.fixture
def pipeline(pipeline: Pipeline) -> Pipeline:
    """Pages of five rows, so that there is work before the last one has been planned."""
    return replace(pipeline, catalog=pipeline.catalog.model_copy(update={"page_size": 5}))


@pytest.fixture
def paid(embedder: HeldEmbedder) -> Counter[int | str]:
    """How often each product was embedded."""
    paid: Counter[int | str] = Counter()

    def pay(inputs: Sequence[EmbedInput]) -> None:
        paid.update(entry.product_id for entry in inputs)

    embedder.on_call = pay
    embedder.go.set()
    return paid


def test_what_was_pending_is_paid_once(handle: EngineHandle, paid: Counter[int | str]) -> None:
    report_of(handle.run(RunOptions(limit=4)))
    done = set(paid)

    report = report_of(handle.run(FORCE))

    assert (report.outcome, report.embedded) == (Outcome.OK, 20)
    assert {key for key, count in paid.items() if count == 2} == done
    assert set(paid.values()) == {1, 2}


def test_what_changed_is_paid_once(handle: EngineHandle, shop: Shop, paid: Counter[int | str]) -> None:
    report_of(handle.run(RunOptions()))
    shop.edit([1, 8, 20], title="Edited")
    shop.edit([3, 9], price=1)

    report = report_of(handle.run(FORCE))

    assert (report.outcome, report.embedded) == (Outcome.OK, 20)
    assert set(paid.values()) == {2}


def test_what_qdrant_did_not_take_is_not_paid_for_again(
    handle: EngineHandle,
    collection: MemoryCollection,
    paid: Counter[int | str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report_of(handle.run(RunOptions()))
    upsert, failed = collection.upsert, False

    async def fail_once(points: Points) -> None:
        nonlocal failed
        if not failed:
            failed = True
            raise Unreachable("collection", "connection refused")
        await upsert(points)

    monkeypatch.setattr(collection, "upsert", fail_once)
    report_of(handle.run(FORCE))
    report = report_of(handle.run(RunOptions()))

    assert (report.outcome, report.pending) == (Outcome.OK, 0)
    assert set(paid.values()) == {2}
