"""One run after the other, as cron makes them. Scenario 1: with nothing changed, nothing is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.fixtures_shop import Stage


def test_first_run_embeds_everything_and_further_runs_do_nothing(stage: Stage) -> None:
    """Scenario 1, for a scan by watermark and for a scan of all rows."""
    stage.shop.add(range(1, 26))

    first = stage.installation.sync()

    assert first.code == 0, first.err
    assert first.json["outcome"] == "ok"
    assert first.products["scanned"] == 25
    assert first.products["embedded"] == 25
    assert first.products["embed_requests"] == stage.service.stats().requests == 3
    assert stage.points.ids() == set(range(1, 26))

    for arguments in ((), ("--full",)):
        stage.forget()
        again = stage.installation.sync(*arguments)

        assert again.code == 0, again.err
        assert again.json["outcome"] == "ok"
        assert again.products["scanned"] == again.products["unchanged"] == 25
        done = ("embedded", "payload_updated", "deleted", "embed_requests", "embed_items", "pending")
        assert [again.products[name] for name in done] == [0] * len(done)
        assert stage.service.stats().requests == 0
        assert stage.writes == {}
