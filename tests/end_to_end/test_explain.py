"""`explain KEY`: all of one item on one screen, and what would be done next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.outsider import Outsider

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.installation import Json


@pytest.fixture
def outsider(sqlite_stage: Stage) -> Outsider:
    """Five products in sync, their vectors kept."""
    sqlite_stage.installation.settings["keep_vectors"] = "always"
    sqlite_stage.shop.add(range(1, 6))
    assert sqlite_stage.installation.sync().code == 0
    return Outsider(sqlite_stage)


def explained(stage: Stage, key: int) -> Json:
    told = stage.installation.run("explain", str(key), "--json")
    assert told.code == 0, told.err
    return told.products


def test_an_item_in_sync_has_the_same_hashes_everywhere(outsider: Outsider) -> None:
    stage = outsider.stage
    stage.shop.edit([1], touch=False, description="long and " * 500 + "end")
    assert stage.installation.sync("--full").code == 0

    text = stage.installation.run("explain", "1")

    assert text.code == 0, text.err
    lines = text.out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    hashes = {line[:18].strip(): line[18:].split() for line in lines}
    same = hashes["planned"]
    assert same == hashes["believed"] == hashes["catalog now"] == hashes["point says"]
    assert all(len(one) == 8 for one in same)
    assert "It is in sync, nothing to do." in text.out
    assert hashes["kept vectors"] == ["8"]
    told = explained(stage, 1)
    assert told["verdict"] == "agrees"
    assert told["hashes"]["point"] == told["hashes"]["synced"] == told["hashes"]["catalog"]
    assert told["kept"] == {"": 8}


def test_what_is_amiss_is_said_with_what_to_do(outsider: Outsider) -> None:
    stage = outsider.stage
    payload = outsider.points()[4]
    marker = payload["_embedconsole"]
    assert isinstance(marker, dict)
    outsider.remove(1)
    outsider.set_payloads({2: {"title": "by hand"}})
    outsider.put({99: {**payload, "_embedconsole": {**marker, "key": "99"}}})
    outsider.put({77: {"title": "by hand"}})
    stage.shop.edit([3], title="Newer")
    stage.shop.delete([5])

    last = {key: explained(stage, key)["follows"][-1] for key in (1, 2, 3, 5, 99)}

    assert "verify --repair corrects it" in last[1]
    assert "differs from the ledger's record" in last[2]
    assert (
        last[3] == "It was edited since it was last planned: the next run finds it, and it will be embedded."
    )
    assert last[5] == "It is gone from the catalog by now: the next run finds it, and its point is deleted."
    assert "its item is not in the catalog" in last[99]
    assert explained(stage, 99)["verdict"] == "orphaned"
    # A point that is not ours is told as what it is.
    assert explained(stage, 77)["verdict"] == "foreign"
    assert stage.installation.run("explain", "4711").code == 2


def test_what_is_away_is_not_known(outsider: Outsider) -> None:
    stage = outsider.stage
    stage.pipeline["collection"]["url"] = "http://127.0.0.1:9"

    text = stage.installation.run("explain", "1")

    assert text.code == 3
    assert "point           1: not known: Qdrant: " in text.out
    assert "    point says    not known" in text.out


def test_what_the_watermark_hides_is_not_promised_to_the_next_run(stage: Stage) -> None:
    stage.shop.add(range(1, 6))
    stage.shop.edit([1], touch=False, updated_at="2020-01-01 00:00:00")
    assert stage.installation.sync().code == 0
    stage.shop.edit([1], touch=False, title="Hidden")
    stage.shop.edit([2], title="Moved on")

    hidden, moved = (explained(stage, key)["follows"][-1] for key in (1, 2))

    assert "the next run does not" in hidden
    assert "`embedconsole run --full` finds it" in hidden
    assert "the next run finds it" in moved
    assert stage.installation.sync().products["embedded"] == 1
    assert stage.installation.sync("--full").products["embedded"] == 1


def test_a_catalog_that_is_away_is_not_said_to_lack_an_item(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.shop.add([1])
    assert stage.installation.sync().code == 0
    stage.pipeline["catalog"]["url"] = "sqlite:////no/such/shop.db"

    unknown, known = stage.installation.run("explain", "2"), stage.installation.run("explain", "1")
    failed = stage.installation.run("failures", "2")

    assert "whether the catalog has it is not known" in unknown.out
    assert "Whether it was edited since is not known" in known.out
    assert "whether the catalog has one is not known: catalog: there is no database file" in failed.err
    assert (unknown.code, known.code, failed.code) == (3, 3, 3)


def test_why_an_item_was_embedded(outsider: Outsider) -> None:
    stage = outsider.stage
    stage.shop.edit([2], title="Newer")
    outsider.remove(3)
    assert stage.installation.run("verify", "--repair").code in (0, 1)
    assert stage.installation.sync("--force", "--only", "id=5").code == 0

    said = {key: explained(stage, key)["reason"] for key in (1, 2, 3, 5)}

    assert said == {1: "new", 2: "edited", 3: "missing", 5: "forced"}
    assert "reason          edited: its row changed" in stage.installation.run("explain", "2").out
    assert "; 1 forced): #5" in stage.installation.log

    stage.pipeline["embed"]["text"] = "now {title}"
    assert stage.installation.sync().code == 0
    assert explained(stage, 1)["reason"] == "model"
    stage.shop.edit([1], title="Edited after that")
    assert stage.installation.sync().code == 0
    assert explained(stage, 1)["reason"] == "edited"
