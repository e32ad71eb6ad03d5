"""A forced run of chosen items, a run of one pipeline, and a run that is cancelled."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import ConfigError
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.run.pipeline_run import CANCELLED
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from embedconsole.sync.shared.selection import parse_selection
from sync.driving import LIMIT, report_of, snapshot_when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.items import EmbedInput, PointId, Points
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.shared.report import RunReport
    from support.shop import Shop
    from sync.rig import HeldEmbedder, MemoryCollection


async def cancel(engine: Engine) -> None:
    engine.control.cancel()


def sent_by(embedder: HeldEmbedder) -> list[int | str]:
    """The products that are sent to the embedder from now on, as they come."""
    sent: list[int | str] = []

    def note(inputs: Sequence[EmbedInput]) -> None:
        sent.extend(one.product_id for one in inputs)

    embedder.on_call = note
    return sent


@pytest.fixture
def synced(handle: EngineHandle, embedder: HeldEmbedder) -> EngineHandle:
    """All 20 products are in sync."""
    embedder.go.set()
    assert report_of(handle.run(RunOptions())).embedded == 20
    return handle


def test_only_the_chosen_items_are_embedded_again(
    synced: EngineHandle, embedder: HeldEmbedder, shop: Shop
) -> None:
    sent = sent_by(embedder)
    shop.edit([7], title="Edited meanwhile")

    options = RunOptions(force=True, only=parse_selection(["id=3", "12"]))
    report = report_of(synced.run(options))

    assert sorted(map(str, sent)) == ["12", "3", "7"]
    assert (report.outcome, report.embedded, report.embed_items, report.unchanged) == (Outcome.OK, 3, 3, 17)
    assert report_of(synced.run(RunOptions())).embedded == 0


def test_what_is_kept_is_not_paid_for_again_unless_it_was_chosen(
    synced: EngineHandle, embedder: HeldEmbedder, shop: Shop, ledger_url: str, collection: MemoryCollection
) -> None:
    # A write that failed leaves two vectors behind.
    with open_ledger(ledger_url) as ledger:
        shop.edit([4], title="Edited")
        shop.edit([5], title="Another")
        whole = collection.update

        async def fail(points: Points) -> frozenset[PointId]:
            raise ConfigError("out of order")

        collection.update = fail  # type: ignore[method-assign]
        with pytest.raises(ExceptionGroup):
            synced.run(RunOptions()).result(timeout=LIMIT)
        collection.update = whole  # type: ignore[method-assign]
        ledger.work.abandon([worker.id for worker in ledger.processes.workers()])
    sent = sent_by(embedder)

    report = report_of(synced.run(RunOptions(force=True, only=parse_selection(["4"]))))

    assert report.outcome is Outcome.OK
    assert sent == [4]


def test_a_choice_that_matches_nothing_is_told(synced: EngineHandle, ledger_url: str) -> None:
    report = report_of(synced.run(RunOptions(force=True, only=parse_selection(["id=999", "7", "id=998"]))))

    told = "No item of the catalog matches --only id=999, --only id=998"
    assert (report.outcome, report.embedded, report.message) == (Outcome.OK, 1, told)
    with open_ledger(ledger_url) as ledger:
        assert [event.message for event in ledger.history.events() if event.kind == "force"] == [told]


def test_an_unknown_column_stops_before_anything_is_done(synced: EngineHandle, ledger_url: str) -> None:
    options = RunOptions(force=True, only=parse_selection(["colour=red"]))

    with pytest.raises(ConfigError, match="no column 'colour'; it has id"):
        synced.run(options).result(timeout=LIMIT)
    with open_ledger(ledger_url) as ledger:
        assert len(ledger.history.runs()) == 1


def test_a_run_of_other_pipelines_holds_no_lease_of_this_one(
    handle: EngineHandle, embedder: HeldEmbedder, ledger_url: str
) -> None:
    with open_ledger(ledger_url) as ledger:
        held = ledger.processes.acquire(["run:products"], "somebody else")
        assert not isinstance(held, str)

        report = handle.run(RunOptions(pipelines=frozenset({"pictures"}))).result(timeout=LIMIT)
        assert report.pipelines == {}
        mine = report_of(handle.run(RunOptions(pipelines=frozenset({"products"}))))
        assert mine.outcome is Outcome.SKIPPED


def test_a_cancelled_run_ends_with_what_is_in_flight_and_the_engine_lives_on(
    handle: EngineHandle, embedder: HeldEmbedder, collection: MemoryCollection, ledger_url: str
) -> None:
    future = handle.run(RunOptions())
    assert embedder.wait_for(lambda: embedder.inside == 2)
    snapshot_when(handle, EngineState.RUNNING)
    handle.call(cancel).result(timeout=LIMIT)
    embedder.go.set()

    report = report_of(future)

    assert (report.outcome, report.message) == (Outcome.INTERRUPTED, CANCELLED)
    assert 4 <= report.embedded < 20
    assert len(collection.points) == report.embedded
    with open_ledger(ledger_url) as ledger:
        assert ledger.overview.in_flight() == []
    assert report_of(handle.run(RunOptions())).outcome is Outcome.OK
    assert len(collection.points) == 20


def test_a_forced_run_that_is_cancelled_leaves_the_rest_to_the_next_one(
    synced: EngineHandle, embedder: HeldEmbedder, collection: MemoryCollection
) -> None:
    embedder.go.clear()
    future = synced.run(RunOptions(force=True))
    assert embedder.wait_for(lambda: embedder.inside == 2)
    snapshot_when(synced, EngineState.RUNNING)
    synced.call(cancel).result(timeout=LIMIT)
    embedder.go.set()
    first = report_of(future)

    assert first.outcome is Outcome.INTERRUPTED
    assert len(collection.points) == 20, "what is to be embedded again stays searchable"
    second = report_of(synced.run(RunOptions()))
    assert (second.outcome, second.failed, second.pending) == (Outcome.OK, 0, 0)
    assert first.embedded + second.embedded >= 20


def test_a_cancel_between_runs_cancels_nothing(synced: EngineHandle) -> None:
    synced.call(cancel).result(timeout=LIMIT)

    assert report_of(synced.run(RunOptions())).outcome is Outcome.OK


def test_a_cancelled_run_is_not_taken_up_again_before_its_time(
    handle: EngineHandle, embedder: HeldEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedconsole.sync.daemon.scheduler.LOOK_EVERY", 0.01)
    reports: list[RunReport] = []
    over = threading.Event()

    def on_report(report: RunReport) -> None:
        reports.append(report)
        over.set()

    serving = handle.serve(3600.0, on_report)
    assert embedder.wait_for(lambda: embedder.inside == 2)
    snapshot_when(handle, EngineState.RUNNING)
    handle.call(cancel).result(timeout=LIMIT)
    embedder.go.set()
    assert over.wait(LIMIT)
    requests = embedder.requests

    # Twenty looks at what is due, and nothing comes of them: that can't be awaited.
    threading.Event().wait(0.2)

    assert embedder.requests == requests
    assert reports[0].pipelines["products"].outcome is Outcome.INTERRUPTED
    assert reports[0].pipelines["products"].pending > 0
    handle.drain()
    serving.result(timeout=LIMIT)
