"""Items that can't be embedded: named, kept apart, put back. Scenarios 11 and 12, `failures` and `retry`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.embedding_service import Behaviour

if TYPE_CHECKING:
    from support.fixtures_shop import Stage

_EMPTY = "nothing to embed: its text and image are empty"


def test_a_bad_item_is_named_and_put_back_while_its_old_point_stays(stage: Stage) -> None:
    """Scenarios 11 and 12: the rest of the batch goes through, the old points of the bad ones stay.

    `failures` groups them by cause; `retry KEY` puts one back, and a change of content does so by itself.
    """
    stage.shop.add(range(1, 9))
    assert stage.installation.sync().code == 0
    before = stage.points.all(vectors=True)
    stage.forget()
    stage.service.behave(Behaviour("status", mark="poison", status=422, body='{"detail": "too bad"}'))
    stage.shop.edit([2, 3, 5], description="Fine")
    stage.shop.edit([4], title="poison", price="1.00")
    stage.shop.edit([6], title="", description=" ", image_url=None)

    failed = stage.installation.sync()

    assert failed.code == 1
    assert failed.json["outcome"] == "partial"
    assert (failed.products["embedded"], failed.products["failed"]) == (3, 2)
    after = stage.points.all(vectors=True)
    assert {number for number in before if before[number] != after[number]} == {2, 3, 5}
    log = stage.installation.log
    assert f"Failed #6 of products - error: {_EMPTY}" in log
    assert "Failed #4 of products - error: " in log

    failures = stage.installation.run("failures", "--json")

    assert failures.code == 1
    listed = failures.products
    assert {item["key"]: item["error_class"] for item in listed["items"]} == {"4": "item", "6": "item"}
    causes = {cause["error"]: cause["count"] for cause in listed["causes"]}
    assert causes.pop(_EMPTY) == 1
    ((refusal, count),) = causes.items()
    assert "too bad" in refusal
    assert count == 1

    stage.forget()
    assert stage.installation.run("retry", "4", "--json").json["pipelines"] == {"products": 1}
    stage.shop.edit([6], title="Mended")
    mended = stage.installation.sync()

    assert mended.code == 0, mended.err
    assert (mended.products["embedded"], mended.products["failed"]) == (2, 0)
    assert stage.service.stats().embeds == {"4": 1, "6": 1}
    assert [stage.points.payload(number)["title"] for number in (4, 6)] == ["poison", "Mended"]


def test_retry_of_everything_of_one_cause_and_of_unknown_keys(sqlite_stage: Stage) -> None:
    """What has failed stays so, without being paid for, until it is put back."""
    stage = sqlite_stage
    stage.shop.add(range(1, 6))
    stage.service.behave(Behaviour("status", mark="number 2", status=422))
    stage.shop.edit([4], title="", description="", image_url=None)
    assert stage.installation.sync().code == 1
    stage.forget()

    again = stage.installation.sync()

    assert again.code == 1
    assert again.products["failed"] == 2
    assert stage.service.stats().requests == 0
    unknown = stage.installation.run("retry", "99")
    assert (unknown.code, unknown.out) == (2, "products: 0 items returned to the queue\n")
    assert "The ledger has no item '99'" in unknown.err
    assert stage.installation.run("retry").code == 2
    assert stage.installation.run("retry", "--all", "--cause", "transient", "--json").json["pipelines"] == {
        "products": 0
    }
    assert stage.installation.run("retry", "--cause", "00").code == 2
    assert stage.installation.run("retry", "--all").out == "products: 2 items returned to the queue\n"
    last = stage.installation.sync()
    assert last.code == 1
    assert (last.products["embedded"], last.products["failed"]) == (1, 1)


def test_one_item_in_full_and_one_cause_put_back_or_skipped(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.shop.add(range(1, 6))
    stage.service.behave(Behaviour("status", mark="number 2", status=422))
    stage.shop.edit([4], title="", description="", image_url=None)
    assert stage.installation.sync().code == 1

    told = stage.installation.run("failures", "4", "--json")

    assert told.code == 1
    one = told.products
    assert (one["state"], one["error"], one["attempts"]) == ("failed", _EMPTY, 1)
    assert one["catalog"]["id"] == 4
    assert one["payload"] is None
    assert one["hashes"]["desired"] == one["hashes"]["catalog"]
    assert one["follows"][-1] == "Put back as it is, it will be embedded."
    assert "Give it a text" in one["remedy"]
    assert [event["message"] for event in one["events"]] == [_EMPTY]
    text = stage.installation.run("failures", "1")
    assert text.code == 0
    assert "It is in sync" in text.out
    assert "in the collection, point 1" in text.out
    assert stage.installation.run("failures", "77").code == 2

    causes = stage.installation.run("failures", "--json").products["causes"]
    empty, refused = sorted(causes, key=lambda cause: cause["error"] != _EMPTY)
    skipped = stage.installation.run("skip", "--cause", empty["cause"][:8], "--json")
    assert skipped.json["pipelines"] == {"products": 1}
    left = stage.installation.run("failures")
    assert refused["cause"][:8] in left.out
    assert "skipped" in left.out
    retried = stage.installation.run("retry", "--cause", refused["cause"][:8], "--json")
    assert retried.json["pipelines"] == {"products": 1}
