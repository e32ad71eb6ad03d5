"""Runs looked back at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from embedconsole.config.load import load
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.presence import Worker
from embedconsole.sync.progress import Outcome, PipelineReport, RunReport
from embedconsole.sync.recalling import Ending, costs_of, past_runs, price_of, run_in_detail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.ledger.ledger import Ledger
    from support.databases import Database

ME = Worker("web1:1:aa", "web1", "here", 1, "1.2.3")
CONFIGURATION = """\
embedders:
  dear: {type: hashing, price_per_1000: 3}
  free: {type: hashing, price_per_1000: 0}
  unpriced: {type: hashing}
pipelines:
  products:
    catalog: {url: "sqlite:///shop.db", table: products}
    embed: {embedder: dear, text: "{title}"}
    collection: {path: ./qdrant, name: products}
  both:
    catalog: {url: "sqlite:///shop.db", table: products}
    vectors: {one: {embedder: dear, text: "{title}"}, other: {embedder: free, text: "{title}"}}
    collection: {path: ./qdrant, name: both}
  unpriced:
    catalog: {url: "sqlite:///shop.db", table: products}
    embed: {embedder: unpriced, text: "{title}"}
    collection: {path: ./qdrant, name: unpriced}
"""


@dataclass
class Book:
    """A ledger and three pipelines."""

    ledger: Ledger
    pipelines: Sequence[Pipeline]

    def run(self, outcome: str, *, kind: str = "sync", **figures: object) -> int:
        """A run of `products` that has ended."""
        number = self.ledger.history.begin_run(ME.id, kind)
        self.ledger.history.end_run(number, outcome, {"pipelines": {"products": figures}})
        return number


@pytest.fixture
def book(sqlite: Database, tmp_path: Path) -> Iterator[Book]:
    """Nothing in it yet."""
    path = tmp_path / "embedconsole.yaml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    with open_ledger(sqlite.url) as ledger:
        yield Book(ledger, resolve_pipelines(load(path, environ={}).settings))


def test_what_an_embedding_costs_is_the_mean_of_its_vectors(book: Book) -> None:
    assert [price_of(pipeline) for pipeline in book.pipelines] == [0.003, 0.0015, None]


def test_a_run_tells_its_figures_cost_and_ending(book: Book) -> None:
    number = book.run(
        "partial", kind="force", embedded=7, payload_updated=2, deleted=1, failed=3, embed_items=1000
    )

    (run,) = past_runs(book.ledger, book.pipelines)

    assert (run.id, run.kind, run.host) == (number, "force", "web1")
    assert (run.embedded, run.payload_updated, run.deleted, run.failed) == (7, 2, 1, 3)
    assert run.cost == pytest.approx(3.0)
    assert (run.standing, run.words) == (Outcome.PARTIAL, "needs a look")
    assert run.seconds is not None


def test_a_run_costs_what_it_did_when_it_ended_whatever_the_price_is_now(book: Book) -> None:
    report = RunReport(
        1, {name: PipelineReport(embed_items=2000) for name in ("products", "unpriced", "gone")}
    )
    assert costs_of(report, book.pipelines) == {"products": pytest.approx(6.0)}

    number = book.ledger.history.begin_run(ME.id, "sync")
    figures = {"pipelines": {"products": {"embed_items": 2000}}, "cost": {"products": 0.5}}
    book.ledger.history.end_run(number, "ok", figures)
    (run,) = past_runs(book.ledger, book.pipelines)
    assert run.cost == 0.5


def test_items_that_only_wait_for_a_retry_need_no_look(book: Book) -> None:
    book.run("partial", retrying=4)

    assert past_runs(book.ledger, book.pipelines)[0].words == "some wait"


def test_a_pipeline_without_a_price_has_no_cost_and_one_that_is_gone_is_told_too(book: Book) -> None:
    number = book.ledger.history.begin_run(ME.id, "sync")
    report = {
        "pipelines": {"unpriced": {"embed_items": 5}, "gone": {"embedded": 4}},
        "messages": {"gone": "away"},
    }
    book.ledger.history.end_run(number, "aborted", report)

    (run,) = past_runs(book.ledger, book.pipelines)

    assert run.cost is None
    assert [(part.pipeline, part.report.message) for part in run.parts] == [
        ("unpriced", None),
        ("gone", "away"),
    ]
    assert (run.embedded, run.words) == (4, "stopped")


def test_a_run_without_an_end_is_running_while_its_process_is_there(book: Book) -> None:
    book.ledger.history.begin_run(ME.id, "sync")
    assert past_runs(book.ledger, book.pipelines)[0].standing is Ending.LOST

    book.ledger.presence.announce(ME)

    (run,) = past_runs(book.ledger, book.pipelines)
    assert (run.standing, run.words, run.version) == (Ending.RUNNING, "running", "1.2.3")
    assert (run.seconds, run.cost, run.parts) == (None, None, ())


def test_a_report_of_another_shape_is_no_reason_to_fail(book: Book) -> None:
    for report in (
        {},
        {"pipelines": 3},
        {"pipelines": {"products": 3}},
        {"pipelines": {"products": {"failed": "x"}}},
    ):
        number = book.ledger.history.begin_run(ME.id, "sync")
        book.ledger.history.end_run(number, "of another time", report)

    assert {(run.failed, run.words) for run in past_runs(book.ledger, book.pipelines)} == {(0, "broken off")}


def test_runs_come_in_pages(book: Book) -> None:
    numbers = [book.run("ok") for _ in range(5)]

    first = past_runs(book.ledger, book.pipelines, limit=2)
    second = past_runs(book.ledger, book.pipelines, limit=9, before=first[-1].id)

    assert [run.id for run in (*first, *second)] == numbers[::-1]


def test_in_detail_a_run_has_what_went_wrong_while_it_went_on(book: Book) -> None:
    book.ledger.history.record("products", [("error", "item", "before it", "1")])
    number = book.ledger.history.begin_run(ME.id, "sync")
    noted = [("warning", "item", "no picture", "7"), ("info", "run", "begun", None)]
    book.ledger.history.record("products", noted)
    book.ledger.history.record("pictures", [("error", "item", "of another pipeline", "9")])
    book.ledger.history.record(None, [("error", "ledger", "away for a while", None)])
    book.ledger.history.end_run(number, "partial", {"pipelines": {"products": {"failed": 1}}})
    # Moments are to the millisecond, and all this took less.
    begun = book.ledger.history.run(number)
    assert begun is not None
    [before, *_] = book.ledger.history.events()

    seen = run_in_detail(book.ledger, book.pipelines, number)

    assert seen is not None
    told = [event for event in seen.events if event != before]
    assert [event.message for event in told] == ["no picture", "away for a while"]
    assert run_in_detail(book.ledger, book.pipelines, number + 1) is None


def test_a_process_that_left_keeps_its_version_in_the_report(book: Book) -> None:
    number = book.ledger.history.begin_run(ME.id, "sync")
    book.ledger.history.end_run(number, "ok", {"version": "0.9", "pipelines": {}})

    assert past_runs(book.ledger, book.pipelines)[0].version == "0.9"


def test_silence_for_long_is_no_run(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    book.ledger.history.begin_run(ME.id, "sync")
    monkeypatch.setattr(book.ledger.presence, "workers", lambda: [replace(ME, silent_for=3600.0)])

    assert past_runs(book.ledger, book.pipelines)[0].standing is Ending.LOST
