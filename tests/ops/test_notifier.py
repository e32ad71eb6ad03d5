"""One message an incident, whoever finds it, and no harm done by those who do not take it."""

from __future__ import annotations

import importlib.util
import logging
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from embedconsole.cli.invocation import open_session
from embedconsole.config.load import load
from embedconsole.config.sections.notify import NotifyConfig
from embedconsole.faults import ConfigError, Transient
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.items import Counts
from embedconsole.ledger.schema import gates, incidents
from embedconsole.ledger.state import GateMark
from embedconsole.ops import watcher as module
from embedconsole.ops.notifier import AwayMarker, Notifier
from embedconsole.ops.targets import Targets
from embedconsole.ops.watcher import Watcher, watching
from embedconsole.sync.observe.ledger_overview import LedgerOverview, observe
from embedconsole.sync.shared.report import Outcome, PipelineReport, RunReport, none_ran
from support.receiver import Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedconsole.cli.invocation import Session
    from embedconsole.ledger.ledger import Ledger
    from support.databases import Database

WELL = RunReport(8, {"products": PipelineReport()})
STOPPED = RunReport(7, {"products": PipelineReport(outcome=Outcome.ABORTED, message="Qdrant: refused us")})
WANTS_A_LOOK, STILL, RECOVERED = (
    "embedconsole: something needs attention",
    "embedconsole: something still needs attention",
    "embedconsole: recovered",
)
LIMIT = 30.0


@dataclass
class Clock:
    """Goes when it is told to."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Bench:
    """Processes that notify one receiver."""

    receiver: Receiver
    folder: Path
    clock: Clock = field(default_factory=Clock)

    def notifier(self, *more: str, **settings: object) -> Notifier:
        """One process's."""
        to = [self.receiver.address, *more]
        config = NotifyConfig.model_validate({"to": to, "timeout": 20, **settings})
        marker = AwayMarker(self.folder / "state" / "away", config.repeat_after, self.clock)
        return Notifier(config, Targets(config), marker, "embedconsole")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with receiving() as receiver:
        yield Bench(receiver, tmp_path)


def pass_time(ledger: Ledger, seconds: float) -> None:
    by = int(seconds * 1000)
    ledger.database.execute(update(gates).values(since=gates.c.since - by))
    ledger.database.execute(
        update(incidents).values(due_at=incidents.c.due_at - by, opened_at=incidents.c.opened_at - by)
    )


def test_an_incident_from_its_beginning_to_its_end(database: Database, bench: Bench) -> None:
    with open_ledger(database.url) as ledger:
        for _ in range(3):  # as many runs of cron, each a new process
            bench.notifier().look(ledger, LedgerOverview(), [STOPPED])
        pass_time(ledger, 6 * 3600 + 1)
        bench.notifier().look(ledger, LedgerOverview(), [STOPPED])
        bench.notifier().look(ledger, LedgerOverview(), [WELL])
        bench.notifier().look(ledger, LedgerOverview(), [WELL])

    text = "products: the run was stopped. Qdrant: refused us."
    closer = "\nLook closer: embedconsole runs 7"
    assert bench.receiver.told == [
        (WANTS_A_LOOK, text + closer),
        (STILL, f"{text} (for 6 h now){closer}"),
        (RECOVERED, f"Over after 6 h: {text}"),
    ]


def test_a_thousand_failures_are_one_message_whatever_finds_them(bench: Bench, tmp_path: Path) -> None:
    report = RunReport(7, {"products": PipelineReport(failed=1000, outcome=Outcome.PARTIAL)})
    observed = LedgerOverview({"products": Counts(failed=1000)})
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        notifiers = [bench.notifier(), bench.notifier()]
        for _ in range(3):
            for notifier in notifiers:
                notifier.look(ledger, observed, [report])

    ((title, text),) = bench.receiver.told
    assert title == WANTS_A_LOOK
    assert text.startswith("products: 1,000 items failed")
    assert text.endswith("\nLook closer: embedconsole failures --pipeline products")


def test_what_is_found_at_once_is_told_in_one_message(bench: Bench, tmp_path: Path) -> None:
    observed = LedgerOverview({name: Counts(failed=60, pending=5, oldest_age=9000.0) for name in ("a", "b")})
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        bench.notifier().look(ledger, observed, [])

    ((_, text),) = bench.receiver.told
    assert [line.split(":")[0] for line in text.splitlines()].count("Look closer") == 4


def test_two_processes_find_a_breaker_open_for_long_and_one_tells(database: Database, bench: Bench) -> None:
    with open_ledger(database.url) as ledger:
        ledger.gates.shut("k", "embedder ml", GateMark.OPEN, wait=60, failures=5, fault="answered 500")

        def look() -> None:
            bench.notifier().look(ledger, observe(ledger, []), [])

        look()
        assert bench.receiver.told == []
        pass_time(ledger, 301)
        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT)
        ledger.gates.close("k")
        look()
        look()

    (opened, text), (closed, _) = bench.receiver.told
    assert (opened, closed) == (WANTS_A_LOOK, RECOVERED)
    assert text.startswith("embedder ml has been away for 5 min: answered 500.")


def test_nobody_hears_of_the_end_who_did_not_ask_for_it(bench: Bench, tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        for report in (STOPPED, WELL, STOPPED):
            bench.notifier(on={"recovered": False}).look(ledger, LedgerOverview(), [report])

    assert [title for title, _ in bench.receiver.told] == [WANTS_A_LOOK, WANTS_A_LOOK]


def test_a_target_that_fails_is_warned_of_once_until_it_works_again(
    bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.receiver.behaviour = "refuse"
    notifier = bench.notifier()
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        for _ in range(3):
            notifier.look(ledger, LedgerOverview(), [STOPPED])
            pass_time(ledger, 301)
        assert len(bench.receiver.got) == 3, "tried again, though not at once"
        bench.receiver.behaviour = "take"
        notifier.look(ledger, LedgerOverview(), [STOPPED])
        notifier.look(ledger, LedgerOverview(), [STOPPED])
        events = [event.message for event in ledger.history.events()]

    assert [title for title, _ in bench.receiver.told] == [WANTS_A_LOOK] * 4
    warned = [record.getMessage() for record in caplog.records if record.name == "embedconsole"]
    assert warned == events
    (warning,) = warned
    assert warning.startswith("notify: notify.to[0] (json) did not get the message: ")
    assert "s3cret" not in caplog.text
    assert "pa55word" not in caplog.text


# The ledger away: nothing can be remembered in it


def test_the_ledgers_absence_is_told_once_then_after_the_pause_then_its_end(
    bench: Bench, tmp_path: Path
) -> None:
    for _ in range(3):  # as many runs of cron
        bench.notifier().ledger_is_away("ledger: connection refused")
    bench.clock.now += 6 * 3600
    bench.notifier().ledger_is_away("ledger: connection refused")
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        bench.notifier().look(ledger, LedgerOverview(), [])
        bench.notifier().look(ledger, LedgerOverview(), [])

    away = (WANTS_A_LOOK, "ledger: connection refused.\nLook closer: embedconsole test")
    assert bench.receiver.told[:2] == [away, away]
    assert bench.receiver.told[2:] == [
        (RECOVERED, "The ledger answers again, 6 h after it was first unreachable.")
    ]


def test_without_a_state_folder_it_is_told_all_the_same(bench: Bench) -> None:
    (bench.folder / "state").write_text("no folder")

    bench.notifier().ledger_is_away("ledger: disk full")

    assert len(bench.receiver.told) == 1


def test_the_overseer_tells_of_the_ledger_when_it_has_been_away_for_long(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    watcher = Watcher([], f"sqlite:///{tmp_path / 'ledger.db'}", bench.notifier(), 300.0, clock)
    with monkeypatch.context() as away:

        def refuse(*_: object) -> LedgerOverview:
            raise Transient("ledger", "connection refused")

        away.setattr(module, "observe", refuse)
        watcher.ran(STOPPED)
        watcher.look()
        clock.now += 299
        watcher.look()
        assert bench.receiver.told == []
        clock.now += 1
        watcher.look()
    watcher.look()
    watcher.close()

    assert [title for title, _ in bench.receiver.told] == [WANTS_A_LOOK, WANTS_A_LOOK, RECOVERED]
    assert bench.receiver.told[1][1].startswith("products: the run was stopped"), "what it saved up"


# With a configuration

CONFIG = """
embedders: {ml: {type: hashing}}
pipelines:
  products:
    catalog: {url: "sqlite:///shop.db", table: products}
    embed: {embedder: ml, text: "{title}"}
    collection: {path: ./qdrant, name: products}
notify: {to: [TO]}
"""


def session(folder: Path, to: str) -> Session:
    path = folder / "embedconsole.yaml"
    path.write_text(CONFIG.replace("TO", to), encoding="utf-8")
    return open_session(load(path, environ={}), [])


def test_where_nobody_is_told_and_nothing_is_shown_nobody_looks(tmp_path: Path) -> None:
    assert session(tmp_path, '"${SLACK_URL:-}"').monitor(patience=None).watcher is None


def test_without_apprise_nothing_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ConfigError, match=r"pip install '\.\[notify\]' in a checkout"):
        session(tmp_path, "slack://a/b/c").monitor(patience=None)


@pytest.mark.parametrize("to", ["s3cret-token", '"://s3cret-token"', "[s3cret-token]"])
def test_what_is_no_address_is_refused_without_repeating_it(tmp_path: Path, to: str) -> None:
    with pytest.raises(ConfigError, match=r"notify\.to\[0\]") as refused:
        session(tmp_path, to)

    assert "s3cret" not in str(refused.value)


# Beside a run


def test_a_target_that_hangs_holds_up_nobody(bench: Bench, tmp_path: Path) -> None:
    bench.receiver.behaviour = "hang"
    watcher = Watcher([], f"sqlite:///{tmp_path / 'ledger.db'}", bench.notifier(timeout=1))
    began = time.monotonic()
    with watching(watcher):
        watcher.ran(STOPPED)
        assert time.monotonic() - began < 0.5
        bench.receiver.wait_for(1)

    assert time.monotonic() - began < 10
    assert [thread.name for thread in threading.enumerate() if thread.name == "watcher"] == []


def test_reports_are_judged_before_the_process_ends(bench: Bench, tmp_path: Path) -> None:
    with ExitStack() as stack:
        watcher = Watcher([], f"sqlite:///{tmp_path / 'ledger.db'}", bench.notifier())
        stack.enter_context(watching(watcher))
        watcher.ran(STOPPED)
        watcher.ran(WELL)
        watcher.ran(none_ran(["products"], Outcome.ABORTED, "no column 'titel'"))

    assert bench.receiver.told[-1][1].startswith("products: the run was stopped. no column 'titel'.")


def test_a_run_is_judged_once_though_looks_go_on(bench: Bench, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    mine, another = (Watcher([], url, bench.notifier()) for _ in range(2))
    mine.ran(STOPPED)
    mine.look()
    another.ran(WELL)
    another.look()
    mine.look()
    for watcher in (mine, another):
        watcher.close()

    assert [title for title, _ in bench.receiver.told] == [WANTS_A_LOOK, RECOVERED]


def test_a_look_that_fails_by_our_own_fault_is_logged_once_and_the_next_one_is_taken(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.01)
    looks = 0

    def fail_thrice(*_: object) -> LedgerOverview:
        nonlocal looks
        looks += 1
        if looks <= 3:
            raise ZeroDivisionError("oh")
        return LedgerOverview()

    monkeypatch.setattr(module, "observe", fail_thrice)
    watcher = Watcher([], f"sqlite:///{tmp_path / 'ledger.db'}", bench.notifier())
    watcher.ran(STOPPED)
    with watching(watcher):
        bench.receiver.wait_for(1)

    logged = [record for record in caplog.records if "a look at the ledger failed" in record.getMessage()]
    assert [record.exc_info is not None for record in logged] == [True]
