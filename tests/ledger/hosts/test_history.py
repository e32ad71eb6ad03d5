"""Runs and events, and that they never outgrow what is kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.hosts import history
from embedconsole.ledger.schema import events, runs

if TYPE_CHECKING:
    import pytest

    from embedconsole.ledger.ledger import Ledger
    from ledger.shelf import Shelf


def test_a_run_is_there_from_its_begin_and_tells_its_end(ledger: Ledger) -> None:
    first = ledger.history.begin_run("host:1:aaaaaa", "sync")
    second = ledger.history.begin_run("host:2:bbbbbb", "due")
    report = {"outcome": "ok", "pipelines": {"products": {"scanned": 3, "name": "café"}}}

    ledger.history.end_run(first, "ok", report)

    newest, oldest = ledger.history.runs()
    assert (newest.id, newest.kind, newest.worker) == (second, "due", "host:2:bbbbbb")
    assert (newest.ended_at, newest.outcome, newest.report) == (None, None, None)
    assert (oldest.id, oldest.outcome, oldest.report) == (first, "ok", report)
    assert oldest.ended_at is not None
    now = ledger.database.scalar(select(now_ms())) / 1000
    assert now - 60 < oldest.started_at <= oldest.ended_at <= now
    assert [run.id for run in ledger.history.runs(limit=1)] == [second]


def test_events_are_read_oldest_first_from_where_one_was(ledger: Ledger) -> None:
    ledger.history.record("products", [])
    ledger.history.record(
        "products", [("warning", "item", "no picture", "7"), ("info", "run", "begun", None)]
    )
    ledger.history.record(None, [("error", "ledger", "away\nfor a while", None)])

    told = ledger.history.events()

    assert [(event.pipeline, event.level, event.kind, event.message, event.key) for event in told] == [
        ("products", "warning", "item", "no picture", "7"),
        ("products", "info", "run", "begun", None),
        (None, "error", "ledger", "away\nfor a while", None),
    ]
    assert ledger.history.events(after=told[1].id) == told[2:]
    assert ledger.history.events(limit=2) == told[1:], "the latest, not the first"
    assert ledger.history.events(after=told[2].id) == []
    assert ledger.history.events(before=told[2].id, limit=1) == told[1:2]
    now = ledger.database.scalar(select(now_ms())) / 1000
    assert all(now - 60 < event.at <= now for event in told)


def test_old_runs_and_events_are_pruned_when_a_run_ends(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "KEEP_RUNS", 3)
    monkeypatch.setattr(history, "KEEP_EVENTS", 4)
    for number in range(6):
        run = ledger.history.begin_run("w", "sync")
        ledger.history.record("products", [("info", "run", str(number), None)] * 2)
        if number == 4:
            assert ledger.database.scalar(select(func.count()).select_from(runs)) == 5
            assert ledger.database.scalar(select(func.count()).select_from(events)) == 10

    ledger.history.end_run(run, "ok", {})

    assert [kept.id for kept in ledger.history.runs()] == [run, run - 1, run - 2]
    assert [event.message for event in ledger.history.events()] == ["4", "4", "5", "5"]


def test_the_runs_of_a_busy_feed_push_no_others_out(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEEP_RUNS", 3)
    nightly = ledger.history.begin_run("w", "sync")
    ledger.history.end_run(nightly, "ok", {})
    fed = [ledger.history.begin_run("w", "feed") for _ in range(6)]

    ledger.history.end_run(fed[-1], "ok", {})

    assert [kept.id for kept in ledger.history.runs()] == [*reversed(fed[-3:]), nightly]


def test_runs_are_paged_and_found_by_number(ledger: Ledger) -> None:
    numbers = [ledger.history.begin_run("w", "sync") for _ in range(5)]
    ledger.history.end_run(numbers[0], "ok", {"outcome": "ok"})

    assert [run.id for run in ledger.history.runs(2, before=numbers[3])] == [numbers[2], numbers[1]]
    one = ledger.history.run(numbers[0])
    assert one is not None
    assert (one.outcome, one.report) == ("ok", {"outcome": "ok"})
    assert ledger.history.run(numbers[-1] + 1) is None


def test_runs_that_had_begun_at_a_moment(ledger: Ledger) -> None:
    first, second = (ledger.history.begin_run("w", "sync") for _ in range(2))
    for number, began in ((first, 1_000), (second, 2_001)):
        ledger.database.execute(update(runs).where(runs.c.id == number).values(started_at=began))

    assert [run.id for run in ledger.history.runs_begun(2.001)] == [second, first]
    assert [run.id for run in ledger.history.runs_begun(2.001, limit=1)] == [second]
    assert [run.id for run in ledger.history.runs_begun(2.0)] == [first]
    assert ledger.history.runs_begun(0.999) == []


def test_events_of_one_item_and_of_a_span_of_time(shelf: Shelf) -> None:
    history_, failed = shelf.ledger.history, [("warning", "item", "no picture", "a")]
    history_.record("products", [*failed, ("info", "run", "begun", None), ("warning", "item", "bad", "A")])
    history_.record("pictures", failed)
    shelf.pass_time(600)
    history_.record("products", [("error", "item", "still none", "a")])

    assert [event.message for event in history_.events_of("products", "a")] == ["no picture", "still none"]
    assert [event.message for event in history_.events_of("products", "a", limit=1)] == ["still none"]
    *early, last = history_.events()
    span = history_.events_between(early[0].at, early[-1].at + 1)
    assert span == early
    assert history_.events_between(early[0].at, early[-1].at + 1, limit=1) == early[-1:]
    assert history_.events_between(last.at, last.at + 1) == [last]
