"""What every collection does with filters and groups, whichever engine is behind it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import pytest

from embedconsole.faults import BadInput
from embedconsole.filters import Condition, Scope
from embedconsole.items import UNNAMED, CollectionSchema, Points, VectorSpec

if TYPE_CHECKING:
    from embedconsole.items import IndexType, JsonObject, PointId
    from support.full_collection import FullCollection

pytestmark = pytest.mark.anyio

INDEXES: dict[str, IndexType] = {
    "title": "text",
    "category": "keyword",
    "price": "float",
    "stock": "integer",
    "in_stock": "bool",
    "created_at": "datetime",
    "metadata.color": "keyword",
    '"a key"."b.c"': "keyword",
}
PAYLOADS: list[JsonObject] = [
    {
        "title": "Red running shoes",
        "category": "Shoes",
        "price": 50,
        "stock": 3,
        "in_stock": True,
        "created_at": "2026-01-01T00:00:00",
        "metadata": {"color": "red"},
        "sizes": ["41", "42"],
    },
    {
        "title": "Blue running shoes",
        "category": "Shoes",
        "price": 49.5,
        "stock": 0,
        "in_stock": False,
        "created_at": "2026-01-01T23:59:59.9",
        "metadata": {"color": "blue"},
        "sizes": ["42"],
    },
    {
        "title": "Coffee mug",
        "category": "50",
        "price": 50.0,
        "stock": 1 << 60,
        "in_stock": True,
        "tags": ["new", 1.5],
        "created_at": "2026-01-02T00:00:00+00:00",
        "metadata": {"color": None},
        "sizes": [],
    },
    {
        "title": "A red mug",
        "category": "Home and garden",
        "price": 7.25,
        "stock": (1 << 60) + 1,
        "created_at": None,
        "variants": [{"eu": 41}, {"eu": 42}],
        "a key": {"b.c": "x"},
    },
]
IDS: list[PointId] = [1, 2, 3, 4]
DAY = date(2026, 1, 1)

CASES: list[tuple[list[Condition], list[PointId]]] = [
    ([Condition("price", "<", (50,))], [2, 4]),
    ([Condition("price", "<=", (50.0,))], [1, 2, 3, 4]),
    ([Condition("price", ">", (49.5,))], [1, 3]),
    ([Condition("price", ">=", (49.5,))], [1, 2, 3]),
    ([Condition("price", "in", (50,))], [1, 3]),
    ([Condition("price", "in", (49.5, 7.25))], [2, 4]),
    ([Condition("price", "in", (50,), negated=True)], [2, 4]),
    ([Condition("stock", "in", (3,))], [1]),
    ([Condition("stock", "in", ((1 << 60) + 1,))], [4]),
    ([Condition("category", "in", ("Shoes",))], [1, 2]),
    ([Condition("category", "in", ("shoes",))], []),
    ([Condition("category", "in", ("50",))], [3]),
    ([Condition("category", "in", (50,))], []),
    ([Condition("category", "in", ("Shoes", "50"))], [1, 2, 3]),
    ([Condition("category", "in", ("Shoes", "50"), negated=True)], [4]),
    ([Condition("in_stock", "in", (True,))], [1, 3]),
    ([Condition("in_stock", "in", (False,))], [2]),
    ([Condition("in_stock", "in", (True,), negated=True)], [2, 4]),
    ([Condition("in_stock", "in", (True, False))], [1, 2, 3]),
    ([Condition("title", "~", ("running",))], [1, 2]),
    ([Condition("title", "~", ("mug red",))], [4]),
    ([Condition("title", "~", ("red",), negated=True)], [2, 3]),
    ([Condition("created_at", "in", (DAY,))], [1, 2]),
    ([Condition("created_at", ">", (DAY,))], [3]),
    ([Condition("created_at", ">=", (DAY,))], [1, 2, 3]),
    ([Condition("created_at", "<=", (DAY,))], [1, 2]),
    ([Condition("created_at", "<", (DAY,))], []),
    ([Condition("created_at", "<", (datetime(2026, 1, 1, 12),))], [1]),
    ([Condition("created_at", ">=", (datetime(2026, 1, 2, tzinfo=UTC),))], [3]),
    ([Condition("created_at", ">=", (datetime(2026, 1, 2, 1, tzinfo=timezone(timedelta(hours=1))),))], [3]),
    ([Condition("metadata.color", "in", ("red",))], [1]),
    ([Condition("metadata.color", "null")], [3, 4]),
    ([Condition("metadata.color", "null", negated=True)], [1, 2]),
    ([Condition("sizes", "in", ("42",))], [1, 2]),
    ([Condition("sizes", "null")], [3, 4]),
    ([Condition("variants[].eu", "in", (42,))], [4]),
    ([Condition('"a key"."b.c"', "in", ("x",))], [4]),
    ([Condition("nothing", "in", ("x",))], []),
    ([Condition("price", "<", (50.5,)), Condition("category", "in", ("Shoes",))], [1, 2]),
    ([Condition("price", "<", (50,)), Condition("category", "in", ("Shoes",), negated=True)], [4]),
]


async def filled(collection: FullCollection, indexes: dict[str, IndexType]) -> FullCollection:
    """Points 1 to 4, each a little farther from [1, 0]."""
    await collection.create(CollectionSchema({UNNAMED: VectorSpec(2, "cosine")}, indexes))
    rows = np.array([[1, at / 10] for at in range(len(IDS))], dtype=np.float32)
    await collection.upsert(Points(IDS, {UNNAMED: rows}, PAYLOADS))
    return collection


async def found(collection: FullCollection, scope: Scope, limit: int = 9) -> list[PointId]:
    vector = np.array([1, 0], dtype=np.float32)
    return [hit.id for hit in await collection.search(vector, using=UNNAMED, limit=limit, scope=scope)]


@pytest.mark.parametrize("indexes", [INDEXES, {}], ids=["with indexes", "without"])
async def test_every_kind_of_condition(collection: FullCollection, indexes: dict[str, IndexType]) -> None:
    await filled(collection, indexes)
    wrong = {
        str(conditions): (ids, wanted)
        for conditions, wanted in CASES
        if (ids := await found(collection, Scope(tuple(conditions)))) != wanted
    }
    assert wrong == {}


async def test_what_is_similar_in_a_scope(collection: FullCollection) -> None:
    await filled(collection, INDEXES)
    mugs = Scope((Condition("title", "~", ("mug",)),))
    hits = await collection.similar(3, using=UNNAMED, limit=9, scope=mugs)
    assert [hit.id for hit in hits] == [4]
    grouped = await collection.similar(1, using=UNNAMED, limit=9, scope=Scope(group_by="category"))
    assert [(hit.id, hit.group) for hit in grouped] == [(2, "Shoes"), (3, "50"), (4, "Home and garden")]


async def test_groups_are_the_best_of_each_value(collection: FullCollection) -> None:
    await filled(collection, INDEXES)
    vector = np.array([1, 0], dtype=np.float32)

    async def groups(field: str, limit: int = 9, *where: Condition) -> list[tuple[PointId, str | int | None]]:
        scope = Scope(where, field)
        hits = await collection.search(vector, using=UNNAMED, limit=limit, scope=scope)
        assert all(hit.payload == PAYLOADS[IDS.index(hit.id)] for hit in hits)
        return [(hit.id, hit.group) for hit in hits]

    assert await groups("category") == [(1, "Shoes"), (3, "50"), (4, "Home and garden")]
    assert await groups("category", 2) == [(1, "Shoes"), (3, "50")]
    assert await groups("category", 9, Condition("price", "<", (50,))) == [
        (2, "Shoes"),
        (4, "Home and garden"),
    ]
    assert await groups("metadata.color") == [(1, "red"), (2, "blue")]
    assert await groups("sizes") == [(1, "41"), (1, "42")]
    assert await groups("stock", 1) == [(1, 3)]
    assert await groups("price", 9, Condition("price", "in", (49.5,))) == []
    assert await groups("in_stock") == []
    assert await groups("tags") == []
    assert await groups("nothing") == []


async def test_a_few_groups_are_found_among_many_points(collection: FullCollection) -> None:
    """Groups whose best come late are not missed: all points are read when it takes that."""
    await collection.create(CollectionSchema({UNNAMED: VectorSpec(2, "cosine")}, {"product": "integer"}))
    count = 3_000
    rows = np.array([[1, at / 100] for at in range(count)], dtype=np.float32)
    payloads: list[JsonObject] = [{"product": 7 if at < count - 1 else 8} for at in range(count)]
    await collection.upsert(Points(list(range(count)), {UNNAMED: rows}, payloads))
    vector = np.array([1, 0], dtype=np.float32)
    hits = await collection.search(vector, using=UNNAMED, limit=5, scope=Scope(group_by="product"))
    assert [(hit.id, hit.group) for hit in hits] == [(0, 7), (count - 1, 8)]


async def test_a_path_that_can_not_be_read_is_the_requests_fault(collection: FullCollection) -> None:
    await filled(collection, {})
    with pytest.raises(BadInput):
        await found(collection, Scope((Condition("a[b", "in", ("x",)),)))
