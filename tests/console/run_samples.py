"""Made-up runs to look at: fixed values, no clock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from console.samples import EVENTS, EVIL, ME, OTHER, WALL, busy, event
from embedconsole.sync.observe.run_history import NoOutcome, PastRun, RunInDetail, RunPart
from embedconsole.sync.shared.report import Outcome, PipelineReport

if TYPE_CHECKING:
    from embedconsole.sync.observe.snapshot import Snapshot

_PRICE = 0.00022


def past_run(
    number: int, standing: Outcome | NoOutcome = Outcome.OK, *, ago: float = 0.0, **figures: int
) -> PastRun:
    """A run of `products` that began so many seconds ago and took a thousandth of a second an item."""
    embedded = figures.get("embedded", 0)
    seconds = 0.4 + embedded / 1000
    requests = -(-embedded // 100)
    report = PipelineReport(
        scanned=figures.get("scanned", 987_655),
        unchanged=figures.get("unchanged", 987_000),
        embedded=embedded,
        payload_updated=figures.get("payload_updated", 0),
        deleted=figures.get("deleted", 0),
        failed=figures.get("failed", 0),
        retrying=figures.get("retrying", 0),
        pending=figures.get("pending", 0),
        embed_requests=requests,
        embed_items=embedded,
        seconds=seconds,
        cost=embedded * _PRICE,
    )
    return PastRun(
        id=number,
        kind="sync",
        worker=ME,
        version="0.1.0",
        began=WALL - ago,
        seconds=seconds,
        standing=standing,
        parts=(RunPart("products", report),),
    )


def _running(number: int, worker: str) -> PastRun:
    return PastRun(number, "sync", worker, "0.1.0", WALL - 95, None, NoOutcome.RUNNING)


REFUSED = "embedding service ml: it refused the key (401). Set ML_TOKEN"


def many(count: int = 40) -> tuple[PastRun, ...]:
    """One going on, all endings, two hosts, and an hour between those that are long over; newest first."""
    aborted = past_run(1_994, Outcome.ABORTED, ago=7_300, pending=4_001)
    told = replace(aborted.parts[0].report, message=REFUSED)
    first = (
        _running(1_999, ME),
        replace(past_run(1_998, ago=1_300, embedded=12, payload_updated=340), kind="due", worker=OTHER),
        past_run(1_997, Outcome.PARTIAL, ago=3_000, embedded=2_000, deleted=17, failed=3),
        replace(past_run(1_996, ago=5_000, embedded=987_655), kind="force"),
        past_run(1_995, Outcome.INTERRUPTED, ago=7_000, embedded=400, pending=12_000),
        replace(aborted, parts=(replace(aborted.parts[0], report=told),)),
        replace(past_run(1_993, ago=20_000), standing=NoOutcome.LOST, seconds=None, parts=(), worker=OTHER),
        past_run(1_992, Outcome.PARTIAL, ago=24_000, embedded=99, retrying=12),
    )
    rest = (past_run(1_991 - at, ago=30_000 + at * 3_600, embedded=at * 37 % 11) for at in range(count - 8))
    return (*first, *rest)


def while_one_goes_on() -> Snapshot:
    """The engine in the middle of the newest of them."""
    engine = busy()
    views = tuple(replace(view, run=1_999) for view in engine.pipelines)
    return replace(engine, run=1_999, pipelines=views)


def in_detail() -> RunInDetail:
    """The run in which three products were refused."""
    return RunInDetail(many()[2], EVENTS)


def hostile_runs() -> tuple[PastRun, ...]:
    """Every text of a run tries to be more than text."""
    run = past_run(7, ago=60, embedded=5)
    part = replace(
        run.parts[0], pipeline=EVIL, report=replace(run.parts[0].report, message=EVIL + "日本語" * 40)
    )
    return (replace(run, kind=EVIL, worker=f"{EVIL}日本語:1:x", version=EVIL, parts=(part,)),)


def hostile_detail() -> RunInDetail:
    """The same in full."""
    return RunInDetail(hostile_runs()[0], (event(1, EVIL, EVIL * 9, key=EVIL),))
