"""The engine in its own thread, driven from this one as the console and the headless commands do."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import Refused, Unreachable
from embedconsole.ledger.hosts.history import History
from embedconsole.ledger.items.counts import Overview
from embedconsole.ledger.items.settle import Work
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.plan.planner import Planner, PlanResult
from embedconsole.sync.shared.options import PlanOptions, RunOptions
from embedconsole.sync.shared.report import Outcome
from support.processes import wait_until
from sync.driving import LIMIT, report_of, snapshot_when

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import EmbedInput
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.shared.report import RunReport
    from support.shop import Shop
    from sync.rig import HeldEmbedder, MemoryCollection


def test_a_run_brings_the_collection_in_sync(
    handle: EngineHandle, embedder: HeldEmbedder, collection: MemoryCollection
) -> None:
    embedder.go.set()
    assert handle.snapshot().state is EngineState.IDLE

    report = report_of(handle.run(RunOptions()))

    assert report.outcome is Outcome.OK
    assert (report.scanned, report.embedded, report.failed, report.pending) == (20, 20, 0, 0)
    assert set(collection.points) == set(range(1, 21))
    snapshot = handle.snapshot()
    assert (snapshot.state, snapshot.run) == (EngineState.IDLE, None)
    assert snapshot.pipelines[0].last_report == report


def test_one_idle_worker_asks_the_ledger_for_all(
    handle: EngineHandle, embedder: HeldEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder.go.set()
    report_of(handle.run(RunOptions()))
    asked: list[str] = []
    for part, name in ((Work, "claim"), (Overview, "counts")):
        monkeypatch.setattr(part, name, _counted(getattr(part, name), name, asked))
    plan = Planner.run

    def slow_plan(planner: Planner, options: PlanOptions) -> PlanResult:
        threading.Event().wait(0.3)
        return plan(planner, options)

    monkeypatch.setattr(Planner, "run", slow_plan)
    handle.set_workers(20)

    assert report_of(handle.run(RunOptions())).outcome is Outcome.OK

    # At the beginning, after the planner, and at the end; not thirty times.
    assert asked.count("claim") <= 8
    assert asked.count("counts") <= 4


def _counted(method: Callable[..., object], name: str, asked: list[str]) -> Callable[..., object]:
    def counting(*arguments: object, **named: object) -> object:
        asked.append(name)
        return method(*arguments, **named)

    return counting


def test_snapshots_show_a_run_while_it_goes_on(handle: EngineHandle, embedder: HeldEmbedder) -> None:
    future = handle.run(RunOptions())
    assert embedder.wait_for(lambda: embedder.inside == 2)
    snapshot_when(handle, EngineState.RUNNING)
    handle.call(lambda engine: engine.count()).result(timeout=LIMIT)

    snapshot = handle.snapshot()

    (view,) = snapshot.pipelines
    assert view.progress is not None
    assert (view.progress.found, view.progress.done) == (20, 0)
    assert view.counts is not None
    assert view.counts.pending == 20
    assert view.counts.in_flight >= 4
    assert {batch.pipeline for batch in snapshot.in_flight} == {"products"}
    assert snapshot.run is not None
    before = view.progress.done
    embedder.go.set()
    assert report_of(future).embedded == 20
    assert view.progress.done == before, "a snapshot is of its moment"


def test_a_pause_holds_before_the_next_batch_and_a_resume_goes_on(
    handle: EngineHandle, embedder: HeldEmbedder, collection: MemoryCollection
) -> None:
    future = handle.run(RunOptions())
    assert embedder.wait_for(lambda: embedder.inside == 2)
    snapshot_when(handle, EngineState.RUNNING)
    handle.pause()
    snapshot_when(handle, EngineState.PAUSED)
    embedder.go.set()

    # What was claimed goes on: two embedding, and two read ahead.
    assert embedder.wait_for(lambda: embedder.inside == 0)
    for _ in range(200):
        handle.call(lambda engine: engine.count()).result(timeout=LIMIT)
        if not handle.snapshot().in_flight:
            break
    paused_at = embedder.requests
    assert handle.snapshot().in_flight == ()
    assert 2 <= paused_at < 10
    assert not future.done()
    assert len(collection.points) == 2 * paused_at

    handle.resume()

    assert report_of(future).outcome is Outcome.OK
    assert len(collection.points) == 20


def test_workers_up_and_down_take_effect_in_the_run(handle: EngineHandle, embedder: HeldEmbedder) -> None:
    future = handle.run(RunOptions())
    assert embedder.wait_for(lambda: embedder.inside == 2)

    handle.set_workers(4)
    assert embedder.wait_for(lambda: embedder.inside == 4)
    assert handle.snapshot().pipelines[0].workers == 4

    handle.set_workers(1)
    assert handle.snapshot().pipelines[0].workers == 1
    most = 0

    def watch(inputs: Sequence[EmbedInput]) -> None:
        nonlocal most
        most = max(most, embedder.inside + 1)

    assert embedder.wait_for(lambda: embedder.inside == 4)
    embedder.on_call = watch
    embedder.go.set()
    assert report_of(future).embedded == 20
    assert most <= 4


def test_a_drain_ends_the_run_with_what_is_in_flight(
    handle: EngineHandle, embedder: HeldEmbedder, collection: MemoryCollection, ledger_url: str
) -> None:
    future = handle.run(RunOptions())
    assert embedder.wait_for(lambda: embedder.inside == 2)
    handle.drain()
    snapshot_when(handle, EngineState.DRAINING)
    embedder.go.set()

    report = report_of(future)

    assert report.outcome is Outcome.INTERRUPTED
    assert 4 <= report.embedded < 20
    assert len(collection.points) == report.embedded
    with open_ledger(ledger_url) as ledger:
        assert ledger.overview.in_flight() == []
        assert ledger.processes.holder("run:products") is None
        assert [run.outcome for run in ledger.history.runs()] == ["interrupted"]


def test_a_cancelled_run_gives_back_what_is_in_flight_at_once(
    handle: EngineHandle, embedder: HeldEmbedder, ledger_url: str
) -> None:
    future = handle.run(RunOptions())
    assert embedder.wait_for(lambda: embedder.inside == 2)

    assert future.cancel()

    with pytest.raises(CancelledError):
        future.result(timeout=LIMIT)
    snapshot_when(handle, EngineState.IDLE)
    with open_ledger(ledger_url) as ledger:
        generation = ledger.generations.current("products")
        assert generation is not None
        counts = ledger.overview.counts(generation.id)
        assert (counts.pending, counts.in_flight, counts.synced, counts.retrying) == (20, 0, 0, 0)
        wait_until(lambda: ledger.processes.holder("run:products") is None, "the lease is given back")
    embedder.go.set()
    assert report_of(handle.run(RunOptions())).embedded == 20


def test_an_item_edited_after_it_was_planned_does_not_keep_the_run_from_ending(
    handle: EngineHandle, embedder: HeldEmbedder, collection: MemoryCollection, shop: Shop
) -> None:
    # Two batches embed, and the others wait to be read: their rows change meanwhile.
    future = handle.run(RunOptions())
    assert embedder.wait_for(lambda: embedder.inside == 2)
    snapshot_when(handle, EngineState.RUNNING)
    shop.edit(range(1, 21), title="Edited meanwhile")
    embedder.go.set()

    report = report_of(future)

    assert report.outcome is Outcome.OK
    titles = {point: payload["title"] for point, payload in collection.points.items()}
    assert list(titles.values()).count("Edited meanwhile") >= 12
    report_of(handle.run(RunOptions()))
    assert {payload["title"] for payload in collection.points.values()} == {"Edited meanwhile"}


def test_a_second_engine_on_the_same_ledger_is_kept_out_of_the_run(
    handle: EngineHandle, embedder: HeldEmbedder, pipeline: Pipeline, ledger_url: str
) -> None:
    future = handle.run(RunOptions())
    assert embedder.wait_for(lambda: embedder.inside == 2)

    # Another process would have another pid; ours under another id would be taken for dead.
    with engine_in_thread([pipeline], ledger_url) as other:
        other._engine.me = replace(other._engine.me, place="elsewhere")
        report = report_of(other.run(RunOptions()))

    assert report.outcome is Outcome.SKIPPED
    assert report.message is not None
    assert report.message.endswith("is already running it")
    embedder.go.set()
    assert report_of(future).outcome is Outcome.OK


def test_a_refusal_stops_the_run_and_charges_nobody(
    handle: EngineHandle, embedder: HeldEmbedder, ledger_url: str
) -> None:
    embedder.fault = Refused("embedder ml", "401 Unauthorized", remedy="Check the token")
    embedder.go.set()

    report = report_of(handle.run(RunOptions()))

    assert report.outcome is Outcome.ABORTED
    assert report.message == ("embedder ml: 401 Unauthorized; no attempts used. Check the token")
    assert (report.failed, report.retrying, report.pending) == (0, 0, 20)
    with open_ledger(ledger_url) as ledger:
        assert ledger.overview.in_flight() == []


def test_a_ledger_that_is_away_as_a_run_begins_leaves_the_engine_idle(
    handle: EngineHandle, embedder: HeldEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder.go.set()

    def away(*_: object) -> int:
        raise Unreachable("ledger", "connection refused")

    with monkeypatch.context() as patched:
        patched.setattr(History, "begin_run", away)
        report = report_of(handle.run(RunOptions()))

    assert (report.outcome, report.message) == (
        Outcome.ABORTED,
        "ledger: connection refused; nothing is lost, the next run continues",
    )
    assert handle.snapshot().state is EngineState.IDLE
    assert report_of(handle.run(RunOptions())).embedded == 20


def test_the_daemons_loop_reports_each_run_and_ends_when_drained(
    handle: EngineHandle, embedder: HeldEmbedder
) -> None:
    embedder.go.set()
    reports: list[RunReport] = []
    twice = threading.Event()

    def on_report(report: RunReport) -> None:
        reports.append(report)
        if len(reports) == 2:
            twice.set()

    serving = handle.serve(0.01, on_report)
    assert twice.wait(LIMIT)
    handle.drain()

    serving.result(timeout=LIMIT)
    assert [report.pipelines["products"].embedded for report in reports[:2]] == [20, 0]
