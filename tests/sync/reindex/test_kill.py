"""kill -9 in the middle of a re-index: the next call goes on, and pays again for what was in flight only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from support.kill_points import KillPoint

if TYPE_CHECKING:
    from support.fixtures_shop import Stage

ITEMS = 40
CHUNK = 10
WORKERS = 4
POINTS = (
    KillPoint("after", "plan"),
    KillPoint("after", "embed", 2),
    KillPoint("after", "write", 2),
    KillPoint("before", "settle", 2),
    KillPoint("before", "alias"),
    KillPoint("after", "alias"),
    KillPoint("after", "promote"),
)


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_killed_anywhere_it_goes_on(sqlite_stage: Stage, point: KillPoint) -> None:
    stage = sqlite_stage
    stage.shop.add(range(1, ITEMS + 1))
    assert stage.installation.sync().code == 0
    pipeline = stage.pipeline
    alias = f"{stage.points.collection}-live"
    assert stage.installation.run("reindex", "--lead-to", alias).code == 0
    pipeline["collection"]["name"] = alias
    stage.installation.settings["embedders"]["ml"]["model"] = "clip-2"
    stage.forget()

    stage.installation.environment.update(point.environment)
    died = stage.installation.run("reindex")
    for name in point.environment:
        del stage.installation.environment[name]
    assert died.code in (-9, 137), died.err
    found = httpx.post(f"{stage.points.url}/collections/{alias}/points/count", json={"exact": True})
    assert found.json()["result"]["count"] == ITEMS  # searched all the time

    done = stage.installation.run("reindex" if point.stage != "promote" else "verify", "--json")

    assert done.code == 0, done.err
    assert stage.service.stats().items <= ITEMS + CHUNK * WORKERS
    verified = stage.installation.run("verify", "--json")
    assert verified.code == 0, verified.out
    aliases = httpx.get(f"{stage.points.url}/aliases").json()["result"]["aliases"]
    assert [entry["collection_name"] for entry in aliases if entry["alias_name"] == alias] == [f"{alias}-2"]


@pytest.mark.parametrize("point", [KillPoint("before", "alias"), KillPoint("after", "alias")], ids=str)
def test_killed_while_one_replaces_the_other(sqlite_stage: Stage, point: KillPoint) -> None:
    """Its name is nobody's for a moment: the next call gives it to the next one, and drops nothing else."""
    stage = sqlite_stage
    stage.shop.add(range(1, ITEMS + 1))
    assert stage.installation.sync().code == 0
    stage.installation.settings["embedders"]["ml"]["model"] = "clip-2"
    stage.forget()
    stage.installation.environment.update(point.environment)
    assert stage.installation.run("reindex", "--replace", "--yes").code in (-9, 137)
    stage.installation.environment.clear()

    done = stage.installation.run("reindex", "--replace", "--yes")

    assert done.code == 0, done.err
    assert stage.service.stats().items == ITEMS
    stage.installation.run("reindex", "--drop-old", "--yes")
    assert len(stage.points.ids()) == ITEMS
    assert stage.installation.run("verify").code == 0
    assert stage.installation.sync().products["unchanged"] == ITEMS
