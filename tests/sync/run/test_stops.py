"""A run that is stopped at once, at every stage of its batches: nothing stays held or is paid for again."""

from __future__ import annotations

import random
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import pytest

from embedconsole.catalog.sql_catalog import SqlCatalog
from embedconsole.faults import Refused
from embedconsole.ledger.items.settle import Work
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.run import components as components
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from support.databases import sqlite_database
from support.ledger_rows import LedgerRows
from sync.driving import LIMIT, report_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import Embedded, EmbedInput, Points
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from support.databases import Database
    from sync.rig import HeldEmbedder, MemoryCollection

    Embed = Callable[[Sequence[EmbedInput]], Awaitable[Embedded]]

STAGES: dict[str, tuple[type, str]] = {
    "claim": (Work, "claim"),
    "read": (SqlCatalog, "read"),
    "settle": (Work, "settle"),
}


@dataclass
class Halt:
    """The place where a run stands still until it is let go.

    Attributes:
        after: How many calls pass before one is held.
    """

    after: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def here(self) -> None:
        """Hold the caller, if it is its turn."""
        self.after -= 1
        if self.after < 0:
            self.reached.set()
            assert self.go.wait(LIMIT)

    def on(self, owner: type, name: str, monkeypatch: pytest.MonkeyPatch, *, answered: bool) -> None:
        """Hold the calls of a method, before its work or once it has been done."""
        method = getattr(owner, name)

        def held(*arguments: object, **named: object) -> object:
            if not answered:
                self.here()
            answer = method(*arguments, **named)
            if answered:
                self.here()
            return answer

        monkeypatch.setattr(owner, name, held)


@dataclass
class Bench:
    """Runs of one pipeline in engines of their own, and what they paid for."""

    pipeline: Pipeline
    ledger: LedgerRows
    embedder: HeldEmbedder
    collection: MemoryCollection
    paid: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def engine(self) -> Iterator[EngineHandle]:
        with engine_in_thread([self.pipeline], self.ledger.database.url) as handle:
            yield handle

    def stop_at(self, halt: Halt) -> None:
        """Run until the halt is reached, and send two signals there."""
        with self.engine() as handle:
            future = handle.run(RunOptions())
            assert halt.reached.wait(LIMIT)
            handle.drain()
            future.cancel()
            halt.go.set()

    def pay(self, embed: Embed) -> Embed:
        """Count what is answered: a request that is cut off has no answer to keep."""

        async def paying(inputs: Sequence[EmbedInput]) -> Embedded:
            answer = await embed(inputs)
            self.paid.update(str(entry.product_id) for entry in inputs)
            return answer

        return paying

    def assert_nothing_held(self) -> None:
        assert (self.ledger.claimed(), self.ledger.in_flight(), self.ledger.workers()) == (0, 0, set())

    def finish(self) -> None:
        """Bring everything in sync by another run."""
        with self.engine() as handle:
            report = report_of(handle.run(RunOptions()))
        assert (report.outcome, report.pending) == (Outcome.OK, 0)
        assert len(self.collection.points) == 20


@pytest.fixture
def bench(
    database: Database,
    pipeline: Pipeline,
    embedder: HeldEmbedder,
    collection: MemoryCollection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Bench:
    """A ledger on each database; the shop is in a file of its own."""
    monkeypatch.setattr("embedconsole.embedders.pool.build_embedder", lambda name, config, **_: embedder)
    monkeypatch.setattr(components, "build_itself", lambda config, name: collection)
    if database.dialect == "sqlite":
        database = sqlite_database(tmp_path, "ledger.db")
    bench = Bench(pipeline, LedgerRows(database), embedder, collection)
    monkeypatch.setattr(embedder, "embed", bench.pay(embedder.embed))
    embedder.go.set()
    return bench


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("stage", STAGES)
def test_two_signals_at_any_stage(
    bench: Bench, stage: str, answered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    halt = Halt(after=1)
    with monkeypatch.context() as patch:
        halt.on(*STAGES[stage], patch, answered=answered)
        bench.stop_at(halt)

    bench.assert_nothing_held()
    bench.finish()
    assert set(bench.paid.values()) == {1}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_two_signals_while_qdrant_writes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    halt = Halt()

    async def upsert(points: Points) -> None:
        halt.reached.set()
        await anyio.sleep_forever()

    with monkeypatch.context() as patch:
        patch.setattr(bench.collection, "upsert", upsert)
        bench.stop_at(halt)

    bench.assert_nothing_held()
    bench.finish()
    assert set(bench.paid.values()) == {1}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_two_signals_while_one_piece_of_a_batch_has_no_answer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pieces that were answered are not paid for again."""
    bench.pipeline = replace(bench.pipeline, chunk_size=20, workers=1)
    bench.embedder.batch_size = 5
    halt, answered = Halt(), threading.Semaphore(0)
    embed = bench.embedder.embed

    async def embed_but_one(inputs: Sequence[EmbedInput]) -> Embedded:
        if inputs[0].product_id == 1 and not halt.go.is_set():
            await anyio.to_thread.run_sync(lambda: [answered.acquire() for _ in range(3)])
            halt.reached.set()
            await anyio.sleep_forever()
        answer = await embed(inputs)
        answered.release()
        return answer

    monkeypatch.setattr(bench.embedder, "embed", embed_but_one)
    bench.stop_at(halt)

    bench.assert_nothing_held()
    assert len(bench.paid) == 15
    bench.finish()
    assert set(bench.paid.values()) == {1}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_batch_that_could_not_be_settled_is_given_back_by_the_next_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full: nobody else waits for the lease, and what was written is not paid for again."""

    def refuse(*_: object) -> int:
        raise Refused("ledger", "database or disk is full")

    with bench.engine() as handle:
        with monkeypatch.context() as patch:
            patch.setattr(Work, "settle", refuse)
            assert report_of(handle.run(RunOptions())).outcome is Outcome.ABORTED
        assert bench.ledger.claimed() > 0
        report = report_of(handle.run(RunOptions()))

    assert (report.outcome, report.pending) == (Outcome.OK, 0)
    assert set(bench.paid.values()) == {1}


@pytest.mark.soak
def test_rounds_of_two_signals(bench: Bench, soak: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any moment, also while there are other batches in flight."""
    chance = random.Random(soak)
    for _ in range(soak):
        halt = Halt(after=chance.randrange(8))
        with monkeypatch.context() as patch:
            halt.on(*chance.choice(list(STAGES.values())), patch, answered=chance.random() < 0.5)
            bench.stop_at(halt)
        bench.assert_nothing_held()
        bench.finish()
        assert set(bench.paid.values()) == {1}
        bench.paid.clear()
        bench.collection.points.clear()
        bench.ledger.database.run("UPDATE embedconsole_items SET synced_embed_hash = NULL, state = 1")
