"""What every collection does, whichever engine is behind it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from collection.samples import NAMED, PLAIN, UUID, payload, payloads, plain_points
from embedconsole.faults import BadInput, Refused
from embedconsole.items import MARKER, UNNAMED, CollectionSchema, Naming, Points, VectorSpec, point_order

if TYPE_CHECKING:
    from embedconsole.items import Distance, IndexType, JsonObject, PointId
    from support.full_collection import FullCollection

pytestmark = pytest.mark.anyio


async def test_a_missing_collection_is_described_as_none(collection: FullCollection) -> None:
    assert await collection.describe() is None


async def test_describe_tells_what_create_made(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    state = await collection.describe()
    assert state is not None
    assert state.vectors == {UNNAMED: VectorSpec(4, "cosine")}
    assert state.indexes == PLAIN.indexes
    assert (state.status, state.points, state.queue) == ("green", 0, 0)


@pytest.mark.parametrize("distance", ["cosine", "dot", "euclid", "manhattan"])
async def test_every_distance(collection: FullCollection, distance: Distance) -> None:
    schema = CollectionSchema({UNNAMED: VectorSpec(4, distance)})
    await collection.create(schema)
    state = await collection.describe()
    assert state is not None
    assert state.vectors == schema.vectors
    await collection.upsert(plain_points([1, 2, 3]))
    nearest = plain_points([2]).vectors[UNNAMED][0]
    hits = await collection.search(nearest, using=UNNAMED, limit=3)
    assert hits[0].id == 2


async def test_create_is_refused_when_it_exists(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    await collection.upsert(plain_points([1]))
    with pytest.raises(Refused, match="exists"):
        await collection.create(NAMED)
    state = await collection.describe()
    assert state is not None
    assert (state.points, state.vectors) == (1, PLAIN.vectors)


@pytest.mark.parametrize("kind", ["keyword", "text", "integer", "float", "bool", "datetime", "uuid", "geo"])
async def test_every_kind_of_index(collection: FullCollection, kind: IndexType) -> None:
    await collection.create(CollectionSchema(PLAIN.vectors))
    await collection.create_index("metadata.field", kind)
    await collection.create_index("metadata.field", kind)  # without effect
    state = await collection.describe()
    assert state is not None
    assert state.indexes == {"metadata.field": kind}


async def test_points_with_both_kinds_of_ids_come_back(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    ids: list[PointId] = [0, 7, (1 << 64) - 1, UUID]
    await collection.upsert(plain_points(ids))
    found = await collection.retrieve([*ids, 8])
    assert found == {point: payload(row) for row, point in enumerate(ids)}
    state = await collection.describe()
    assert state is not None
    assert state.points == 4


async def test_upsert_replaces_vector_and_payload(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    await collection.upsert(plain_points([1, 2]))
    fresh: JsonObject = {"title": "new"}
    await collection.upsert(Points([1], {UNNAMED: np.array([[0, 0, 0, 5]], dtype=np.float32)}, [fresh]))
    assert (await collection.retrieve([1, 2]))[1] == fresh
    hits = await collection.search(np.array([0, 0, 0, 1], dtype=np.float32), using=UNNAMED, limit=1)
    assert [(hit.id, hit.payload) for hit in hits] == [(1, fresh)]
    assert hits[0].score == pytest.approx(1.0)


async def test_named_vectors_are_searched_by_name(collection: FullCollection) -> None:
    await collection.create(NAMED)
    text = np.eye(4, dtype=np.float32)[:2]
    image = np.array([[0, 0, 1], [0, 0, 9]], dtype=np.float32)
    await collection.upsert(Points([1, 2], {"text": text, "image": image}, [payload(1), payload(2)]))
    by_text = await collection.search(text[0], using="text", limit=2)
    by_image = await collection.search(np.array([0, 0, 1], dtype=np.float32), using="image", limit=2)
    assert [hit.id for hit in by_text] == [1, 2]
    assert [(hit.id, hit.score) for hit in by_image] == [(2, 9.0), (1, 1.0)]
    assert by_image[0].payload == payload(2)


async def test_similar_points_are_the_nearest_to_one_without_itself(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    angles = np.linspace(0, math.pi / 2, 6, dtype=np.float32)
    rows = np.stack([np.cos(angles), np.sin(angles), 0 * angles, 0 * angles], axis=1)
    ids: list[PointId] = [1, 2, 3, 4, 5, UUID]
    await collection.upsert(Points(ids, {UNNAMED: rows}, [payload(n) for n in range(6)]))
    near_first = await collection.similar(1, using=UNNAMED, limit=3)
    assert [hit.id for hit in near_first] == [2, 3, 4]
    assert near_first[0].score == pytest.approx(math.cos(angles[1]), abs=1e-5)
    assert near_first[0].payload == payload(1)
    assert [hit.id for hit in await collection.similar(UUID, using=UNNAMED, limit=1)] == [5]


async def test_similar_by_a_named_vector(collection: FullCollection) -> None:
    await collection.create(NAMED)
    text = np.array([[1, 0, 0, 0], [0.9, 0.1, 0, 0], [0, 1, 0, 0]], dtype=np.float32)
    image = np.array([[0, 0, 1], [0, 1, 0], [0, 0, 2]], dtype=np.float32)
    await collection.upsert(Points([1, 2, 3], {"text": text, "image": image}, [payload(n) for n in range(3)]))
    assert [hit.id for hit in await collection.similar(1, using="text", limit=1)] == [2]
    assert [hit.id for hit in await collection.similar(1, using="image", limit=1)] == [3]


async def test_similar_to_what_is_not_there_is_that_points_fault(collection: FullCollection) -> None:
    await collection.create(NAMED)
    only_text = np.ones((1, 4), dtype=np.float32)
    await collection.upsert(Points([1], {"text": only_text}, [payload(1)]))
    with pytest.raises(BadInput, match="holds no point 99"):
        await collection.similar(99, using="text", limit=1)
    with pytest.raises(BadInput, match="the point has no such vector"):
        await collection.similar(1, using="image", limit=1)


async def test_a_collection_without_aliases_stands_for_itself(
    collection: FullCollection, collection_name: str
) -> None:
    await collection.create(PLAIN)
    assert await collection.naming() == Naming(collection_name)


async def test_indexes_tell_how_many_points_they_cover(collection: FullCollection) -> None:
    await collection.create(CollectionSchema(PLAIN.vectors, {"title": "keyword", "brand": "keyword"}))
    await collection.upsert(plain_points([1, 2, 3]))
    state = await collection.describe()
    assert state is not None
    assert state.indexed_points == {"title": 3, "brand": 0}


async def test_stored_points_have_their_vectors_and_markers(collection: FullCollection) -> None:
    await collection.create(NAMED)
    both = {
        "text": np.array([[3, 4, 0, 0], [0, 1, 0, 0]], dtype=np.float32),
        "image": np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32),
    }
    await collection.upsert(Points([1, UUID], both, [payload(1), payload(2)]))
    await collection.upsert(Points([2], {"text": both["text"][:1]}, [{"title": "foreign"}]))

    stored = await collection.stored([1, 2, UUID, 9])

    assert stored.keys() == {1, 2, UUID}
    assert stored[1].marker == payload(1)[MARKER]
    assert stored[2].marker is None
    assert stored[2].vectors.keys() == {"text"}
    np.testing.assert_allclose(stored[1].vectors["text"], [0.6, 0.8, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(stored[UUID].vectors["image"], [4, 5, 6])


async def test_the_only_vector_is_stored_without_a_name(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    await collection.upsert(plain_points([2]))
    stored = await collection.stored([2])
    assert stored[2].vectors.keys() == {UNNAMED}
    assert stored[2].vectors[UNNAMED].shape == (4,)


async def test_a_vector_can_be_added_to_a_collection_with_named_ones(collection: FullCollection) -> None:
    await collection.create(NAMED)
    text = np.eye(4, dtype=np.float32)[:1]
    await collection.upsert(Points([1], {"text": text}, [payload(1)]))

    assert await collection.add_vector("sound", VectorSpec(2, "euclid"))

    state = await collection.describe()
    assert state is not None
    assert state.vectors == {**NAMED.vectors, "sound": VectorSpec(2, "euclid")}
    sound = np.array([[3, 4]], dtype=np.float32)
    await collection.upsert(Points([2], {"text": text, "sound": sound}, [payload(2)]))
    stored = await collection.stored([1, 2])
    assert stored[1].vectors.keys() == {"text"}
    assert stored[2].vectors["sound"].tolist() == [3, 4]


async def test_multivectors_have_any_number_of_rows(collection: FullCollection) -> None:
    schema = CollectionSchema(
        {"text": VectorSpec(4, "cosine"), "pictures": VectorSpec(3, "dot", multivector=True)}
    )
    await collection.create(schema)
    state = await collection.describe()
    assert state is not None
    assert state.vectors == schema.vectors
    rows = [np.eye(3, dtype=np.float32)[:2], np.eye(3, dtype=np.float32)[2:] * 5]
    text = np.eye(4, dtype=np.float32)[:2]
    await collection.upsert(Points([1, 2], {"text": text, "pictures": rows}, [payload(1), payload(2)]))

    stored = await collection.stored([1, 2])
    np.testing.assert_allclose(stored[1].vectors["pictures"], rows[0])
    np.testing.assert_allclose(stored[2].vectors["pictures"], rows[1])
    nearest = await collection.search(np.array([0, 2, 0], dtype=np.float32), using="pictures", limit=2)
    assert [(hit.id, hit.score) for hit in nearest] == [(1, 2.0), (2, 0.0)]
    assert [hit.id for hit in await collection.similar(1, using="pictures", limit=2)] == [2]


async def test_search_gives_the_best_first_and_no_more_than_asked(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    angles = np.linspace(0, math.pi / 2, 20, dtype=np.float32)
    rows = np.stack([np.cos(angles), np.sin(angles), 0 * angles, 0 * angles], axis=1)
    await collection.upsert(Points(list(range(20)), {UNNAMED: rows}, [payload(n) for n in range(20)]))
    hits = await collection.search(np.array([1, 0, 0, 0], dtype=np.float32), using=UNNAMED, limit=5)
    assert [hit.id for hit in hits] == [0, 1, 2, 3, 4]
    assert [hit.score for hit in hits] == pytest.approx(np.cos(angles[:5]).tolist(), abs=1e-5)


async def test_vectors_of_any_memory_layout_arrive_right(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    rows = np.asfortranarray(np.arange(1, 9, dtype=np.float32).reshape(2, 4))
    strided = np.arange(32, dtype=np.float32).reshape(4, 8)[::2, ::2]
    await collection.upsert(Points([1, 2], {UNNAMED: rows}, [payload(1), payload(2)]))
    await collection.upsert(Points([3, 4], {UNNAMED: strided}, [payload(3), payload(4)]))
    for point, vector in ((1, rows[0]), (2, rows[1]), (3, strided[0]), (4, strided[1])):
        hits = await collection.search(np.ascontiguousarray(vector), using=UNNAMED, limit=4)
        assert max(hits, key=lambda hit: hit.score).score == pytest.approx(1.0, abs=1e-5)
        assert point in {hit.id for hit in hits if hit.score > 0.99999}


async def test_updating_payloads_leaves_vectors_and_other_programs_fields(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    await collection.upsert(plain_points([1, 2, UUID]))
    new: dict[PointId, JsonObject] = {1: {"title": "new", "metadata": {"color": "red"}}, UUID: {"b": [2]}}
    assert await collection.update(payloads(new, without_fields=["price", "never there"])) == frozenset()
    left = {name: value for name, value in payload(0).items() if name != "price"}
    found = await collection.retrieve([1, 2, UUID])
    assert found[1] == {**left, **new[1]}
    assert found[2] == payload(1)
    assert found[UUID] == {**{k: v for k, v in payload(2).items() if k != "price"}, "b": [2]}
    hits = await collection.search(plain_points([1]).vectors[UNNAMED][0], using=UNNAMED, limit=1)
    assert hits[0].id == 1


async def test_updating_vectors_leaves_the_other_vectors_and_fields(collection: FullCollection) -> None:
    await collection.create(NAMED)
    text, image = np.eye(4, dtype=np.float32)[:2], np.eye(3, dtype=np.float32)[:2]
    await collection.upsert(Points([1, 2], {"text": text, "image": image}, [payload(1), payload(2)]))
    fresh: JsonObject = {"title": "new", MARKER: {"pipeline": "products"}}
    changed = Points([1, 9], {"text": np.eye(4, dtype=np.float32)[2:]}, [fresh, fresh])
    assert await collection.update(changed) == {9}
    stored = await collection.stored([1, 2, 9])
    assert stored.keys() == {1, 2}
    assert stored[1].vectors["text"].tolist() == [0, 0, 1, 0]
    assert stored[1].vectors["image"].tolist() == [1, 0, 0]
    assert (await collection.retrieve([1]))[1] == {**payload(1), **fresh}
    assert stored[2].vectors["text"].tolist() == [0, 1, 0, 0]


async def test_updating_the_only_vector_of_points(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    await collection.upsert(plain_points([1, UUID]))
    rows = np.array([[0, 0, 0, 1], [0, 0, 1, 0]], dtype=np.float32)
    assert await collection.update(Points([1, UUID], {UNNAMED: rows}, [{"n": 1}, {"n": 2}])) == frozenset()
    stored = await collection.stored([1, UUID])
    assert [stored[point].vectors[UNNAMED].tolist() for point in (1, UUID)] == rows.tolist()


async def test_vectors_that_points_have_no_more_are_removed(collection: FullCollection) -> None:
    await collection.create(NAMED)
    text, image = np.eye(4, dtype=np.float32)[:2], np.eye(3, dtype=np.float32)[:2]
    await collection.upsert(Points([1, 2], {"text": text, "image": image}, [payload(1), payload(2)]))
    await collection.update(Points([1], {"text": text[:1]}, [payload(1)], without_vectors=["image"]))
    stored = await collection.stored([1, 2])
    assert [sorted(stored[point].vectors) for point in (1, 2)] == [["text"], ["image", "text"]]


async def test_an_update_tells_missing_points_and_writes_the_rest(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    await collection.upsert(plain_points([1, 2, 3]))
    other_uuid = UUID.replace("5b", "aa")
    new: dict[PointId, JsonObject] = {9: {"n": 9}, 1: {"n": 1}, other_uuid: {"n": 0}, 3: {"n": 3}, 10: {}}
    assert await collection.update(payloads(new)) == {9, 10, other_uuid}
    assert await collection.retrieve([1, 2, 3, 9, 10, other_uuid]) == {
        1: {**payload(0), "n": 1},
        2: payload(1),
        3: {**payload(2), "n": 3},
    }


async def test_an_update_of_only_missing_points(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    assert await collection.update(payloads({5: {"a": 1}})) == {5}


async def test_deleting_counts_missing_points_as_deleted(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    await collection.upsert(plain_points([1, 2, UUID]))
    await collection.delete([2, UUID, 99])
    await collection.delete([2])
    assert await collection.retrieve([1, 2, UUID]) == {1: payload(0)}


async def test_nothing_to_do_asks_nothing_of_anyone(collection: FullCollection) -> None:
    """Also without a collection: an empty write can't fail."""
    await collection.upsert(plain_points([]))
    assert await collection.update(plain_points([])) == frozenset()
    assert await collection.update(payloads({})) == frozenset()
    await collection.delete([])
    assert await collection.retrieve([]) == {}


async def test_a_missing_collection_is_refused_with_the_remedy(collection: FullCollection) -> None:
    vector = np.zeros(4, dtype=np.float32)
    for call in (
        lambda: collection.upsert(plain_points([1])),
        lambda: collection.update(payloads({1: {}})),
        lambda: collection.update(plain_points([1])),
        lambda: collection.delete([1]),
        lambda: collection.retrieve([1]),
        lambda: collection.stored([1]),
        lambda: collection.search(vector, using=UNNAMED, limit=1),
        lambda: collection.similar(1, using=UNNAMED, limit=1),
        lambda: collection.scroll(None, limit=1),
        lambda: collection.create_index("a", "keyword"),
    ):
        with pytest.raises(Refused, match="does not exist") as caught:
            await call()
        assert caught.value.remedy is not None
        assert "embedconsole init" in caught.value.remedy


async def test_a_wrong_dimension_is_refused_and_changes_nothing(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    await collection.upsert(plain_points([1]))
    with pytest.raises(Refused, match=r"expected dim: 4, got 3") as caught:
        await collection.upsert(plain_points([1, 2], size=3))
    assert caught.value.remedy is not None
    assert "reindex" in caught.value.remedy
    assert await collection.retrieve([1, 2]) == {1: payload(0)}


async def test_an_unknown_vector_name_is_refused(collection: FullCollection) -> None:
    await collection.create(NAMED)
    rows = np.ones((1, 4), dtype=np.float32)
    with pytest.raises(Refused, match="Not existing vector name"):
        await collection.upsert(Points([1], {"sound": rows}, [{}]))


async def test_a_payload_that_is_no_json_is_the_items_fault(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    rows = np.ones((1, 4), dtype=np.float32)
    with pytest.raises(BadInput, match="JSON"):
        await collection.upsert(Points([1], {UNNAMED: rows}, [{"n": 1 << 70}]))
    assert await collection.retrieve([1]) == {}


async def test_hostile_text_survives(collection: FullCollection) -> None:
    await collection.create(PLAIN)
    text = "\x00\x1b[31m'\"\\ [bold] \u2028 𝄞 " + "x" * 10_000
    await collection.upsert(Points([1], {UNNAMED: np.ones((1, 4), dtype=np.float32)}, [{"t": text}]))
    assert await collection.retrieve([1]) == {1: {"t": text}}


async def test_the_target_names_the_collection(collection: FullCollection, collection_name: str) -> None:
    assert collection.target.startswith(f"collection {collection_name} ")


async def test_a_scroll_goes_by_the_ids_and_gives_the_fields_that_were_asked_for(
    collection: FullCollection,
) -> None:
    """All integers, then all UUIDs; the marks of `point_order`, which the ledger is sorted by."""
    await collection.create(PLAIN)
    others = [UUID.replace("5b", head) for head in ("00", "ff")]
    ids: list[PointId] = [(1 << 64) - 1, 7, UUID, 0, *others, 300]
    await collection.upsert(plain_points(ids))
    seen: list[PointId] = []
    following: PointId | None = None
    while True:
        page = await collection.scroll(following, fields=["price"], limit=3)
        assert all(set(found) == {"price"} for _, found in page.points)
        seen += [point for point, _ in page.points]
        following = page.following
        if following is None:
            break
    assert seen == sorted(ids, key=point_order)
    whole = await collection.scroll(5, limit=1)
    assert whole.points == [(7, payload(ids.index(7)))]
    assert whole.following == 300
    assert (await collection.scroll(others[1], limit=5)).following is None
