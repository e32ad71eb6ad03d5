"""What the feed names, planned: the order of things, the guard, and a feed that fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import Refused, Transient
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.state import State
from embedconsole.sync.plan import feed_intake as intake_module
from embedconsole.sync.plan.feed_intake import WORKS_AGAIN, FeedIntake
from embedconsole.sync.plan.planner import LedgerSink, Planner, PlanResult, PlanStopped
from embedconsole.sync.shared.delete_guard import DeleteGuard, DeleteRule
from embedconsole.sync.shared.journal import Journal
from embedconsole.sync.shared.options import PlanOptions
from sync.desk import Desk
from sync.fake_feed import FakeFeed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Bench:
    """A desk with a feed, and one journal for all that is told."""

    desk: Desk
    feed: FakeFeed = field(default_factory=FakeFeed)
    journal: Journal = field(default_factory=lambda: Journal("products", None))
    fraction: float = 0.5
    stop: bool = False
    intake: FeedIntake = field(init=False)

    def __post_init__(self) -> None:
        self.intake = FeedIntake(self.feed)

    def planner(self, guard: DeleteGuard) -> Planner:
        generation = self.desk.generation
        sink = LedgerSink(self.desk.ledger, generation.id, self.desk.progress, guard, lambda: None)
        return Planner(
            catalog=self.desk.catalog,
            ledger=self.desk.ledger,
            generation=generation,
            recipe=self.desk.recipe,
            progress=self.desk.progress,
            sink=sink,
            stop=lambda: self.stop,
        )

    def guard(self) -> DeleteGuard:
        return DeleteGuard(self.desk.ledger.deletions, self.desk.generation.id, DeleteRule(self.fraction))

    def take(self) -> PlanResult:
        guard = self.guard()
        return self.intake.take(lambda: self.planner(guard), self.journal)

    def scan(self, *, full: bool) -> PlanResult:
        guard = self.guard()
        return self.intake.beside_a_scan(lambda: self.planner(guard), PlanOptions(full=full), self.journal)

    def told(self) -> list[str]:
        """What was noted since the last call."""
        self.journal.flush(self.desk.ledger)
        return [event.message for event in self.desk.ledger.history.events()]

    def due(self) -> dict[str, State]:
        return {key: state for key, state in self.desk.states().items() if state is not State.SYNCED}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Ten products in sync."""
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        desk = Desk(ledger)
        for number in range(10):
            desk.catalog.put(str(number))
        desk.plan()
        desk.work()
        yield Bench(desk)


def test_exactly_what_is_named_is_looked_at(bench: Bench) -> None:
    bench.desk.catalog.put("1", title="new", version=0)
    bench.desk.catalog.put("2", title="new, and not named", version=0)
    bench.desk.catalog.put("new")
    bench.desk.catalog.remove("3")
    bench.feed.note("1", "new", "3", "4", "1", "never heard of")

    bench.take()

    assert bench.due() == {"1": State.EMBED, "new": State.EMBED, "3": State.DELETE}
    assert not bench.feed.entries


def test_the_ledger_has_it_before_the_outbox_loses_it(bench: Bench) -> None:
    bench.desk.catalog.put("1", title="new")
    bench.desk.catalog.remove("3")
    bench.feed.note("1", "3")
    seen: list[dict[str, State]] = []
    bench.feed.on_acknowledge = lambda: seen.append(bench.due())

    bench.take()

    assert seen == [{"1": State.EMBED, "3": State.DELETE}]


def test_what_comes_meanwhile_stays(bench: Bench) -> None:
    bench.feed.note("1")
    bench.feed.on_acknowledge = lambda: bench.feed.note("2")

    bench.take()

    assert [entry.key for entry in bench.feed.entries.values()] == ["2"]


def test_a_pass_that_is_stopped_leaves_what_it_has_not_planned(bench: Bench) -> None:
    bench.feed.note("1")
    bench.stop = True

    with pytest.raises(PlanStopped):
        bench.take()

    assert bench.feed.entries


def test_a_mass_delete_of_many_pages_deletes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what comes behind it is not held up: the next scan finds the same."""
    monkeypatch.setattr(intake_module, "ENTRIES_IN_ONE_PAGE", 2)
    for key in "345678":
        bench.desk.catalog.remove(key)
        bench.feed.note(key)
    bench.desk.catalog.put("1", title="new")
    bench.feed.note("1")

    refusal = bench.take().refusal

    assert refusal is not None
    assert refusal.startswith("6 of 10 items are gone")
    assert bench.due() == {"1": State.EMBED}
    assert not bench.feed.entries
    assert bench.scan(full=False).refusal is not None


def test_what_came_in_the_first_run_may_go_in_it(tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        bench = Bench(Desk(ledger))
        for number in range(10):
            bench.desk.catalog.put(str(number))
        guard = bench.guard()
        bench.planner(guard).run(PlanOptions(full=True))
        bench.desk.catalog.remove("3")
        bench.feed.note("3")

        result = bench.intake.take(lambda: bench.planner(guard), bench.journal)

        assert result.refusal is None
        assert bench.due()["3"] is State.DELETE


def test_more_than_one_pass_is_taken_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "ENTRIES_IN_ONE_PAGE", 2)
    monkeypatch.setattr(intake_module, "ENTRIES_IN_ONE_PASS", 4)
    bench.feed.note(*"0123456789")

    bench.take()

    assert not bench.feed.entries


def test_after_a_truncate_everything_is_looked_at(bench: Bench) -> None:
    bench.desk.catalog.put("1", title="new", version=0)
    bench.desk.catalog.remove("3")
    bench.feed.note("4", None)

    bench.take()

    assert bench.due() == {"1": State.EMBED, "3": State.DELETE}
    assert not bench.feed.entries


@pytest.mark.parametrize("full", [True, False])
def test_a_scan_takes_the_feed_too(bench: Bench, full: bool) -> None:
    bench.desk.catalog.put("1", title="new", version=0)
    bench.feed.note("1")

    bench.scan(full=full)

    assert bench.due() == {"1": State.EMBED}
    assert not bench.feed.entries


def test_what_a_scan_refused_to_delete_the_feed_does_not_delete(bench: Bench) -> None:
    for key in "345678":
        bench.desk.catalog.remove(key)
    bench.feed.note("3")

    assert bench.scan(full=True).refusal is not None

    assert bench.due() == {}
    assert bench.feed.entries


def test_a_feed_that_fails_harms_no_scan_and_is_told_once(bench: Bench) -> None:
    bench.feed.fault = Refused("change feed", "no such table: embedconsole_outbox")
    bench.feed.wrong = ("the change feed is not installed",)
    bench.desk.catalog.put("1", title="new")

    for _ in range(2):
        bench.scan(full=True)
        bench.take()

    assert bench.due() == {"1": State.EMBED}
    (told,) = bench.told()
    assert told.startswith("the change feed is not installed; changes are found by the scan")
    bench.feed.fault, bench.feed.wrong = None, ()
    bench.scan(full=False)
    assert bench.told()[1:] == [WORKS_AGAIN]


def test_a_feed_that_is_away_for_a_moment_is_no_news(bench: Bench) -> None:
    bench.feed.note("1")
    bench.feed.fault = Transient("change feed", "connection reset")

    bench.take()
    bench.scan(full=True)
    bench.feed.fault = None
    bench.take()

    assert bench.told() == []
    assert not bench.feed.entries


def test_a_mass_delete_of_more_than_one_pass_deletes_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "ENTRIES_IN_ONE_PAGE", 2)
    monkeypatch.setattr(intake_module, "ENTRIES_IN_ONE_PASS", 2)
    for key in "234567":
        bench.desk.catalog.remove(key)
        bench.feed.note(key)

    refusal = bench.take().refusal

    assert refusal is not None
    assert refusal.startswith("6 of 10 items are gone")
    assert bench.due() == {}
