"""What is gone goes, what may be a mistake stays. Scenarios 3, 6, 7 and 10."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.fixtures_shop import Stage


def test_one_of_twins_goes_although_its_delete_fails_once_and_comes_back_unpaid(stage: Stage) -> None:
    """Scenarios 3, 7 and 10.

    Two products have the same content, and one is deleted: only that point goes. A delete that fails is
    finished by the next run, unless the row was re-created meanwhile. Restored, the twin is back without
    paying again, since its vector was kept.
    """
    stage.installation.settings["keep_vectors"] = "always"
    stage.shop.add(range(1, 11))
    stage.shop.edit([4, 7], title="Same", description="Same", image_url=None)
    assert stage.installation.sync().code == 0
    before = stage.points.all(vectors=True)
    assert before[4]["vector"] == before[7]["vector"]
    stage.forget()
    stage.qdrant.fail_next("status", status=403, path="points/delete")
    stage.shop.soft_delete([4, 9])

    refused = stage.installation.sync()

    assert refused.code == 3
    assert refused.json["outcome"] == "aborted"
    assert (refused.products["deleted"], refused.products["pending"]) == (0, 2)
    assert stage.points.ids() == set(range(1, 11))

    stage.shop.restore([9])
    finished = stage.installation.sync()

    assert finished.code == 0, finished.err
    assert finished.products["deleted"] == 1
    left = stage.points.all(vectors=True)
    assert left == {number: point for number, point in before.items() if number != 4}

    stage.shop.restore([4])
    restored = stage.installation.sync()

    assert restored.code == 0, restored.err
    assert (restored.products["embedded"], restored.products["embed_items"]) == (1, 0)
    assert stage.service.stats().requests == 0
    assert stage.points.all(vectors=True) == before


def test_a_delete_whose_confirmation_is_lost_is_finished_at_once(sqlite_stage: Stage) -> None:
    """Scenario 7, in passing: the same run asks again."""
    stage = sqlite_stage
    stage.shop.add(range(1, 11))
    assert stage.installation.sync().code == 0
    stage.shop.delete([2])
    stage.qdrant.fail_next("drop", path="points/delete", applied=True)
    stage.qdrant.fail_next("status", status=500, path="points/delete")

    ended = stage.installation.sync()

    assert ended.code == 0, ended.err
    assert ended.products["deleted"] == 1
    assert stage.points.ids() == set(range(1, 11)) - {2}


def test_more_than_the_fraction_needs_the_operators_word(sqlite_stage: Stage) -> None:
    """Scenario 6: an empty catalog, or one that lost too much, deletes nothing and ends with 3.

    An empty one not even where max_delete_fraction allows everything; edits go through meanwhile.
    """
    stage = sqlite_stage
    stage.shop.add(range(1, 11))
    assert stage.installation.sync().code == 0
    stage.shop.soft_delete([1, 2, 3])
    stage.shop.edit([4], title="Edited meanwhile")

    refused = stage.installation.sync()

    assert refused.code == 3
    assert refused.json["outcome"] == "aborted"
    assert (refused.products["deleted"], refused.products["embedded"]) == (0, 1)
    told = refused.json["messages"]["products"]
    assert told.startswith("3 of 10 items are gone from the catalog")
    assert "--allow-deletes" in told
    assert told in refused.err
    assert stage.points.ids() == set(range(1, 11))
    assert stage.points.payload(4)["title"] == "Edited meanwhile"

    allowed = stage.installation.sync("--allow-deletes")

    assert allowed.code == 0, allowed.err
    assert allowed.products["deleted"] == 3
    assert stage.points.ids() == set(range(4, 11))

    stage.installation.settings["max_delete_fraction"] = 1.0
    stage.shop.delete(range(1, 11))
    emptied = stage.installation.sync()

    assert emptied.code == 3
    assert (emptied.products["scanned"], emptied.products["deleted"]) == (0, 0)
    assert "7 of 7 items are gone" in emptied.json["messages"]["products"]
    assert stage.points.ids() == set(range(4, 11))
    assert stage.installation.sync("--allow-deletes").products["deleted"] == 7
    assert stage.points.ids() == set()


def test_a_scan_that_stops_half_way_deletes_nothing(sqlite_stage: Stage) -> None:
    """Scenario 6: the rows before the fault are taken up, what is missing is not taken for gone."""
    stage = sqlite_stage
    stage.shop.add(range(1, 41))
    # Nothing but the failed scan itself keeps the rows that were not seen.
    stage.installation.settings["max_delete_fraction"] = 1.0
    catalog = stage.pipeline["catalog"]
    catalog["page_size"] = 10
    assert stage.installation.sync().code == 0
    query = catalog["query"]
    # The key 33 comes twice, which only the page that holds it shows.
    catalog["query"] = f"{query}\nUNION ALL {query.replace('WHERE', 'WHERE p.id = 33 AND')}"
    stage.shop.delete([2])
    stage.shop.edit([5], title="Before the fault")
    stage.forget()

    half = stage.installation.sync("--full")

    assert half.code == 3
    assert half.json["outcome"] == "aborted"
    assert "the key '33' more than once" in half.json["messages"]["products"]
    assert half.products["deleted"] == 0
    assert 10 <= half.products["scanned"] <= 30
    assert 2 in stage.points.ids()

    catalog["query"] = query
    mended = stage.installation.sync()

    assert mended.code == 0, mended.err
    assert mended.products["deleted"] == 1
    assert stage.points.ids() == set(range(1, 41)) - {2}
    assert stage.points.payload(5)["title"] == "Before the fault"
    assert stage.service.stats().embeds == {"5": 1}
