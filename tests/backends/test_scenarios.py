"""Scenarios 2, 11, 24 and 25 for every backend, through the engine."""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from embedconsole.sync.shared.report import Outcome
from embedders.backends import REPLICATE, REPLICATE_LINES
from support.embedding_service import Behaviour

if TYPE_CHECKING:
    from backends.line import Line

pytestmark = pytest.mark.anyio


async def test_every_edit_takes_its_way(line: Line) -> None:
    """Scenario 2, and 1: nothing changed, nothing asked."""
    first = await line.sync()
    assert (first.outcome, first.embedded, line.service.stats().items) == (Outcome.OK, 12, 12)
    line.assert_only_right_vectors()

    line.service.reset()
    assert (await line.sync()).unchanged == 12
    assert line.service.stats().requests == 0

    line.shop.edit([1], price="1.00")
    line.shop.edit([2], color="blue")
    changed = await line.sync()
    assert (changed.embedded, changed.payload_updated, line.service.stats().requests) == (0, 1, 0)

    line.shop.edit([3], description="Something else")
    line.shop.edit([4], image_url="https://shop.example/images/other.jpg")
    changed = await line.sync()
    assert changed.embedded == line.service.stats().items == (2 if line.with_image else 1)
    line.assert_only_right_vectors()


async def test_what_cannot_be_embedded_fails_alone_with_its_reason(line: Line) -> None:
    """Scenario 11."""
    line.shop.edit([4], title="poison")
    line.shop.edit([5], title="", description="", image_url=None)
    failed: dict[str, object] = {"status": "failed", "output": None, "error": "poisoned picture"}
    refusal = (
        Behaviour("prediction", mark="poison", prediction=failed)
        if line.backend in (REPLICATE, REPLICATE_LINES)
        else Behaviour("status", mark="poison", status=422, body='{"detail": "poisoned picture"}')
    )
    line.service.behave(refusal)

    report = await line.sync()

    assert (report.outcome, report.embedded, report.failed) == (Outcome.PARTIAL, 10, 2)
    assert line.points.ids() == set(range(1, 13)) - {4, 5}
    line.assert_only_right_vectors(all_there=False)


@pytest.mark.parametrize("said", ["seconds", "date", "nothing"])
async def test_a_pause_that_is_asked_for_is_shared_and_charges_nobody(line: Line, said: str) -> None:
    """Scenario 24."""
    headers = {
        "seconds": {"Retry-After": "0.05"},
        "date": {"Retry-After": formatdate(time.time(), usegmt=True)},
        "nothing": {},
    }[said]
    line.service.behave(Behaviour("status", status=429, headers=headers, times=5))

    report = await line.sync()

    assert (report.outcome, report.embedded, report.retrying, report.failed) == (Outcome.OK, 12, 0, 0)
    stats = line.service.stats()
    assert stats.items == 12, "nobody paid twice"
    assert stats.statuses["429"] == 5
    line.assert_only_right_vectors()


@pytest.mark.parametrize(
    "wrong",
    [
        Behaviour("count", delta=-1, times=1),
        Behaviour("size", size=5, at=0, after=1, times=1),
        Behaviour("component", token="NaN", times=1),
        Behaviour("null", times=1),
        Behaviour("truncate", times=1),
        Behaviour("html", times=1),
        Behaviour("drop", times=1),
        Behaviour("status", status=413, more_than=3),
    ],
    ids=lambda wrong: str(wrong.do),
)
async def test_never_a_wrong_vector(line: Line, wrong: Behaviour) -> None:
    """Scenario 25: what can't be believed is asked for again or is named, and never written."""
    if wrong.do == "count" and not line.backend.batches:
        # The first reply of all without a vector speaks of the configuration; a later one of its item.
        wrong = replace(wrong, after=10)
    line.service.behave(wrong)

    report = await line.sync()

    assert report.outcome in (Outcome.OK, Outcome.PARTIAL)
    assert report.embedded + report.retrying == 12
    assert report.failed == 0, "what the service gets wrong is no item's fault for good"
    assert report.retrying <= 2, "at most one of each request that was spoiled"
    line.assert_only_right_vectors(all_there=False)
    assert len(line.points.ids()) == report.embedded
