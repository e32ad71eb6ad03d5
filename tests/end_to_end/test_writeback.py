"""The user's own columns: what is synced is noted in them, and they tell what is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from support.embedding_service import Behaviour, expected_vector

if TYPE_CHECKING:
    from support.fixtures_shop import Stage

_THEIRS = (
    "id, sku, title, description, category_id, price, stock, image_url, color, size_options, created_at,"
    " updated_at, deleted_at"
)


def _theirs(stage: Stage) -> list[tuple[object, ...]]:
    return stage.shop.database.rows(f"SELECT {_THEIRS} FROM products ORDER BY id")


def _noted(stage: Stage) -> list[int]:
    """The products all of whose columns say that they are synced; the others must say so of none."""
    columns = [stage.shop.column(name) for name in ("embedding_synced_at", "embedding", "needs_embedding")]
    noted = []
    for number in columns[0]:
        synced_at, vector, flag = (column[number] for column in columns)
        assert (synced_at is None) == (vector is None) == bool(flag), number
        if not flag:
            noted.append(number)
    return sorted(noted)


def test_columns_are_set_with_the_chunk_and_flags_tell_what_to_do(stage: Stage) -> None:
    """A chunk is noted once it is confirmed, not at the end of the run: the second one is refused here.

    Between full scans flags alone tell what changed. A mere touch is noted without an embedding, a price
    is written without one. No other column of the user is ever changed.
    """
    settings = stage.installation.settings
    settings |= {"chunk_size": 2, "workers": 1}
    stage.pipeline["catalog"] |= {
        "writeback": {"synced_at": "embedding_synced_at", "flag": "needs_embedding", "vector": "embedding"},
        "trust_flags": True,
    }
    del stage.pipeline["catalog"]["changed"]
    stage.shop.add(range(1, 6))
    before = _theirs(stage)
    # Put off before it is refused, so that the first chunk has the time to arrive.
    later = Behaviour("status", times=1, mark="number 3", status=429, headers={"Retry-After": "3"})
    stage.service.behave(later, Behaviour("status", mark="number 3", status=401))

    refused = stage.installation.sync()

    assert refused.code == 3
    assert (refused.products["embedded"], refused.products["pending"]) == (2, 3)
    assert stage.points.ids() == {1, 2}
    assert _noted(stage) == [1, 2]

    stage.service.behave()
    rest = stage.installation.sync()

    assert rest.code == 0, rest.err
    assert rest.products["embedded"] == 3
    assert _noted(stage) == [1, 2, 3, 4, 5]
    assert _theirs(stage) == before
    content = {
        "name": "Product number 2",
        "description": "What can be said of product 2",
        "image_url": "https://shop.example/images/2.jpg",
    }
    vector = json.loads(str(stage.shop.column("embedding")[2]))
    np.testing.assert_array_equal(np.array(vector, dtype=np.float32), expected_vector(content, 8))

    stage.forget()
    yes = True if stage.shop.database.dialect == "postgresql" else 1
    stage.shop.edit([2], touch=False, title="Changed", needs_embedding=yes)
    stage.shop.edit([3], touch=False, needs_embedding=yes)
    stage.shop.edit([4], touch=False, embedding_synced_at=None)
    stage.shop.edit([5], touch=False, price="3.00", needs_embedding=yes)
    stage.shop.edit([1], touch=False, title="Nobody marked this")
    before, vectors = _theirs(stage), stage.shop.column("embedding")
    flagged = stage.installation.sync()

    assert flagged.code == 0, flagged.err
    counts = {
        name: flagged.products[name] for name in ("scanned", "embedded", "payload_updated", "unchanged")
    }
    assert counts == {"scanned": 4, "embedded": 1, "payload_updated": 1, "unchanged": 2}
    assert stage.service.stats().embeds == {"2": 1}
    assert _noted(stage) == [1, 2, 3, 4, 5]
    assert _theirs(stage) == before
    changed = stage.shop.column("embedding")
    assert {number for number in vectors if changed[number] != vectors[number]} == {2}
    assert [stage.points.payload(number)["title"] for number in (1, 2)] == ["Product number 1", "Changed"]
    assert stage.points.payload(5)["price"] == 3.0
