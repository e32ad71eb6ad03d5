"""Runs looked back at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.processes import Process
from embedconsole.sync.observe.run_history import NoOutcome, past_runs, run_in_detail
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.ledger.ledger import Ledger
    from support.databases import Database

ME = Process("web1:1:aa", "web1", "here", 1, "1.2.3")


@dataclass
class Book:
    """A ledger to note runs in."""

    ledger: Ledger

    def run(self, outcome: str, *, kind: str = "sync", cost: float | None = None, **figures: object) -> int:
        """A run of `products` that has ended."""
        number = self.ledger.history.begin_run(ME.id, kind)
        costs = {} if cost is None else {"cost": {"products": cost}}
        self.ledger.history.end_run(number, outcome, {"pipelines": {"products": figures}, **costs})
        return number


@pytest.fixture
def book(sqlite: Database) -> Iterator[Book]:
    """Nothing in it yet."""
    with open_ledger(sqlite.url) as ledger:
        yield Book(ledger)


def test_a_run_tells_its_figures_cost_and_ending(book: Book) -> None:
    number = book.run("partial", kind="force", cost=3.0, embedded=7, payload_updated=2, deleted=1, failed=3)

    (run,) = past_runs(book.ledger)

    assert (run.id, run.kind, run.host) == (number, "force", "web1")
    assert (run.embedded, run.payload_updated, run.deleted, run.failed) == (7, 2, 1, 3)
    assert run.cost == 3.0
    assert (run.standing, run.words) == (Outcome.PARTIAL, "some failed")
    assert run.seconds is not None


def test_items_that_only_wait_for_a_retry_need_no_look(book: Book) -> None:
    book.run("partial", retrying=4)

    assert past_runs(book.ledger)[0].words == "some wait"


def test_a_pipeline_without_a_cost_has_none_and_one_that_is_not_configured_is_told_too(book: Book) -> None:
    number = book.ledger.history.begin_run(ME.id, "sync")
    report = {
        "pipelines": {"unpriced": {"embed_items": 5}, "gone": {"embedded": 4}},
        "messages": {"gone": "away"},
    }
    book.ledger.history.end_run(number, "aborted", report)

    (run,) = past_runs(book.ledger)

    assert run.cost is None
    assert [(part.pipeline, part.report.message) for part in run.parts] == [
        ("unpriced", None),
        ("gone", "away"),
    ]
    assert (run.embedded, run.words) == (4, "stopped")


def test_a_run_without_an_end_is_running_while_its_process_is_there(book: Book) -> None:
    book.ledger.history.begin_run(ME.id, "sync")
    assert past_runs(book.ledger)[0].standing is NoOutcome.LOST

    book.ledger.processes.announce(ME)

    (run,) = past_runs(book.ledger)
    assert (run.standing, run.words, run.version) == (NoOutcome.RUNNING, "running", "1.2.3")
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

    assert {(run.failed, run.words) for run in past_runs(book.ledger)} == {(0, "killed")}


def test_runs_come_in_pages(book: Book) -> None:
    numbers = [book.run("ok") for _ in range(5)]

    first = past_runs(book.ledger, limit=2)
    second = past_runs(book.ledger, limit=9, before=first[-1].id)

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

    seen = run_in_detail(book.ledger, number)

    assert seen is not None
    told = [event for event in seen.events if event != before]
    assert [event.message for event in told] == ["no picture", "away for a while"]
    assert run_in_detail(book.ledger, number + 1) is None


def test_a_process_that_left_keeps_its_version_in_the_report(book: Book) -> None:
    number = book.ledger.history.begin_run(ME.id, "sync")
    book.ledger.history.end_run(number, "ok", {"version": "0.9", "pipelines": {}})

    assert past_runs(book.ledger)[0].version == "0.9"


def test_silence_for_long_is_no_run(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    book.ledger.history.begin_run(ME.id, "sync")
    monkeypatch.setattr(book.ledger.processes, "workers", lambda: [replace(ME, silent_for=3600.0)])

    assert past_runs(book.ledger)[0].standing is NoOutcome.LOST
