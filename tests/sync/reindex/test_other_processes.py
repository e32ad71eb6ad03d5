"""Other processes while a re-index goes on: none plans for the pipeline, and none re-indexes it too."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from support.embedding_service import Behaviour
from support.processes import running, wait_until

if TYPE_CHECKING:
    from support.fixtures_shop import Stage


def test_nobody_else_plans_meanwhile(sqlite_stage: Stage) -> None:
    """A cron job with a new template for the same model would pay for all of it in the old collection."""
    stage = sqlite_stage
    stage.shop.add(range(1, 21))
    assert stage.installation.sync().code == 0
    alias = f"{stage.points.collection}-live"
    assert stage.installation.run("reindex", "--lead-to", alias).code == 0
    stage.pipeline["collection"]["name"] = alias
    stage.pipeline["embed"]["fields"]["description"] = "title"
    stage.forget()
    stage.service.behave(Behaviour("hold", times=1))

    with running(stage.installation, "reindex", "--json") as reindex:
        wait_until(lambda: stage.service.stats().held == 1, "it is in the middle")
        cron = stage.installation.sync()
        second = stage.installation.run("reindex")
        status = stage.installation.run("status", "--json").json["pipelines"]["products"]
        stage.service.release()
        done = reindex.wait()

    assert (cron.code, second.code, done.code) == (4, 4, 0), second.err
    assert "re-indexes it already" in second.err
    assert (status["building"]["collection"], status["building"]["total"]) == (f"{alias}-2", 20)
    assert set(stage.service.stats().embeds.values()) == {1}
    assert stage.installation.sync().products["unchanged"] == 20


def test_a_daemon_that_was_not_restarted_is_halted_and_lives(sqlite_stage: Stage) -> None:
    """It finds out by its feed; one that ended would be started again and again by its supervisor."""
    stage = sqlite_stage
    stage.shop.add(range(1, 11))
    stage.pipeline["catalog"]["watch"] = [{"table": "products", "key": "id"}]
    assert stage.installation.run("feed", "install", "--yes").code == 0
    with running(stage.installation, "--headless", "--json") as daemon:
        daemon.wait_out('"embedded": 10')
        alias = f"{stage.points.collection}-live"
        assert stage.installation.run("reindex", "--lead-to", alias).code == 0
        stage.pipeline["collection"]["name"] = alias
        stage.installation.settings["embedders"]["ml"]["model"] = "clip-2"
        assert stage.installation.run("reindex").code == 0
        stage.forget()

        stage.shop.edit([3], title="Edited after the move")
        daemon.wait_out("has taken over from its collection")

        daemon.send(signal.SIGTERM)
        assert daemon.wait().code == 143
    assert stage.service.stats().requests == 0
    assert stage.installation.sync().products["embedded"] == 1
