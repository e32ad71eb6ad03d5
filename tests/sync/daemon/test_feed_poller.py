"""Between runs: feeds are looked at, taken with a run of their own, and left alone when they fail."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import anyio
import anyio.to_thread
import pytest

from embedconsole.config.sections.collection import CollectionConfig
from embedconsole.faults import Refused
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.processes import Process
from embedconsole.sync.daemon import feed_poller as feedwatch
from embedconsole.sync.daemon import scheduler
from embedconsole.sync.daemon.scheduler import Schedulers
from embedconsole.sync.plan.feed_intake import FeedIntake
from embedconsole.sync.shared.control import Control
from embedconsole.sync.shared.report import Outcome, PipelineReport, RunReport
from sync.fake_feed import FakeFeed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.shared.control import Halt
    from embedconsole.sync.shared.options import RunOptions

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class PlayedPipeline:
    name: str = "products"
    collection: CollectionConfig = field(
        default_factory=lambda: CollectionConfig(url="http://localhost", name="products")
    )


@dataclass(frozen=True)
class PlayedAssembly:
    intake: FeedIntake
    pipeline: PlayedPipeline = field(default_factory=PlayedPipeline)


@dataclass
class PlayedEngine:
    """Takes the feed at once, unless somebody else holds the run.

    Attributes:
        ran: The kind and the options of each run.
    """

    ledger: Ledger
    feed: FakeFeed
    me: Process
    all_components: tuple[PlayedAssembly, ...] = ()
    control: Control = field(default_factory=Control)
    next_runs: dict[str, float] = field(default_factory=dict)
    halted: dict[str, Halt] = field(default_factory=dict)
    serves: bool = False
    running: frozenset[str] = frozenset()
    held_elsewhere: bool = False
    ran: list[tuple[str, RunOptions]] = field(default_factory=list)

    async def run(self, options: RunOptions, *, kind: str = "sync") -> RunReport:
        self.ran.append((kind, options))
        outcome = Outcome.SKIPPED if self.held_elsewhere else Outcome.OK
        if outcome is Outcome.OK:
            self.feed.entries.clear()
        return RunReport(len(self.ran), {"products": PipelineReport(outcome=outcome)})

    @property
    def busy(self) -> bool:
        return bool(self.running)

    async def bury_the_dead(self) -> None:
        """Nobody is dead."""

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.ran]


async def nothing_due(*_: object) -> bool:
    return False


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks come a hundred times as often."""
    monkeypatch.setattr(feedwatch, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(scheduler, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(scheduler, "something_due", nothing_due)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        yield ledger


@pytest.fixture
async def engine(ledger: Ledger) -> AsyncIterator[PlayedEngine]:
    """An engine that is attended to, its first run done."""
    feed = FakeFeed()
    engine = PlayedEngine(ledger, feed, Process("host:1:aaaaaa", "host", "place", 1, "0.1"))
    engine.all_components = (PlayedAssembly(FeedIntake(feed)),)
    async with anyio.create_task_group() as group:
        group.start_soon(Schedulers(cast("Engine", engine), 3600.0).attend)
        await until(lambda: engine.kinds == ["sync"])
        yield engine
        engine.control.drain()


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not condition():  # noqa: ASYNC110 - nothing tells of every change
            await anyio.sleep(0.005)


async def looked_at(feed: FakeFeed, times: int = 3) -> None:
    """Wait until a feed has been asked some more times."""
    asked = feed.asked
    await until(lambda: feed.asked >= asked + times)


async def test_what_waits_is_taken_by_a_run_of_its_own(engine: PlayedEngine) -> None:
    scheduled = dict(engine.next_runs)
    engine.feed.note("1", "2", "3")

    await until(lambda: engine.kinds == ["sync", "feed"])

    _, options = engine.ran[-1]
    assert (options.feed, options.patient, options.pipelines) == (True, True, frozenset({"products"}))
    await looked_at(engine.feed)
    assert engine.kinds == ["sync", "feed"]
    assert engine.next_runs == scheduled


async def test_who_writes_row_by_row_does_not_cause_a_run_for_each(
    engine: PlayedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_FEEDS_APART", 0.3)
    began = time.monotonic()
    for number in range(40):
        engine.feed.note(str(number))
        await looked_at(engine.feed, 1)

    await until(lambda: not engine.feed.entries)
    assert engine.kinds.count("feed") <= 2 + (time.monotonic() - began) / 0.3


async def test_nothing_is_taken_while_paused(engine: PlayedEngine) -> None:
    engine.control.pause("anna")
    engine.feed.note("1")
    await looked_at(engine.feed)
    assert engine.kinds == ["sync"]

    engine.control.resume()
    await until(lambda: engine.kinds == ["sync", "feed"])


async def test_while_a_run_goes_on_that_takes_it(engine: PlayedEngine) -> None:
    await looked_at(engine.feed)
    engine.running = frozenset({"products"})
    asked = engine.feed.asked
    engine.feed.note("1")
    await anyio.sleep(0.1)
    # One look may have been under way.
    assert engine.feed.asked <= asked + 1


async def test_what_another_process_plans_is_left_to_it_for_a_while(
    engine: PlayedEngine,
) -> None:
    engine.held_elsewhere = True
    engine.feed.note("1")
    await until(lambda: engine.kinds == ["sync", "feed"])
    await looked_at(engine.feed)
    assert engine.kinds == ["sync", "feed"]
    assert engine.feed.entries


async def test_a_feed_that_fails_is_told_once_and_asked_seldom(engine: PlayedEngine, ledger: Ledger) -> None:
    await looked_at(engine.feed)
    engine.feed.wrong = ("the change feed is not installed",)
    engine.feed.fault = Refused("change feed", "no such table: embedconsole_outbox")
    await until(lambda: bool(ledger.history.events()))
    asked = engine.feed.asked
    await anyio.sleep(0.1)

    assert engine.feed.asked <= asked + 2
    assert len(ledger.history.events()) == 1
