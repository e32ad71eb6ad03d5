"""Searching and `init` with a real embedder and the embedded engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from embedconsole.embedders.hashing import HashingEmbedder
from embedconsole.faults import BadInput, ConfigError, Refused
from embedconsole.filters import Condition, Scope
from embedconsole.items import CollectionSchema, EmbedInput, Points, VectorSpec
from embedconsole.sync.run.components import open_components
from embedconsole.sync.run.init import initialise, plan_init
from embedconsole.sync.search.presentation import HitFormat, key_of
from embedconsole.sync.search.search import ByImage, ByText, LikeItem, parse_query, search, vector_for
from sync.makers import make_pipeline, make_recipe, make_row

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import Embedded
    from embedconsole.sync.run.components import Components
    from embedconsole.sync.search.search import Query

pytestmark = pytest.mark.anyio

TITLES = {"1": "red running shoes", "2": "blue running shoes", "3": "a coffee mug", "SKU/4": "red shoes"}


@pytest.fixture
async def components(tmp_path: Path) -> AsyncIterator[Components]:
    """A pipeline without a collection yet; its size is the embedder's affair."""
    collection = {"path": str(tmp_path / "qdrant"), "name": "products", "indexes": {"title": "text"}}
    embed = {"embedder": "ml", "text": "{title}"}
    async with open_components([make_pipeline(collection=collection, embed=embed)]) as (one,):
        yield one


async def fill(components: Components) -> None:
    """Create the collection and put the titles in."""
    await initialise(components)
    recipe = make_recipe(components.pipeline)
    contents = [recipe.content(make_row(key, title=title)) for key, title in TITLES.items()]
    inputs = [content.inputs[""] for content in contents]
    embedded = await components.embedders[""].embed(inputs)
    await components.collection.upsert(
        Points([one.point for one in contents], {"": embedded.vectors}, [one.payload for one in contents])
    )


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("red shoes", ByText("red shoes")),
        ("  red shoes ", ByText("red shoes")),
        ("#35", LikeItem("35")),
        ("# SKU 35/b", LikeItem("SKU 35/b")),
        ("similar 35", LikeItem("35")),
        ("Similar #35", LikeItem("35")),
        ("similar red shoes", ByText("similar red shoes")),
        ("similar", ByText("similar")),
        ('"#35"', ByText("#35")),
        ('"similar 35"', ByText("similar 35")),
        ("#", ByText("#")),
    ],
)
def test_what_is_typed(typed: str, query: object) -> None:
    assert parse_query(typed) == query


async def test_a_text_finds_the_nearest_and_is_not_embedded_again_for_more(components: Components) -> None:
    await fill(components)
    found = await search(components, ByText("red running shoes"), vector=None, limit=2)
    assert [key_of(hit) for hit in found.hits] == ["1", "SKU/4"]
    assert found.embed_seconds is not None
    assert not found.whole

    more = await search(components, found.query, vector="", limit=9)
    assert more.hits[:2] == found.hits
    assert len(more.hits) == 4
    assert more.embed_seconds is None
    assert more.whole


async def test_similar_items_by_key_whatever_the_key(components: Components) -> None:
    await fill(components)
    found = await search(components, LikeItem("SKU/4"), vector=None, limit=1)
    assert [key_of(hit) for hit in found.hits] == ["1"]
    assert found.embed_seconds is None
    with pytest.raises(BadInput, match="holds no point"):
        await search(components, LikeItem("no-such-key"), vector=None, limit=1)


async def test_an_unknown_vector_names_the_known_ones(components: Components) -> None:
    with pytest.raises(ConfigError, match="has no vector 'image'; it has ''"):
        await search(components, ByText("red"), vector="image", limit=1)


@pytest.mark.parametrize(
    ("field", "known"), [("nope", False), ("price.nope", False), ("title", True), ("price", True)]
)
@pytest.mark.parametrize("negated", [True, False])
async def test_a_filter_on_a_field_that_no_point_has_is_noted(
    components: Components, field: str, known: bool, negated: bool
) -> None:
    await fill(components)
    scope = Scope((Condition(field, "in", ("never",), negated),))
    found = await search(components, ByText("red shoes"), vector=None, limit=9, scope=scope)
    assert len(found.hits) == (4 if negated else 0)
    there_are = "id, title, description, image_url, price, in_stock, stock"
    note = f"There is no payload field {field} in this collection; fields are {there_are}."
    assert found.notes == (() if known else (note,))


async def test_only_what_is_in_the_scope_and_one_hit_a_group(components: Components) -> None:
    await fill(components)
    query = ByText("red running shoes")
    blue = Scope((Condition("title", "~", ("blue",)),))
    found = await search(components, query, vector=None, limit=9, scope=blue)
    assert [key_of(hit) for hit in found.hits] == ["2"]
    assert found.scope == blue

    by_key = Scope(group_by="_embedconsole.key")
    grouped = await search(components, query, vector=None, limit=2, scope=by_key)
    assert [hit.group for hit in grouped.hits] == ["1", "SKU/4"]
    like = await search(components, LikeItem("1"), vector=None, limit=2, scope=by_key)
    assert [hit.group for hit in like.hits] == ["SKU/4", "2"]


async def test_a_group_that_no_hit_has_names_what_there_is(components: Components) -> None:
    await initialise(components)
    by_brand = Scope(group_by="brand")
    assert (await search(components, ByText("red"), vector=None, limit=1, scope=by_brand)).hits == ()
    await fill(components)
    for query in (ByText("red"), LikeItem("1")):
        with pytest.raises(BadInput, match="in brand to group by; the nearest one has id, title"):
            await search(components, query, vector=None, limit=1, scope=by_brand)
    none = Scope((Condition("title", "in", ("no such title",)),), "brand")
    assert (await search(components, ByText("red"), vector=None, limit=1, scope=none)).hits == ()


@pytest.mark.parametrize(
    ("vectors", "query", "name", "chosen"),
    [
        ("text image both", ByText("x"), None, "text"),
        ("image both", ByText("x"), None, "both"),
        ("image", ByText("x"), None, "image"),
        ("text image both", LikeItem("1"), "image", "image"),
        ("text image both", ByImage("https://x.example/1.jpg", "1.jpg"), None, "image"),
        ("text both", ByImage("https://x.example/1.jpg", "1.jpg"), None, "both"),
        ("text image both", ByImage("https://x.example/1.jpg", "1.jpg"), "both", "both"),
    ],
)
def test_the_vector_that_is_searched_by(vectors: str, query: Query, name: str | None, chosen: str) -> None:
    assert vector_for(with_vectors(vectors), query, name) == chosen


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (None, "pipeline products takes no images"),
        ("text", "vector 'text' of pipeline products takes no images"),
        ("nope", "pipeline products has no vector 'nope'; it has 'text'"),
    ],
)
def test_a_picture_needs_a_vector_of_pictures(name: str | None, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        vector_for(with_vectors("text"), ByImage("https://x.example/1.jpg", "1.jpg"), name)


def with_vectors(names: str) -> Pipeline:
    """A pipeline with some of three vectors."""
    made_of = {
        "text": {"embedder": "ml", "text": "{title}"},
        "image": {"embedder": "clip", "image": "{image_url}"},
        "both": {"embedder": "clip", "text": "{title}", "image": "{image_url}"},
    }
    return make_pipeline(vectors={name: made_of[name] for name in names.split()})


async def test_a_picture_is_embedded_without_a_text(
    components: Components, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(components)
    pictured = make_pipeline(embed={"embedder": "ml", "text": "{title}", "image": "{image_url}"})
    components.pipeline = replace(components.pipeline, vectors=pictured.vectors)
    embed = HashingEmbedder.embed
    inputs: list[EmbedInput] = []

    async def noted(self: HashingEmbedder, entries: Sequence[EmbedInput]) -> Embedded:
        inputs.extend(entries)
        return await embed(self, entries)

    monkeypatch.setattr(HashingEmbedder, "embed", noted)
    query = ByImage("red shoes", "red-shoes.jpg")  # this embedder reads addresses as words
    found = await search(components, query, vector=None, limit=1)
    again = await search(components, found.query, vector=None, limit=1)
    assert [key_of(hit) for hit in found.hits] == [key_of(hit) for hit in again.hits] == ["SKU/4"]
    assert inputs == [EmbedInput(0, None, "red shoes")]
    with pytest.raises(BadInput, match="it did not embed the image"):
        await search(components, ByImage(" ", "blank"), vector=None, limit=1)


async def test_a_missing_collection_is_refused(components: Components) -> None:
    with pytest.raises(Refused, match="does not exist"):
        await search(components, ByText("red"), vector=None, limit=1)


async def test_init_says_what_it_would_do_and_then_does_it(components: Components) -> None:
    plan = await plan_init(components)
    assert (plan.exists, plan.asks, plan.indexes) == (False, ("",), {"title": "text"})
    assert await components.collection.describe() is None

    done = await initialise(components)
    assert done.created
    assert done.schema.vectors == {"": VectorSpec(16, "cosine")}
    after = await plan_init(components)
    assert not after.changes
    assert not after.left


async def test_init_adds_what_is_missing_and_leaves_what_differs(components: Components) -> None:
    await components.collection.create(CollectionSchema({"": VectorSpec(16, "dot")}, {"brand": "keyword"}))
    plan = await plan_init(components)
    assert plan.exists
    assert plan.indexes == {"title": "text"}
    assert [one.field for one in plan.left] == ["vector.distance", "indexes.brand"]
    done = await initialise(components)
    assert (done.added, done.left) == (("title",), plan.left)


async def test_a_vector_that_is_missing_is_told_without_asking_for_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline(
        collection={"path": str(tmp_path), "name": "products"},
        vectors={
            "text": {"embedder": "ml", "text": "{title}"},
            "image": {"embedder": "clip", "text": "{sku}"},
        },
    )
    async with open_components([pipeline]) as (components,):
        await components.collection.create(CollectionSchema({"text": VectorSpec(16, "cosine")}))
        monkeypatch.delattr(HashingEmbedder, "embed")
        plan = await plan_init(components)
        done = await initialise(components)
    assert [(one.field, one.blocking) for one in plan.left] == [("vectors.image", True)]
    assert done.left == plan.left


def test_a_title_and_plain_facts() -> None:
    payload = {"sku": "S1", "title": "Mug", "price": 9.5, "text": "x" * 99, "meta": {"a": 1}, "none": None}
    assert HitFormat().title_of(payload) == "Mug"  # type: ignore[arg-type]
    assert HitFormat().facts_of(payload) == {"sku": "S1", "price": 9.5}  # type: ignore[arg-type]
