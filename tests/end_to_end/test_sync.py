"""One run after the other, as cron makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.fixtures_shop import Stage


def test_first_run_embeds_everything_and_second_run_does_nothing(stage: Stage) -> None:
    stage.shop.add(range(1, 26))

    first = stage.installation.sync()

    assert first.code == 0, first.err
    assert first.json["outcome"] == "ok"
    assert first.products["scanned"] == 25
    assert first.products["embedded"] == 25
    assert stage.points.ids() == set(range(1, 26))
    stage.service.reset()
    stage.qdrant.reset()

    second = stage.installation.sync()

    assert second.code == 0, second.err
    assert second.products["embedded"] == 0
    assert stage.service.stats().requests == 0
    assert not [request for request in stage.qdrant.requests() if request.startswith(("PUT", "DELETE"))]
