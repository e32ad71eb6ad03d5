"""What plan and drain do, without a broker, and whatever becomes of the messages between them."""

from __future__ import annotations

import logging
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crash.converged import assert_converged, on_sqlite, paid_again
from embedconsole.celery.process import ROLE, WorkerProcess
from embedconsole.celery.tasks import Tasks
from embedconsole.config.load import load
from embedconsole.config.paths import ledger_url
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.faults import Transient
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.processes import Process
from embedconsole.sync.observe.process_status import ProcessStatus
from embedconsole.sync.run.leases import run_lease
from support.embedding_service import Behaviour

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows

pytestmark = on_sqlite

PRODUCTS = 60
_NOBODY_LISTENS = "postgresql+psycopg://nobody@127.0.0.1:9/ledger"


@contextmanager
def at_work(stage: Stage, *, drain_seconds: float = 60.0) -> Iterator[tuple[Tasks, list[str]]]:
    """The tasks of a worker process, and the messages they send."""
    installation = stage.installation
    installation.command()
    settings = load(installation.config, environ=installation.environ).settings
    pipelines = resolve_pipelines(settings)
    sent: list[str] = []
    with closing(WorkerProcess(pipelines, ledger_url(settings, installation.environ))) as process:
        yield Tasks(process, {one.name: one for one in pipelines}, drain_seconds, sent.append), sent


def figures(report: dict[str, object]) -> Any:
    """What a report says of the pipeline."""
    assert isinstance(report["pipelines"], dict)
    return report["pipelines"]["products"]


def message(report: dict[str, object]) -> str:
    """What a report says to the operator."""
    assert isinstance(report["messages"], dict)
    return str(report["messages"]["products"])


def idle_elsewhere(ledger: LedgerRows, *hosts: str) -> None:
    """Worker processes on other hosts that have nothing to do."""
    status = ProcessStatus(state="idle").as_json()
    with open_ledger(ledger.database.url) as opened:
        for host in hosts:
            opened.processes.announce(
                Process(f"{host}:1:a", host, host, 1, "0.1.0", role=ROLE, status=status)
            )


def test_plan_finds_and_calls_and_drain_works(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, PRODUCTS + 1))
    with at_work(stage) as (tasks, sent):
        planned = tasks.plan("products")
        assert figures(planned)["pending"] == PRODUCTS
        assert stage.service.stats().requests == 0
        assert sent == ["products"]  # nobody else is there

        drained = tasks.drain("products")
        assert (drained["outcome"], figures(drained)["embedded"]) == ("ok", PRODUCTS)
        assert sent == ["products"]
    assert_converged(stage, ledger)
    assert ledger.workers() == set()


def test_lost_late_and_doubled_messages_change_nothing(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, PRODUCTS + 1))
    with at_work(stage) as (tasks, sent):
        # A drain before any plan; its plan twice; what that calls for is lost; beat's drain; one too many.
        assert message(tasks.drain("products")) == "nothing is scheduled"
        tasks.plan("products")
        assert figures(tasks.plan("products"))["unchanged"] == PRODUCTS
        sent.clear()
        assert figures(tasks.drain("products"))["embedded"] == PRODUCTS
        assert message(tasks.drain("products")) == "nothing is scheduled"
        assert sent == []
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


def test_a_drain_that_comes_to_the_end_of_its_time_hands_on(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add(range(1, PRODUCTS + 1))
    stage.installation.settings["workers"] = 1
    stage.installation.settings["embedders"]["ml"]["concurrency"] = 1
    stage.service.behave(Behaviour("stall", seconds=0.2))
    with at_work(stage, drain_seconds=0.5) as (tasks, sent):
        tasks.plan("products")
        sent.clear()
        first = tasks.drain("products")
        assert first["outcome"] == "ok"
        assert 0 < figures(first)["embedded"] < PRODUCTS
        assert ledger.in_flight() == 0
        assert sent == ["products"]
        while sent:
            tasks.drain(sent.pop())
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


def test_a_plan_calls_as_many_as_are_idle_and_no_more_than_there_are_batches(
    stage: Stage, ledger: LedgerRows
) -> None:
    stage.shop.add(range(1, PRODUCTS + 1))
    with at_work(stage) as (tasks, sent):
        idle_elsewhere(ledger, "one", "two")
        tasks.plan("products")
        assert sent == ["products"] * 3
        tasks.drain("products")
        stage.shop.add([PRODUCTS + 1])
        sent.clear()
        tasks.plan("products")
        assert sent == ["products"]


def test_workers_are_called_while_the_catalog_is_still_read(
    stage: Stage, ledger: LedgerRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedconsole.celery.tasks._CALL_EVERY", 0.01)
    stage.shop.add(range(1, 4001))
    with at_work(stage) as (tasks, sent):
        idle_elsewhere(ledger, "one", "two")
        tasks.plan("products")
    # At the end for all three; before that for the two that are idle, and more than once.
    assert sent[-3:] == ["products"] * 3
    assert len(sent) > 3


def test_a_plan_that_can_not_ask_who_is_idle_goes_on(
    stage: Stage, ledger: LedgerRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(engine: object) -> int:
        raise Transient("ledger", "does not answer")

    monkeypatch.setattr("embedconsole.celery.tasks._CALL_EVERY", 0.01)
    monkeypatch.setattr("embedconsole.celery.tasks._idle", away)
    stage.shop.add(range(1, 4001))
    with at_work(stage) as (tasks, sent):
        assert tasks.plan("products")["outcome"] == "ok"
        assert (sent, ledger.known()) == ([], 4000)


def test_two_plans_never_run_at_once(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add([1])
    with at_work(stage) as (tasks, sent):
        tasks.process.open_early()
        with open_ledger(ledger.database.url) as other:
            other.processes.acquire([run_lease("products")], "somebody else")
        skipped = tasks.plan("products")
        assert skipped["outcome"] == "skipped"
        assert "somebody else" in message(skipped)
        assert (sent, ledger.known()) == ([], 0)


def test_a_refusal_is_the_tasks_result_and_the_worker_goes_on(
    stage: Stage, ledger: LedgerRows, caplog: pytest.LogCaptureFixture
) -> None:
    stage.shop.add(range(1, PRODUCTS + 1))
    stage.service.behave(Behaviour("status", status=401))
    with at_work(stage) as (tasks, sent):
        tasks.plan("products")
        sent.clear()
        with caplog.at_level(logging.ERROR, "embedconsole"):
            refused = tasks.drain("products")
        assert refused["outcome"] == "aborted"
        assert "no attempts used" in message(refused)
        assert message(refused) in caplog.text
        assert sent == []  # beat tries again; at once it would be refused again
        assert ledger.attempts() == 0
        stage.service.behave()
        assert tasks.drain("products")["outcome"] == "ok"
    assert_converged(stage, ledger)


def test_a_ledger_that_is_away_is_a_report_until_it_is_back(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.shop.add([1])
    with at_work(stage) as (tasks, sent):
        away = replace(tasks, process=WorkerProcess(tasks.process.pipelines, _NOBODY_LISTENS))
        away.process.open_early()
        assert "not ready yet" in caplog.text
        report = away.plan("products")
        assert (report["outcome"], sent) == ("aborted", [])
        assert "ledger" in message(report)
        away.process.ledger_url = tasks.process.ledger_url
        assert away.plan("products")["outcome"] == "ok"
        away.process.close()


def test_a_configuration_that_can_not_be_used_is_a_report(stage: Stage) -> None:
    stage.shop.add([1])
    stage.pipeline["embed"]["text"] = "{nonsense}"
    with at_work(stage) as (tasks, sent):
        report = tasks.plan("products")
        assert (report["outcome"], sent) == ("aborted", [])
        assert "nonsense" in message(report)
        unknown = tasks.drain("prodcuts")
        assert unknown["messages"] == {"prodcuts": "no pipeline 'prodcuts'; known: products"}


def test_paused_workers_claim_nothing(stage: Stage, ledger: LedgerRows) -> None:
    stage.shop.add([1])
    with at_work(stage) as (tasks, _):
        tasks.plan("products")
        with tasks.process.engine() as engine:
            engine.pause("an operator")
        assert message(tasks.drain("products")) == "paused by an operator"
        with tasks.process.engine() as engine:
            engine.resume()
        tasks.drain("products")
    assert ledger.synced() == 1
