"""How many workers are called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embedconsole.celery.messages import drains_wanted, idle_beside
from embedconsole.celery.process import ROLE
from embedconsole.ledger.records.processes import Process
from embedconsole.sync.observe.other_processes import SILENT
from embedconsole.sync.observe.process_status import ProcessStatus


@pytest.mark.parametrize(
    ("waiting", "idle", "wanted"),
    [(0, 4, 0), (1, 4, 1), (100, 4, 1), (101, 4, 2), (10_000_000, 4, 4), (10_000_000, 0, 0)],
)
def test_one_a_batch_and_one_a_worker_at_most(waiting: int, idle: int, wanted: int) -> None:
    assert drains_wanted(waiting, 100, idle) == wanted


def test_idle_are_the_queues_others_that_are_heard_of_and_have_no_run() -> None:
    idle = Process("h:1:a", "h", "p", 1, "0.1.0", role=ROLE, status=ProcessStatus().as_json())
    others = [
        idle,
        replace(idle, id="me"),
        replace(idle, id="busy", status=ProcessStatus(run=7).as_json()),
        replace(idle, id="silent", silent_for=SILENT + 1),
        replace(idle, id="daemon", role="daemon"),
        replace(idle, id="new", status=None),
    ]
    assert idle_beside(others, "me") == 1
