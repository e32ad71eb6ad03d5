"""Each kind of change takes its way, and only that one. Scenarios 2 and 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.fixtures_shop import Stage

_LONG_AGO = "2020-01-01 00:00:00"
_WITHIN_THE_OVERLAP = "2026-01-01 11:58:00"
_COUNTS = ("scanned", "embedded", "payload_updated", "deleted", "unchanged")


def test_another_mapping_reaches_rows_that_have_not_changed(sqlite_stage: Stage) -> None:
    """With a watermark, too: it tells of rows, not of the configuration. A dry run says the same."""
    stage = sqlite_stage
    stage.shop.add(range(1, 6))
    stage.shop.edit(range(1, 5), touch=False, updated_at=_LONG_AGO)
    assert stage.installation.sync().code == 0
    assert stage.installation.sync().products["scanned"] == 1
    stage.pipeline["collection"]["payload"]["name"] = "title"

    planned = stage.installation.sync("--dry-run").products
    changed = stage.installation.sync().products

    assert (planned["payload_updated"], changed["payload_updated"], changed["embedded"]) == (5, 5, 0)
    assert stage.points.payload(3)["name"] == stage.points.payload(3)["title"]
    stage.pipeline["embed"]["text"] = "{title}"
    assert stage.installation.sync("--dry-run").products["embedded"] == 5
    assert stage.installation.sync().products["embedded"] == 5
    assert stage.installation.sync().products["scanned"] == 1


def test_each_change_takes_its_way(stage: Stage) -> None:
    """Scenario 2: image and text are embedded, a price is only written, an unrelated column does nothing.

    New, changed, price-only-changed, soft-deleted, deleted and restored rows each take their way. Scenario 9:
    rows committed late are found, a new one however old its watermark is, an edited one within the overlap;
    an edit that does not move the watermark at all is found by the next full comparison.
    """
    stage.shop.add(range(1, 13))
    assert stage.installation.sync().code == 0
    before, vectors = stage.points.payloads(), stage.points.vectors()
    stage.forget()
    stage.shop.edit([1], image_url="https://shop.example/images/other.jpg")
    stage.shop.edit([2], description="Something else can be said")
    stage.shop.edit([3], price="0.50")
    stage.shop.edit([4], category_id=3)
    stage.shop.soft_delete([5])
    stage.shop.delete([6])
    stage.shop.add([13])

    changed = stage.installation.sync()

    assert changed.code == 0, changed.err
    assert [changed.products[name] for name in _COUNTS] == [11, 3, 1, 2, 7]
    assert stage.service.stats().embeds == {"1": 1, "2": 1, "13": 1}
    after, new_vectors = stage.points.payloads(), stage.points.vectors()
    assert after.keys() == {1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13}
    assert (before[3]["price"], after[3]["price"]) == (12.95, 0.5)
    assert all(after[number] == before[number] for number in after.keys() - {1, 2, 3, 13})
    assert {number for number in vectors if new_vectors.get(number) != vectors[number]} == {1, 2, 5, 6}

    stage.forget()
    stage.shop.restore([5])
    stage.shop.add([14])
    stage.shop.edit([14], touch=False, updated_at=_LONG_AGO)
    stage.shop.edit([7], touch=False, title="Committed late", updated_at=_WITHIN_THE_OVERLAP)
    stage.shop.edit([8], touch=False, title="Edited by hand", updated_at=_LONG_AGO)

    restored = stage.installation.sync()

    assert restored.code == 0, restored.err
    assert (restored.products["embedded"], restored.products["deleted"]) == (3, 0)
    assert stage.service.stats().embeds == {"5": 1, "7": 1, "14": 1}
    assert stage.points.payload(5) == before[5]
    assert stage.points.vectors()[5] == vectors[5]
    assert stage.points.payload(7)["title"] == "Committed late"
    assert stage.installation.sync("--full").products["embedded"] == 1
    assert stage.points.payload(8)["title"] == "Edited by hand"
