"""`verify` looks into the store itself, and `--repair` mends what it finds there. Scenario 28."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from support.outsider import Outsider, outsider_of_a_synced_shop

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.items import JsonObject
    from support.fixtures_shop import Stage
    from support.installation import Ended, Json

_WHERE = [("sqlite", "server"), ("postgresql", "server"), ("mysql", "server"), ("sqlite", "embedded")]
everywhere = pytest.mark.parametrize(("database", "where"), _WHERE, indirect=["database"])


@pytest.fixture
def where() -> str:
    """Which engine; unless a test says otherwise, the server."""
    return "server"


@pytest.fixture
def outsider(stage: Stage, where: str, tmp_path: Path) -> Outsider:
    """25 products in sync, and somebody who meddles."""
    return outsider_of_a_synced_shop(stage, where, tmp_path)


def found(ended: Ended, part: str = "collection") -> Json:
    """What differs, by kind."""
    told: Json = ended.products[part]
    assert told["checked"], told
    kinds = ("missing", "stale", "unlisted", "orphaned", "taken", "foreign", "waiting", "changed", "gone")
    return {kind: told[kind] for kind in kinds if told.get(kind)}


def verify(stage: Stage, *flags: str) -> Ended:
    return stage.installation.run("verify", "--json", *flags)


def assert_all_agree(stage: Stage, foreign: int = 0) -> None:
    ended = verify(stage)
    assert ended.code == 0, ended.out
    assert ended.json["outcome"] == "agrees"
    assert ended.products["drift"] == 0
    assert found(ended) == ({"foreign": foreign} if foreign else {})


def marked(payload: JsonObject, **changes: str) -> JsonObject:
    """A payload whose marker says something else."""
    marker = payload["_embedconsole"]
    assert isinstance(marker, dict)
    return {**payload, "_embedconsole": {**marker, **changes}}


@everywhere
def test_what_others_did_is_told_and_mended_and_what_is_foreign_stays(outsider: Outsider) -> None:
    stage = outsider.stage
    before, vectors = outsider.points(), outsider.vectors()
    theirs: dict[int | str, JsonObject] = {
        900: {"title": "by hand"},
        "5b1f4f7e-7d6c-4b4e-9c0a-0123456789ab": marked(before[1], pipeline="pictures"),
        901: before[1],
    }
    outsider.put(theirs)
    outsider.put({700: marked(before[2], key="700")})
    outsider.remove(3, 4)
    outsider.set_payloads({5: {"title": "replaced"}, 6: marked(before[6], payload_hash="0" * 32)})

    told = verify(stage)

    assert told.code == 1
    assert told.json["outcome"] == "differs"
    assert found(told) == {"missing": 2, "stale": 2, "orphaned": 1, "foreign": 3}
    assert told.products["collection"]["examples"] == {
        "missing": ["3", "4"],
        "stale": ["5", "6"],
        "orphaned": ["700"],
    }
    assert found(told, "catalog") == {}
    assert told.products["drift"] == 5
    assert stage.service.stats().requests == 0
    [event] = outsider.backup()["embedconsole_events"][-1:]
    assert (event["level"], event["kind"]) == ("warning", "verify")
    assert event["message"] == "a verify found differences: 2 missing, 2 stale, 1 orphaned"

    mended = verify(stage, "--repair")

    assert mended.code == 0, mended.err
    assert mended.json["found"]["products"]["drift"] == 5
    run = mended.json["run"]["pipelines"]["products"]
    # What lost its marker may hold anything: it is embedded anew. Payloads cost nothing.
    assert (run["embedded"], run["payload_updated"], run["deleted"]) == (3, 1, 1)
    assert sorted(stage.service.stats().embeds) == ["3", "4", "5"]
    after = outsider.points()
    assert {point: after[point] for point in theirs} == theirs
    assert {point: payload for point, payload in after.items() if point not in theirs} == before
    assert {point: vector for point, vector in outsider.vectors().items() if point in before} == vectors
    assert_all_agree(stage, foreign=3)


@everywhere
def test_a_dropped_collection_is_recreated_from_kept_vectors_or_by_embedding(
    outsider: Outsider, where: str
) -> None:
    stage = outsider.stage
    before = outsider.points()
    outsider.drop()

    told = verify(stage)

    assert told.code == 1
    assert told.products["collection"]["exists"] is False
    assert found(told) == {"missing": 25}
    assert told.products["schema"] == {"checked": False, "why": "the collection does not exist"}

    stage.installation.settings["keep_vectors"] = "always"
    paid = verify(stage, "--repair")

    assert paid.code == 0, paid.err
    assert stage.service.stats().items == 25
    assert outsider.points() == before

    outsider.drop()
    stage.forget()
    kept = verify(stage, "--repair")

    assert kept.code == 0, kept.err
    assert stage.service.stats().requests == 0
    assert outsider.points() == before
    assert_all_agree(stage)


@everywhere
def test_a_lost_ledger_is_rebuilt_without_paying(outsider: Outsider) -> None:
    stage = outsider.stage
    before = outsider.points()
    outsider.put({900: {"title": "by hand"}})
    outsider.restore({})
    stage.shop.delete([7])
    stage.shop.edit([8], price="7.77")

    told = verify(stage)

    assert told.code == 1
    assert found(told) == {"unlisted": 24, "orphaned": 1, "foreign": 1}
    assert found(told, "catalog") == {"missing": 24}

    mended = verify(stage, "--repair")

    assert mended.code == 0, mended.err
    assert stage.service.stats().requests == 0
    run = mended.json["run"]["pipelines"]["products"]
    assert (run["embedded"], run["payload_updated"], run["deleted"]) == (0, 1, 1)
    after = outsider.points()
    assert after.keys() == (before.keys() - {7}) | {900}
    assert after[8]["price"] == 7.77
    assert_all_agree(stage, foreign=1)


@everywhere
def test_a_ledger_from_an_old_backup_converges_without_paying(outsider: Outsider) -> None:
    stage = outsider.stage
    backup = outsider.backup()
    stage.shop.edit([2], title="Newer")
    stage.shop.edit([3], price="7.77")
    stage.shop.delete([4])
    stage.shop.add([26, 27])
    assert stage.installation.sync().code == 0
    now = outsider.points()
    outsider.restore(backup)
    stage.forget()

    told = verify(stage)

    assert told.code == 1
    assert found(told) == {"missing": 1, "stale": 2, "unlisted": 2}
    assert found(told, "catalog") == {"missing": 2, "changed": 2, "gone": 1}

    mended = verify(stage, "--repair")

    assert mended.code == 0, mended.err
    assert stage.service.stats().requests == 0
    assert outsider.points() == now
    assert_all_agree(stage)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_more_orphans_than_may_be_deleted_need_the_operators_word(outsider: Outsider) -> None:
    stage = outsider.stage
    before = outsider.points()
    outsider.put({700 + number: marked(before[1], key=str(700 + number)) for number in range(20)})

    refused = verify(stage, "--repair")

    assert refused.code == 3
    assert "20 of 45 items are gone from the catalog" in refused.err
    assert len(outsider.points()) == 45

    assert verify(stage, "--repair", "--allow-deletes").code == 0
    assert outsider.points() == before
    assert_all_agree(stage)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_silently_changed_model_shows_in_a_sample(outsider: Outsider) -> None:
    stage = outsider.stage
    stage.shop.delete(range(21, 26))
    assert stage.installation.sync("--allow-deletes").code == 0
    payloads = outsider.points()
    stage.forget()
    unasked = stage.installation.run("verify")
    assert unasked.code == 0
    assert "vectors     not checked: ask for it with --sample K" in unasked.out

    same = verify(stage, "--sample", "5")

    assert same.code == 0
    assert same.products["vectors"]["sampled"] == 5
    assert same.products["vectors"]["lowest"] == pytest.approx(1.0, abs=1e-5)
    assert stage.service.stats().items == 5

    outsider.put({point: payloads[point] for point in range(1, 8)}, vector=[0.0] * 7 + [-1.0])
    differs = stage.installation.run("verify", "--sample", "20")

    assert differs.code == 1
    assert "7 of 20 sampled vectors differ (lowest similarity" in differs.out


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_can_not_be_checked_says_why_and_is_no_zero(outsider: Outsider) -> None:
    stage = outsider.stage
    stage.pipeline["collection"]["url"] = "http://127.0.0.1:9"

    told = verify(stage)

    assert told.code == 3
    assert told.json["outcome"] == "incomplete"
    assert told.products["drift"] is None
    for part in ("collection", "schema"):
        assert told.products[part].keys() == {"checked", "why"}
        assert "can't be reached" in told.products[part]["why"]
    assert told.products["catalog"]["rows"] == 25

    text = stage.installation.run("verify", "--repair")

    assert text.code == 3
    assert "collection  not checked: " in text.out


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_differences_of_the_catalog_and_of_the_schema_are_told_and_mended(outsider: Outsider) -> None:
    stage = outsider.stage
    # Without its column of changes having moved, only a full scan finds it.
    stage.shop.edit([1], touch=False, title="Behind the watermark")
    stage.pipeline["collection"]["indexes"]["product_id"] = "keyword"

    told = stage.installation.run("verify")

    assert told.code == 1
    assert "products: 2 differences" in told.out
    assert "25 rows; 1 changed\n" in told.out
    assert "indexes.product_id: expected keyword, found nothing" in told.out
    assert "verify --repair" in told.err

    assert verify(stage, "--repair").code == 0
    assert outsider.points()[1]["title"] == "Behind the watermark"
    assert_all_agree(stage)

    assert stage.installation.run("verify", "--allow-deletes").code == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_verify_that_is_interrupted_ends_at_once_and_notes_nothing(outsider: Outsider) -> None:
    stage = outsider.stage
    stage.qdrant.fail_next("hold", path="points/scroll")
    with stage.installation.running("verify", "--json") as verifying:
        stage.qdrant.wait_held()
        verifying.process.send_signal(signal.SIGINT)
        ended = verifying.ended()
    stage.qdrant.release()

    assert ended.code == 130, ended.err
    assert ended.out == ""
    assert outsider.backup()["embedconsole_audits"] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_repair_that_is_killed_after_it_set_the_ledger_right_is_finished_by_any_run(
    outsider: Outsider,
) -> None:
    stage = outsider.stage
    before = outsider.points()
    stage.shop.edit([8], touch=False, price="7.77")
    outsider.restore({})
    # The run has found what the catalog wants of them, and is about to write it.
    stage.qdrant.fail_next("hold", path="points/batch")
    with stage.installation.running("verify", "--repair") as repairing:
        stage.qdrant.wait_held()
        repairing.process.kill()
        repairing.ended()
    stage.qdrant.reset()

    finished = stage.installation.sync()

    assert finished.code == 0, finished.err
    assert stage.service.stats().requests == 0
    after = outsider.points()
    assert after[8]["price"] == 7.77
    assert after.keys() == before.keys()
    assert_all_agree(stage)
