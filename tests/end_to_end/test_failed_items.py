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
    assert (unknown.code, unknown.out) == (0, "products: 0 items put back\n")
    assert "1 item not among the failed ones" in unknown.err
    assert stage.installation.run("retry").code == 2
    assert stage.installation.run("retry", "--all", "--cause", "transient", "--json").json["pipelines"] == {
        "products": 0
    }
    assert stage.installation.run("retry", "--all").out == "products: 2 items put back\n"
    last = stage.installation.sync()
    assert last.code == 1
    assert (last.products["embedded"], last.products["failed"]) == (1, 1)
