"""A service that refuses everything ends a run soon, and no item is to blame for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from embedconsole.retry import Pauses
from embedconsole.sync.resilience import gate as flow
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from embedders.backends import ITEMS, OPENAI, REPLICATE, SINGLE
from support.embedding_service import Behaviour

if TYPE_CHECKING:
    from backends.line import Line
    from embedconsole.sync.shared.report import PipelineReport

pytestmark = pytest.mark.anyio

WORDS = "parameter input_type is required"
REFUSED = Behaviour("status", status=400, body=f'{{"error": {{"message": "{WORDS}"}}}}')
ERROR_WITH_200 = Behaviour("body", status=200, body=f'{{"error": {{"message": "{WORDS}", "code": "bad"}}}}')
THROTTLED_WITH_200 = Behaviour(
    "body", status=200, body='{"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded"}'
)
FAILED = Behaviour("prediction", created={"status": "failed", "error": WORDS, "output": None})


def assert_nobody_is_charged(report: PipelineReport, words: str) -> None:
    assert report.outcome is Outcome.ABORTED
    assert report.message is not None
    assert words in report.message
    assert (report.failed, report.retrying, report.pending, report.embed_items) == (0, 0, 12, 0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (REFUSED, WORDS),
        (Behaviour("null", at=None), "null"),
        (Behaviour("component", token="NaN", at=None), "NaN or infinity"),
        (ERROR_WITH_200, WORDS),
    ],
    ids=["400", "null", "nan", "error with 200"],
)
async def test_a_run_ends_and_its_items_come_back_by_themselves(
    line: Line, wrong: Behaviour, words: str
) -> None:
    if line.backend.name.startswith("replicate") and wrong.do in ("null", "body"):
        wrong, words = FAILED, WORDS
    line.settings["price_per_1000"] = 1000.0
    line.service.behave(wrong)

    with anyio.fail_after(60):
        assert_nobody_is_charged(await line.sync(), words)

    assert line.service.stats().requests <= 12, "two batches, a few requests each"
    line.service.behave()
    assert (await line.sync()).embedded == 12
    line.assert_only_right_vectors()


@pytest.mark.parametrize("line", [ITEMS, SINGLE, OPENAI, REPLICATE], indirect=True)
async def test_a_few_items_that_are_all_bad_are_blamed_one_by_one(line: Line) -> None:
    line.shop.delete(range(4, 13))
    line.shop.edit([1, 2, 3], title="bad goods")
    refusal = (
        Behaviour("prediction", mark="bad goods", created=FAILED.created)
        if line.backend is REPLICATE
        else Behaviour("status", mark="bad goods", status=422, body='{"detail": "not decent"}')
    )
    line.service.behave(refusal)

    report = await line.sync()

    assert (report.outcome, report.failed, report.embedded) == (Outcome.PARTIAL, 3, 0)


@pytest.mark.parametrize("line", [ITEMS, REPLICATE], indirect=True)
async def test_a_daemon_waits_and_goes_on_by_itself(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BREAKER", Pauses(first=0.1, longest=300.0))
    wrong = FAILED if line.backend is REPLICATE else REFUSED
    line.service.behave(wrong)
    reports: list[PipelineReport] = []

    async def serve() -> None:
        reports.append(await line.sync(RunOptions(patient=True)))

    with anyio.fail_after(90):
        async with anyio.create_task_group() as group:
            group.start_soon(serve)
            await anyio.sleep(2)  # some probes, with pauses that grow
            assert not reports
            assert line.service.stats().requests <= 8 + 5 * 3
            line.service.behave()

    assert (reports[0].outcome, reports[0].embedded, reports[0].failed) == (Outcome.OK, 12, 0)
    line.assert_only_right_vectors()


@pytest.mark.parametrize("line", [OPENAI], indirect=True)
@pytest.mark.parametrize(
    "wrong",
    [Behaviour("status", status=429, headers={"Retry-After": "0"}), THROTTLED_WITH_200],
    ids=["429", "200"],
)
async def test_a_run_waits_no_longer_than_its_patience(line: Line, wrong: Behaviour) -> None:
    line.retry["patience"] = 0.5
    line.service.behave(wrong)

    with anyio.fail_after(60):
        report = await line.sync()

    assert_nobody_is_charged(report, "asked for a pause")
    assert line.service.stats().requests <= 20, "however short the pauses that it asks for"


@pytest.mark.parametrize("line", [ITEMS], indirect=True)
async def test_a_qdrant_that_refuses_every_write_ends_the_run(line: Line) -> None:
    line.qdrant.fail_next(status=400, count=10_000, method="PUT", path="/points", body=f'{{"e": "{WORDS}"}}')

    report = await line.sync()

    assert report.outcome is Outcome.ABORTED
    assert WORDS in str(report.message)
    assert (report.failed, report.retrying) == (0, 0)
    line.qdrant.reset()
    assert (await line.sync()).outcome is Outcome.OK
    assert line.service.stats().items == 12, "nothing is paid twice"
    line.assert_only_right_vectors()


@pytest.mark.parametrize("line", [REPLICATE], indirect=True)
async def test_a_failed_prediction_is_not_ordered_again_after_a_pause(line: Line) -> None:
    line.shop.edit([1, 2, 3], title="bad goods")
    line.service.behave(
        Behaviour("prediction", mark="bad goods", created=FAILED.created),
        Behaviour("status", status=429, headers={"Retry-After": "0"}, after=2, times=3),
    )

    report = await line.sync()

    assert (report.embedded, report.failed) == (9, 3)
    assert line.service.stats().repeated == 0
