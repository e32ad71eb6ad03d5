"""From a row to its point: inputs, payload, and hashes that change exactly when they should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.faults import ConfigError
from embedconsole.items import MARKER, CatalogRow, EmbedInput, JsonValue
from embedconsole.payload_paths import values_at
from embedconsole.sync.content.payload import PayloadField
from sync.makers import COLUMNS, make_pipeline, make_recipe, make_row

if TYPE_CHECKING:
    from embedconsole.ledger.records.items import Hashes

RECIPE = make_recipe()
TWO_VECTORS = make_recipe(
    make_pipeline(
        vectors={
            "text": {"embedder": "ml", "text": "{title}"},
            "image": {"embedder": "clip", "image": "{image_url}"},
        }
    )
)


def hashes(**values: JsonValue) -> Hashes:
    return RECIPE.content(make_row(**values)).hashes  # type: ignore[arg-type]


def test_what_is_sent_and_written() -> None:
    content = RECIPE.content(make_row())

    assert content.inputs == {
        "": EmbedInput(
            7,
            "Product 7\nof wool",
            "https://shop.example/7.jpg",
            {"name": "Product 7\nof wool", "description": ""},
        )
    }
    assert content.payload == {
        "title": "Product 7",
        "facts": {"price": 9.5, "in_stock": True},
        MARKER: {
            "pipeline": "products",
            "key": "7",
            "embed_hash": content.hashes.embed.hex(),
            "payload_hash": content.hashes.payload.hex(),
        },
    }
    assert (content.key, content.point, content.problem) == ("7", 7, None)


def test_fields_of_the_service_come_from_columns() -> None:
    embed = {"embedder": "ml", "text": "{title}", "fields": {"name": "title", "stock": "stock"}}
    content = make_recipe(make_pipeline(embed=embed)).content(make_row(stock=None))

    assert content.inputs[""] == EmbedInput(7, "Product 7", None, {"name": "Product 7", "stock": ""})


def test_a_key_that_is_no_number_is_sent_as_text() -> None:
    content = RECIPE.content(make_row("sku-1"))

    assert content.inputs[""].product_id == "sku-1"
    assert content.point == "4997c622-f939-5808-903d-2bf6c88a0679"


def test_an_item_lacks_the_vector_that_it_has_nothing_for() -> None:
    full = TWO_VECTORS.content(make_row())
    bare = TWO_VECTORS.content(make_row(image_url=""))

    assert set(full.inputs) == {"text", "image"}
    assert set(bare.inputs) == {"text"}
    assert bare.problem is None
    assert bare.hashes.embed != full.hashes.embed


@pytest.mark.parametrize("blank", [None, "", "  \n "])
def test_an_item_with_nothing_at_all_can_not_be_embedded(blank: str | None) -> None:
    content = RECIPE.content(make_row(title=blank, description=blank, image_url=blank))

    assert content.inputs == {}
    assert content.problem == "nothing to embed: its text and image are empty"


# Hashes


def test_hashes_are_the_same_in_every_process_and_release() -> None:
    # When these change, every collection there is will be embedded, or re-written, again.
    content = RECIPE.content(make_row())

    assert content.hashes.embed.hex() == "15b2a020b18aeb6fbcbe3442e9f55a3a"
    assert content.hashes.payload.hex() == "a8a92be5a6cd77d90441aba7e8aaf8b6"


@pytest.mark.parametrize(
    ("values", "embed", "payload"),
    [
        ({"title": "Other"}, True, True),
        ({"description": "of steel"}, True, False),
        ({"image_url": None}, True, False),
        ({"price": 10.0}, False, True),
        ({"in_stock": 0}, False, True),
        ({"stock": 99}, False, False),
        ({"title": " Product 7"}, False, True),  # blanks at the ends are not sent
    ],
)
def test_a_hash_changes_when_what_it_covers_does(
    values: dict[str, JsonValue], embed: bool, payload: bool
) -> None:
    before, after = hashes(), hashes(**values)

    assert (before.embed != after.embed, before.payload != after.payload) == (embed, payload)
    assert RECIPE.source_hash(make_row()) != RECIPE.source_hash(make_row(**values))  # type: ignore[arg-type]


def test_types_that_an_index_takes_for_the_same_are_the_same() -> None:
    # A DECIMAL may come as text, and a boolean as a number, depending on the database.
    assert hashes(price="9.50", in_stock=True) == hashes(price=9.5, in_stock=1)


def test_parts_can_not_be_confused_with_each_other() -> None:
    assert hashes(title="a", description="b\nc").embed == hashes(title="a\nb", description="c").embed
    assert TWO_VECTORS.content(make_row(title="x", image_url=None)).hashes.embed != (
        TWO_VECTORS.content(make_row(title=None, image_url="x")).hashes.embed
    )


@pytest.mark.parametrize(
    ("other", "embed", "payload"),
    [
        (make_recipe(space='{"":"m2"}'), True, False),
        (make_recipe(make_pipeline(embed={"embedder": "ml", "text": "{title}"})), True, False),
        (
            make_recipe(
                make_pipeline(
                    collection={"path": "./q", "name": "p", "payload": {"title": "title"}, "indexes": {}}
                )
            ),
            False,
            True,
        ),
    ],
)
def test_another_space_or_recipe_is_another_hash(other: Any, embed: bool, payload: bool) -> None:
    before, after = RECIPE.content(make_row()).hashes, other.content(make_row()).hashes

    assert (before.embed != after.embed, before.payload != after.payload) == (embed, payload)
    assert other.source_hash(make_row()) != RECIPE.source_hash(make_row())


VALUES = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["a", "b", "", None]),
        "description": st.sampled_from(["a", "b", "", None]),
        "image_url": st.sampled_from(["a", "", None]),
        "price": st.sampled_from([1, 1.5, "1.5", None]),
        "stock": st.integers(0, 1),
    }
)


@given(VALUES, VALUES)
def test_hashes_differ_exactly_when_the_content_does(
    one: dict[str, JsonValue], two: dict[str, JsonValue]
) -> None:
    first, second = (RECIPE.content(make_row(**values)) for values in (one, two))  # type: ignore[arg-type]

    assert (first.hashes.embed == second.hashes.embed) == (first.inputs == second.inputs)
    plain = [{k: v for k, v in content.payload.items() if k != MARKER} for content in (first, second)]
    assert (first.hashes.payload == second.hashes.payload) == (plain[0] == plain[1])
    if RECIPE.source_hash(make_row(**one)) == RECIPE.source_hash(make_row(**two)):  # type: ignore[arg-type]
        assert first.hashes == second.hashes


# Payloads


@pytest.mark.parametrize(
    ("index", "value", "expected"),
    [
        ("bool", 1, True),
        ("bool", "f", False),
        ("bool", "Yes", True),
        ("bool", 2, 2),
        ("bool", None, None),
        ("float", "9.95", 9.95),
        ("float", 3, 3.0),
        ("float", "cheap", "cheap"),
        ("float", True, True),
        ("float", None, None),
        ("integer", "12", 12),
        ("integer", 12.0, 12),
        ("integer", 12.5, 12.5),
        ("integer", True, 1),
        ("keyword", 5, "5"),
        ("keyword", ["a", "b"], ["a", "b"]),
        ("text", None, None),
        ("text", True, "true"),
        ("datetime", "2026-01-01", "2026-01-01"),
    ],
)
def test_a_value_becomes_what_its_index_matches(index: str, value: JsonValue, expected: JsonValue) -> None:
    collection = {"path": "./q", "name": "p", "payload": {"x": "price"}, "indexes": {"x": index}}
    payload = make_recipe(make_pipeline(collection=collection)).content(make_row(price=value)).payload

    assert payload["x"] == expected
    assert type(payload["x"]) is type(expected)


def test_the_default_payload_is_all_columns() -> None:
    pipeline = make_pipeline(collection={"path": "./q", "name": "p"})

    assert set(make_recipe(pipeline).content(make_row()).payload) == {*COLUMNS, MARKER}


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"embed": {"embedder": "ml", "text": "{colour}"}}, "pipelines.products.embed.text"),
        ({"embed": {"embedder": "ml", "image": "{colour}"}}, "pipelines.products.embed.image"),
        (
            {"embed": {"embedder": "ml", "text": "x", "fields": {"n": "colour"}}},
            "pipelines.products.embed.fields",
        ),
        (
            {"vectors": {"t": {"embedder": "ml", "text": "{colour}"}}},
            "pipelines.products.vectors.t.text",
        ),
        (
            {"collection": {"path": "./q", "name": "p", "payload": {"a": {"b": "colour"}}}},
            "pipelines.products.collection.payload.a.b",
        ),
    ],
)
def test_a_column_that_is_not_there_is_named_with_its_place(settings: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_recipe(make_pipeline(**settings))

    assert str(caught.value) == f"{place}: the query has no column 'colour'; it has {', '.join(COLUMNS)}"


def test_the_name_of_our_marker_is_taken() -> None:
    collection = {"path": "./q", "name": "p", "payload": {MARKER: "title"}}

    with pytest.raises(ConfigError, match=MARKER):
        make_recipe(make_pipeline(collection=collection))


@pytest.mark.parametrize(
    ("index", "value", "expected"),
    [
        ("integer", "99999999999999999999", "99999999999999999999"),
        ("integer", 1e22, 1e22),
        ("integer", "-9223372036854775808", -(1 << 63)),
        ("integer", "12.00", 12),
        ("integer", "1_000", "1_000"),
        ("integer", "9" * 5000, "9" * 5000),
        ("float", "5.37", 5.37),
        ("float", "5,37", "5,37"),
        ("float", "nan", "nan"),
        ("float", "1e999", "1e999"),
        ("float", ["1.5", "x"], [1.5, "x"]),
        ("bool", "1", True),
        ("bool", "0", False),
        ("bool", "N", False),
        ("bool", "maybe", "maybe"),
        ("keyword", 7, "7"),
        ("keyword", [1, "a"], ["1", "a"]),
        ("uuid", "ASNFZ4mrze8BI0VniavN7w==", "01234567-89ab-cdef-0123-456789abcdef"),
        ("uuid", "01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"),
        ("uuid", "no uuid, 24 characters..", "no uuid, 24 characters.."),
        ("datetime", "infinity", "infinity"),
    ],
)
def test_values_become_what_their_index_expects_where_that_is_safe(
    index: str, value: JsonValue, expected: JsonValue
) -> None:
    collection = {"path": "./qdrant", "name": "p", "payload": {"v": "price"}, "indexes": {"v": index}}
    content = make_recipe(make_pipeline(collection=collection)).content(make_row(price=value))

    assert content.problem is None
    assert (content.payload["v"], type(content.payload["v"])) == (expected, type(expected))


def test_a_row_that_can_not_be_made_is_a_problem_of_its_item(monkeypatch: pytest.MonkeyPatch) -> None:
    good = RECIPE.content(make_row("8"))

    def convert(field: PayloadField, value: JsonValue) -> JsonValue:
        return 1 << 80 if field.column == "price" else value

    monkeypatch.setattr(PayloadField, "convert", convert)
    content, edited = RECIPE.content(make_row()), RECIPE.content(make_row(price=10))

    assert good.problem is None
    assert content.problem is not None
    assert content.problem.startswith("column price of the row with the key 7 can't be made")
    assert content.inputs == {}
    assert content.hashes == RECIPE.content(make_row()).hashes
    assert content.hashes.payload != edited.hashes.payload, "it is looked at again once its row changes"


@pytest.mark.parametrize(
    ("payload", "written", "path"),
    [
        ({"facts": {"a b": "price"}}, "facts.a b", 'facts."a b"'),
        ({"a.b": "price"}, "a.b", '"a.b"'),
        ({"a.b": "price"}, '"a.b"', '"a.b"'),
        ({"a": {"b": "price"}}, "a.b", "a.b"),
        (None, "weird name", '"weird name"'),
        (None, '"unit.price"', '"unit.price"'),
        (None, "facts.weight", "facts.weight"),
    ],
)
def test_names_with_dots_and_blanks_are_quoted_in_the_paths_of_indexes(
    payload: dict[str, Any] | None, written: str, path: str
) -> None:
    collection = {"path": "./qdrant", "name": "p", "payload": payload, "indexes": {written: "integer"}}
    pipeline = make_pipeline(collection=collection)
    columns = (*COLUMNS, "weird name", "unit.price", "facts")
    values: dict[str, JsonValue] = {"weird name": "5", "unit.price": "5", "facts": {"weight": 5}}
    row = CatalogRow("7", {**make_row(price="5").values, **values})
    made = make_recipe(pipeline, columns=columns).content(row).payload

    assert list(pipeline.collection.indexes) == [path]
    assert values_at(made, path) == [5]


def test_a_column_with_a_dot_is_not_taken_for_a_field_inside_another() -> None:
    collection = {"path": "./qdrant", "name": "p", "indexes": {"unit.price": "integer"}}
    with pytest.raises(
        ConfigError, match=r"collection.indexes: write '\"unit.price\"' for the column unit.price"
    ):
        make_recipe(make_pipeline(collection=collection), columns=(*COLUMNS, "unit.price"))
