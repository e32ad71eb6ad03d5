"""What differs between a wanted and an existing collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.collection.compare import differences
from embedconsole.items import UNNAMED, CollectionSchema, CollectionState, Distance, IndexType, VectorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

SPECS = st.builds(VectorSpec, st.integers(1, 4), st.sampled_from(get_args(Distance)))
NAMED = st.dictionaries(st.sampled_from(["text", "image", "sound"]), SPECS, min_size=1)
VECTORS = st.one_of(NAMED, SPECS.map(lambda spec: {UNNAMED: spec}))
INDEXES: st.SearchStrategy[dict[str, IndexType]] = st.dictionaries(
    st.sampled_from(["title", "price", "metadata.color"]), st.sampled_from(get_args(IndexType))
)
SCHEMAS = st.builds(CollectionSchema, VECTORS, INDEXES)


def state(vectors: Mapping[str, VectorSpec], indexes: Mapping[str, str]) -> CollectionState:
    return CollectionState("green", 0, 0, 1, vectors, indexes)


@given(SCHEMAS)
def test_a_collection_made_as_wanted_does_not_differ(schema: CollectionSchema) -> None:
    assert differences(schema, state(schema.vectors, schema.indexes)) == []


@given(SCHEMAS, VECTORS, INDEXES)
def test_vectors_block_and_indexes_do_not(
    want: CollectionSchema, vectors: dict[str, VectorSpec], indexes: dict[str, IndexType]
) -> None:
    found = differences(want, state(vectors, indexes))
    wrong = {name for name, spec in want.vectors.items() if vectors.get(name) != spec}
    named = {d.field.removesuffix(".size").removesuffix(".distance") for d in found if d.blocking}
    assert named == {f"vectors.{name}" if name else "vector" for name in wrong}
    others = {d.field for d in found if not d.blocking}
    paths = want.indexes.keys() | indexes.keys()
    assert others == {f"indexes.{p}" for p in paths if want.indexes.get(p) != indexes.get(p)}
    assert all(d.want != d.have and d.remedy for d in found)


@given(SCHEMAS, VECTORS, INDEXES)
def test_the_order_is_stable(
    want: CollectionSchema, vectors: dict[str, VectorSpec], indexes: dict[str, IndexType]
) -> None:
    turned = state(dict(reversed(vectors.items())), dict(reversed(indexes.items())))
    have = state(vectors, indexes)
    assert [d.field for d in differences(want, have)] == [d.field for d in differences(want, turned)]


@pytest.mark.parametrize(
    ("have", "field", "blocking"),
    [
        (state({"text": VectorSpec(3, "cosine")}, {"price": "float"}), "vectors.text.size", True),
        (state({"text": VectorSpec(4, "dot")}, {"price": "float"}), "vectors.text.distance", True),
        (state({UNNAMED: VectorSpec(4, "cosine")}, {"price": "float"}), "vectors.text", True),
        (state({"text": VectorSpec(4, "cosine")}, {}), "indexes.price", False),
        (state({"text": VectorSpec(4, "cosine")}, {"price": "integer"}), "indexes.price", False),
        (state({"text": VectorSpec(4, "cosine")}, {"price": "float", "x": "geo"}), "indexes.x", False),
    ],
)
def test_each_difference_names_its_field(have: CollectionState, field: str, blocking: bool) -> None:
    want = CollectionSchema({"text": VectorSpec(4, "cosine")}, {"price": "float"})
    (found,) = differences(want, have)
    assert (found.field, found.blocking) == (field, blocking)
    assert ("reindex" in found.remedy) == blocking


def test_vectors_nobody_asked_for_are_left_alone() -> None:
    want = CollectionSchema({"text": VectorSpec(4, "cosine")})
    have = state({"text": VectorSpec(4, "cosine"), "image": VectorSpec(512, "dot")}, {})
    assert differences(want, have) == []
