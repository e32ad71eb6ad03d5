"""What the ledger recalls of the last 24 hours."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.history import Sample
from embedconsole.sync.observe.past import past_day
from embedconsole.sync.run.engine import Engine
from embedconsole.sync.run.process import this_worker

if TYPE_CHECKING:
    from support.databases import Database


@pytest.mark.anyio
async def test_all_processes_are_summed_and_other_pipelines_left_out(sqlite: Database) -> None:
    with open_ledger(sqlite.url) as ledger:
        ledger.samples.add("web1", [Sample("products", 40, 1), Sample("pictures", 7, 7)])
        ledger.samples.add("web2", [Sample("products", 2, 1)])

        day = await past_day(Engine(ledger=ledger, all_components=(), me=this_worker()), "products")

    assert (sum(step.done for step in day.steps), sum(step.failed for step in day.steps)) == (42, 2)
    assert time.time() - 60 < day.until <= time.time()
