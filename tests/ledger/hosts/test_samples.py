"""Samples: what all processes did, summed, and what the whole looked like at a past moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from embedconsole.ledger.hosts import samples as samples_module
from embedconsole.ledger.hosts.samples import KEEP_SAMPLES_SECONDS
from embedconsole.ledger.records.history import Sample
from embedconsole.ledger.schema import samples

if TYPE_CHECKING:
    from ledger.shelf import Shelf

DAY = 86_400.0


def test_what_all_processes_did_is_summed_in_steps(shelf: Shelf) -> None:
    ledger = shelf.ledger
    ledger.samples.add("a", [Sample("products", 100, 1), Sample("pictures", 7, 0)])
    ledger.samples.add("b", [Sample("products", 20, 2)])
    shelf.pass_time(3600)
    ledger.samples.add("a", [Sample("products", 5, 0)])

    before, now = ledger.samples.throughput("products", seconds=DAY, step=600)
    assert (before.done, before.failed) == (120, 3)
    assert (now.done, now.failed) == (5, 0)
    assert now.at - before.at in (3000, 3600, 4200)
    assert now.at % 600 == 0
    assert [step.done for step in ledger.samples.throughput("products", seconds=1800, step=600)] == [5]
    assert [step.done for step in ledger.samples.throughput("pictures", seconds=DAY, step=600)] == [7]
    until_then = ledger.samples.throughput("products", seconds=DAY, step=600, until=now.at - 600)
    assert until_then == [before]
    assert ledger.samples.throughput("unknown", seconds=DAY, step=600) == []


def test_the_picture_of_a_moment_is_the_last_one_before_it(shelf: Shelf) -> None:
    ledger = shelf.ledger
    ledger.samples.add("a", [Sample("products", 0, 0, {"counts": {"failed": 3}})])
    shelf.pass_time(600)
    ledger.samples.add("b", [Sample("products", 0, 0, {"counts": {"failed": 1}})])
    ledger.samples.add("b", [Sample("products", 9, 0), Sample("pictures", 9, 0)])
    newest = ledger.samples.picture_at("products", 1e11)
    assert newest is not None
    assert newest.picture == {"counts": {"failed": 1}}

    older = ledger.samples.picture_at("products", newest.at - 1)
    assert older is not None
    assert older.picture == {"counts": {"failed": 3}}
    assert older.at == pytest.approx(newest.at - 600, abs=60)
    assert ledger.samples.picture_at("products", older.at - 1) is None
    assert (older.worker, newest.worker) == ("a", "b")

    assert ledger.samples.picture_at("products", older.at) == older, "its own moment is not before it"
    assert ledger.samples.picture_after("products", 0) == older
    assert ledger.samples.picture_after("products", older.at) == newest
    assert ledger.samples.picture_after("products", newest.at) is None
    ages = ledger.samples.picture_ages(["products", "pictures"])
    assert set(ages) == {"products"}
    assert 0 <= ages["products"] < 60


def test_samples_are_pruned_by_age(shelf: Shelf) -> None:
    ledger = shelf.ledger
    ledger.samples.add("a", [Sample("products", 1, 0), Sample("gone", 1, 0)])
    shelf.pass_time(KEEP_SAMPLES_SECONDS + 60)
    ledger.samples.add("a", [Sample("products", 2, 0)])

    (left,) = ledger.samples.throughput("products", seconds=30 * DAY, step=600)
    assert left.done == 2


def test_samples_are_pruned_by_number(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples_module, "KEEP_SAMPLES", 3)
    for done in range(5):
        shelf.ledger.samples.add("a", [Sample("products", done, 0)])

    assert shelf.ledger.database.scalar(select(func.sum(samples.c.done))) == 2 + 3 + 4
