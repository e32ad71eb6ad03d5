"""For any schedule of faults that ends, of any dependency: it converges, and pays only for what got lost.

A proxy stands in front of one dependency and gives what passes the troubles of a seeded schedule; the shop
changes between schedules. `--soak N` plays N schedules for each dependency.
"""

from __future__ import annotations

import json
import random
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from crash.audit import audit, wrong_vectors
from embedconsole.config.load import load
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.faults import Fault
from embedconsole.ledger import database
from embedconsole.retry import LEDGER_CALL, Pauses
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.resilience import gate as flow
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from embedconsole.sync.worker.embed import EmbedderWitness
from support.http_proxy import http_proxy
from support.processes import PATIENCE
from support.shop_life import ShopLife
from support.tcp_proxy import tcp_proxy
from support.troubles import HTTP, REFUSALS, TCP, Troubles

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.items import EmbedInput
    from embedconsole.sync.shared.report import RunReport
    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows
    from support.troubles import Trouble

CHUNK = 4
WORKERS = 4
CLAIMED_AT_ONCE = CHUNK * (WORKERS + WORKERS // 2 + 1)
MOST_RUNS = 40
MOST_REFUSED = 10 * WORKERS
"""Requests that a run makes to a service that refuses everything, at most."""
BEGINNINGS = (0, 3, 9)
"""Requests that are answered before a service begins to refuse everything."""

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
on_servers = pytest.mark.parametrize("database", ["postgresql", "mysql"], indirect=True)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BREAKER", Pauses(first=0.02, longest=300.0))
    quick = replace(LEDGER_CALL, pauses=Pauses(first=0.0, step=0.01, longest=0.01))
    monkeypatch.setattr(database, "LEDGER_CALL", quick)


@pytest.fixture
def vouched(monkeypatch: pytest.MonkeyPatch) -> list[EmbedInput]:
    """What was embedded only to tell whether the service works: a sample, or an earlier input."""
    found: list[EmbedInput] = []
    accepts = EmbedderWitness._accepts

    async def noting(witness: EmbedderWitness, entry: EmbedInput) -> bool | None:
        accepted = await accepts(witness, entry)
        if accepted:
            found.append(entry)
        return accepted

    monkeypatch.setattr(EmbedderWitness, "_accepts", noting)
    return found


@dataclass
class Schedules:
    """Plays schedules on one stage, each until it has ended and everything agrees again."""

    stage: Stage
    ledger: LedgerRows
    spoilt: int = 0
    """Items whose embeddings were answered, and the answer got lost."""
    broken_off: int = 0
    """Runs that did not come to their end."""
    runs: int = 0
    met: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        settings = self.stage.installation.settings
        settings["retry"] |= {"backoff": [0], "call_delay": 0, "attempts": 1000, "patience": 0.3}
        # Many small requests: each meets a trouble of its own.
        settings |= {"max_delete_fraction": 0.9, "chunk_size": CHUNK, "workers": WORKERS}
        settings["embedders"]["ml"]["batch_size"] = CHUNK // 2

    def play(self, life: ShopLife, troubles: Troubles) -> None:
        """Have runs until one ends well after the troubles have ended."""
        life.work()
        for _ in range(MOST_RUNS):
            ended = not troubles.waiting
            report = self._run()
            assert not wrong_vectors(self.stage.points.all(vectors=True)), troubles
            if ended and report is not None and report.outcome is Outcome.OK:
                break
            if report is not None and report.outcome is Outcome.OK:
                # There is nothing left to do that could go wrong.
                troubles.end()
        self.met += troubles.met
        troubles.met.clear()
        found = audit(self.stage, self.ledger)
        assert found.clean, (troubles, found)

    def refuse(self, life: ShopLife, troubles: Troubles, refusal: Trouble, *, after: int) -> None:
        """Have a run meet a service that refuses everything, from its start or once it has answered some."""
        life.work()
        with troubles.refusing(refusal, after=after):
            report = self._run()
        met = troubles.met.pop(refusal, 0)
        self.met[f"{refusal} for all"] += met
        assert report is not None
        if after and not met:
            assert report.outcome is Outcome.OK, report
            return
        assert report.outcome is Outcome.ABORTED, (refusal, report)
        assert sum(pipeline.failed for pipeline in report.pipelines.values()) == 0, (refusal, report)
        charged, held = self.ledger.attempts(), self.ledger.claimed()
        assert (charged, held) == (0, 0), (refusal, charged, held, report)
        assert 0 < met <= MOST_REFUSED, (refusal, met)

    def _run(self) -> RunReport | None:
        self.runs += 1
        installation = self.stage.installation
        installation.command()
        settings = load(installation.config).settings
        try:
            with engine_in_thread(resolve_pipelines(settings, ()), installation.settings["ledger"]) as engine:
                report = engine.run(RunOptions()).result(PATIENCE)
        except Fault:
            # The ledger was away when it was to be opened.
            report = None
        if report is None or report.outcome is Outcome.ABORTED:
            self.broken_off += 1
        return report

    def embeddings_lost(self, body: bytes) -> None:
        """The answer to a request of the embedder got lost."""
        self.spoilt += len(json.loads(body)["items"])


@pytest.fixture
def schedules(stage: Stage, ledger: LedgerRows) -> Schedules:
    """Schedules to be played on the stage."""
    return Schedules(stage, ledger)


def seeds(soak: int, few: int) -> range:
    """The schedules to play: few, or as many as asked for."""
    return range(soak or few)


def many(seed: int) -> deque[Trouble | None]:
    """Troubles of the requests of a run and some more."""
    return Troubles.from_seed(seed, HTTP, 30, share=0.1 + 0.15 * (seed % 6)).waiting


@on_sqlite
def test_of_the_embedder(
    schedules: Schedules,
    vouched: list[EmbedInput],
    soak: int,
    record_property: Callable[[str, object], None],
) -> None:
    stage = schedules.stage
    life = ShopLife(stage.shop, random.Random(1))
    life.add(60)
    upstream = stage.service.url.removesuffix("/embed")
    troubles = Troubles(deque())
    with http_proxy(upstream, troubles, schedules.embeddings_lost) as url:
        stage.installation.settings["embedders"]["ml"]["url"] = f"{url}/embed"
        for seed in seeds(soak, 4):
            troubles.waiting.extend(many(seed))
            schedules.refuse(life, troubles, (*REFUSALS, "nulls")[seed % 5], after=BEGINNINGS[seed % 3])
            schedules.play(life, troubles)

    repeated = stage.service.stats().repeated
    record_property("soak report", told("embedder", schedules, repeated))
    assert repeated <= schedules.spoilt + len(vouched)
    assert schedules.met


@on_sqlite
def test_of_qdrant(schedules: Schedules, soak: int, record_property: Callable[[str, object], None]) -> None:
    stage = schedules.stage
    life = ShopLife(stage.shop, random.Random(2))
    life.add(60)
    troubles = Troubles(deque())
    # A collection is known by its address: the proxy stays where it is.
    with http_proxy(stage.qdrant.url, troubles) as url:
        stage.pipeline["collection"]["url"] = url
        for seed in seeds(soak, 4):
            troubles.waiting.extend(many(seed))
            schedules.refuse(life, troubles, REFUSALS[seed % 4], after=BEGINNINGS[seed % 3])
            schedules.play(life, troubles)

    repeated = stage.service.stats().repeated
    record_property("soak report", told("Qdrant", schedules, repeated))
    # What Qdrant can't take is kept in the ledger.
    assert repeated == 0
    assert schedules.met


@on_servers
def test_of_the_database_with_catalog_and_ledger(
    schedules: Schedules, soak: int, record_property: Callable[[str, object], None]
) -> None:
    stage = schedules.stage
    life = ShopLife(stage.shop, random.Random(3))
    life.add(60)
    there = make_url(stage.shop.database.url)
    default = {"postgresql": 5432, "mysql": 3306}[stage.shop.database.dialect]
    for seed in seeds(soak, 2):
        troubles = Troubles.from_seed(seed, TCP, 300, share=0.01 * (1 + seed % 6))
        if seed % 2:
            troubles.waiting[seed % 89] = "freeze"
        with tcp_proxy(there.host or "127.0.0.1", there.port or default, troubles) as port:
            url = there.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
            stage.pipeline["catalog"]["url"] = url
            stage.installation.settings["ledger"] = url
            schedules.play(life, troubles)

    repeated = stage.service.stats().repeated
    record_property("soak report", told(stage.shop.database.dialect, schedules, repeated))
    # Paid vectors are kept in the ledger, unless the ledger is what is away.
    assert repeated <= schedules.broken_off * CLAIMED_AT_ONCE
    assert schedules.met


def told(what: str, schedules: Schedules, repeated: int) -> str:
    """A line of the report."""
    met = ", ".join(f"{count} {trouble}" for trouble, count in sorted(schedules.met.items()))
    return (
        f"faults of {what}: {met}; {schedules.runs} runs, {schedules.broken_off} broken off;"
        f" {repeated} embeddings paid for again, {schedules.spoilt} lost on their way"
    )
