"""Dependencies that refuse us, ask for a pause, are away, or stumble over one item."""

from __future__ import annotations

import json
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from crash.converged import assert_converged, on_sqlite, paid_again
from support.embedding_service import Behaviour

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.installation import Json
    from support.ledger_rows import LedgerRows

pytestmark = on_sqlite

SOON = 15.0


def one_attempt(settings: Json) -> None:
    """Whoever is charged one attempt has failed for good."""
    settings["retry"] |= {"attempts": 1}


def nobody_is_listening() -> str:
    """An address whose port is closed."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(401, "embedders.ml.headers"), (404, "embedders.ml.url")],
    ids=["401", "404"],
)
def test_a_refusing_embedder_stops_the_run(
    stage: Stage, ledger: LedgerRows, status: int, remedy: str
) -> None:
    one_attempt(stage.installation.settings)
    stage.shop.add(range(1, 41))
    stage.service.behave(Behaviour("status", status=status))

    refused = stage.installation.sync()

    assert refused.code == 3
    assert refused.json["outcome"] == "aborted"
    assert f"({status})" in refused.err
    assert remedy in refused.err
    assert "Traceback" not in refused.err
    assert stage.service.stats().requests <= 4
    assert ledger.attempts() == 0
    assert ledger.claimed() == 0
    assert refused.products["failed"] == 0
    stage.service.behave()

    mended = stage.installation.sync()

    assert mended.code == 0, mended.err
    assert_converged(stage, ledger)


def test_a_refusing_qdrant_stops_the_run_and_nothing_is_paid_twice(stage: Stage, ledger: LedgerRows) -> None:
    one_attempt(stage.installation.settings)
    stage.shop.add(range(1, 41))
    stage.qdrant.fail_next(status=401, count=1000)

    refused = stage.installation.sync()

    assert refused.code == 3
    assert "collection.api_key" in refused.err
    assert ledger.attempts() == 0
    assert ledger.claimed() == 0
    stage.qdrant.reset()

    mended = stage.installation.sync()

    assert mended.code == 0, mended.err
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


@pytest.mark.parametrize("away", ["embedder", "qdrant"])
def test_a_dependency_that_is_away_from_the_start_stops_the_run_soon(
    stage: Stage, ledger: LedgerRows, away: str
) -> None:
    one_attempt(stage.installation.settings)
    stage.shop.add(range(1, 41))
    settings = stage.installation.settings
    if away == "embedder":
        settings["embedders"]["ml"]["url"] = f"{nobody_is_listening()}/embed"
    else:
        settings["pipelines"]["products"]["collection"]["url"] = nobody_is_listening()

    began = time.monotonic()
    refused = stage.installation.sync()
    elapsed = time.monotonic() - began

    assert refused.code == 3
    assert refused.json["outcome"] == "aborted"
    assert "can't be reached" in refused.err
    assert ledger.attempts() == 0
    assert ledger.claimed() == 0
    assert refused.products["failed"] == 0
    assert elapsed < SOON
    settings["embedders"]["ml"]["url"] = stage.service.url
    settings["pipelines"]["products"]["collection"]["url"] = stage.qdrant.url

    back = stage.installation.sync()

    assert back.code == 0, back.err
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


@pytest.mark.parametrize(
    ("retry_after", "at_least"),
    [("seconds", 3.0), ("date", 2.0), (None, 2.0)],
    ids=["seconds", "date", "none"],
)
def test_a_throttling_embedder_is_waited_for_and_nobody_is_charged(
    stage: Stage, ledger: LedgerRows, retry_after: str | None, at_least: float
) -> None:
    one_attempt(stage.installation.settings)
    stage.shop.add(range(1, 41))
    headers = {}
    if retry_after == "seconds":
        headers = {"Retry-After": "3"}
    elif retry_after == "date":
        # The date counts from the reply's own, so the time until the program asks does not matter.
        now = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
        until = format_datetime(now + timedelta(seconds=2), usegmt=True)
        headers = {"Date": format_datetime(now, usegmt=True), "Retry-After": until}
    # As many as can be under way together: they are one event.
    stage.service.behave(Behaviour("status", times=4, status=429, headers=headers))

    done = stage.installation.sync("--log-format", "json")

    assert done.code == 0, done.err
    assert stage.service.stats().statuses == {"429": 4, "200": 4}
    lines = [json.loads(line) for line in stage.installation.log.splitlines()]
    assert max(line["seconds"]["embed"] for line in lines if line.get("event") == "batch") >= at_least
    assert not [line for line in lines if line.get("event") == "item_failed"]
    assert_converged(stage, ledger)
    assert paid_again(stage) == 0


@pytest.mark.parametrize("status", [422, 500])
def test_one_poison_item_in_64_fails_alone(stage: Stage, ledger: LedgerRows, status: int) -> None:
    settings = stage.installation.settings
    one_attempt(settings)
    settings["chunk_size"] = settings["embedders"]["ml"]["batch_size"] = 64
    stage.shop.add(range(1, 65))
    stage.service.behave(
        Behaviour("status", mark='Product number 17"', status=status, body='{"detail": "no such picture"}')
    )

    done = stage.installation.sync()

    assert done.code == 1
    assert done.json["outcome"] == "partial"
    assert (done.products["embedded"], done.products["failed"]) == (63, 1)
    assert stage.points.ids() == set(range(1, 65)) - {17}
    assert set(stage.service.stats().embeds.values()) == {1}
    (failed,) = stage.installation.run("failures", "--json").json["pipelines"]["products"]["items"]
    assert failed["key"] == "17"
    assert "no such picture" in failed["error"]
    assert ledger.attempts() == 1
