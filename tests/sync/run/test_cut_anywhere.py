"""A connection to the ledger that is cut at any statement of a run changes nothing of what comes of it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from embedconsole.ledger import database as ledger_database
from embedconsole.ledger.ledger import open_ledger
from embedconsole.retry import LEDGER_CALL, Pauses
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from support.ledger_rows import LedgerRows
from support.tcp_proxy import tcp_proxy
from support.troubles import Troubles
from sync.driving import report_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embedconsole.items import EmbedInput
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from support.databases import Database
    from support.shop import Shop
    from support.troubles import Trouble
    from sync.rig import HeldEmbedder, MemoryCollection

pytestmark = pytest.mark.parametrize("database", ["postgresql", "mysql"], indirect=True)

EVERY = 41
"""Requests between two cuts: more than a connection and the longest transaction take."""
MOST_REQUESTS = 4000


@pytest.fixture
def troubles() -> Troubles:
    """None, to begin with."""
    return Troubles(deque())


@pytest.fixture
def ledger_url(database: Database, troubles: Troubles, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A ledger on a server, whose connections pass the troubles."""
    quick = replace(LEDGER_CALL, pauses=Pauses(first=0.0, step=0.01, longest=0.01))
    monkeypatch.setattr(ledger_database, "LEDGER_CALL", quick)
    open_ledger(database.url).close()
    url = make_url(database.url)
    assert url.host is not None
    with tcp_proxy(url.host, url.port or 0, troubles) as port:
        yield url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)


@pytest.mark.parametrize("trouble", ["reset", "reset after"])
def test_a_run_ends_as_if_nothing_had_been_cut(
    handle: EngineHandle,
    troubles: Troubles,
    trouble: Trouble,
    shop: Shop,
    embedder: HeldEmbedder,
    collection: MemoryCollection,
    database: Database,
    soak: int,
) -> None:
    embedded: Counter[str] = Counter()

    def count(inputs: Sequence[EmbedInput]) -> None:
        embedded.update(str(one.text) for one in inputs)

    embedder.on_call = count
    embedder.go.set()
    rows, numbers = LedgerRows(database), range(1, 21)
    first_cuts = range(EVERY) if soak else range(0, EVERY, 14)
    for turn, first in enumerate(first_cuts):
        shop.edit(numbers, title=f"Turn {turn}")
        schedule: list[Trouble | None] = [None] * EVERY
        schedule[first] = trouble
        troubles.waiting.extend(schedule * (MOST_REQUESTS // EVERY))

        report = report_of(handle.run(RunOptions()))

        troubles.end()
        assert report.outcome is Outcome.OK, (first, report)
        assert report.embedded == len(numbers), (first, report)
        assert rows.synced() == len(numbers)
        assert rows.claimed() == rows.in_flight() == 0
        assert {point["title"] for point in collection.points.values()} == {f"Turn {turn}"}
    assert embedded == {f"Turn {turn}": len(numbers) for turn in range(len(first_cuts))}
    runs = rows.runs()
    assert len(runs) == len(first_cuts)
    assert all(run.ended_at is not None for run in runs)
    assert troubles.met[trouble] >= len(first_cuts)
