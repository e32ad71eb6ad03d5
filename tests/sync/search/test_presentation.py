"""What a hit is called, where its page is, and what of it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.filters import Condition, Scope
from embedconsole.items import Hit, JsonObject
from embedconsole.payload_paths import values_at
from embedconsole.sync.search.presentation import HitFormat, asked_fields, showing_of, shown_at
from embedconsole.sync.search.search import ByText, SearchResult
from sync.makers import make_pipeline


def showing(payload: JsonObject | None, link: str | None = None) -> HitFormat:
    collection = {"path": "./qdrant", "name": "products", "payload": payload, "link": link}
    return showing_of(make_pipeline(collection=collection))


@pytest.mark.parametrize(
    ("mapping", "payload", "title"),
    [
        (None, {"sku": "S1", "title": "Mug"}, "Mug"),
        ({"label": "title"}, {"id": "1", "label": "Mug"}, "Mug"),
        ({"label": "name", "title": "sku"}, {"label": "Mug", "title": "S1"}, "Mug"),
        ({"shown as": {"de": "title"}}, {"shown as": {"de": "Becher"}}, "Becher"),
        ({"label": "title"}, {"label": None, "sku": "S1"}, "S1"),
        ({"a": "sku"}, {"n": 1, "page": "https://x.example/", "a": "S1", "b": "x"}, "S1"),
        (None, {"n": 1}, ""),
    ],
)
def test_the_title(mapping: JsonObject | None, payload: JsonObject, title: str) -> None:
    assert showing(mapping).title_of(payload) == title


@pytest.mark.parametrize(
    ("template", "mapping", "title", "facts"),
    [
        ("{line}: {label}", None, "Motorcycles", {"code": "S18_3232", "label": "Ferrari"}),
        ("{label}\n{line}", None, "Ferrari", {"code": "S18_3232", "line": "Motorcycles"}),
        ("{label}", {"code": "code", "my label": "label"}, "Ferrari", {"code": "S18_3232"}),
        ("{label}", {"code": "code"}, "S18_3232", {}),
        ("{code} {name}", None, "S18_3232", {"line": "Motorcycles", "label": "Ferrari"}),
    ],
)
def test_without_a_title_or_name_the_texts_first_column_is_the_title(
    template: str, mapping: JsonObject | None, title: str, facts: JsonObject
) -> None:
    columns = {"code": "S18_3232", "line": "Motorcycles", "label": "Ferrari"}
    payload: JsonObject = (
        dict(columns)
        if mapping is None
        else {field: columns[str(column)] for field, column in mapping.items()}
    )
    shown = showing_of(
        make_pipeline(
            embed={"embedder": "ml", "text": template},
            collection={"path": "./qdrant", "name": "products", "payload": mapping},
        )
    )
    assert (shown.title_of(payload), shown.facts_of(payload)) == (title, facts)


@pytest.mark.parametrize(
    ("payload", "link"),
    [
        ({"image_url": "https://x.example/1.jpg", "url": "https://x.example/1"}, "https://x.example/1"),
        ({"image_url": "https://x.example/1.jpg"}, "https://x.example/1.jpg"),
        ({"picture": "http://x.example/ü"}, "http://x.example/%C3%BC"),
        ({"url": "javascript:alert(1)", "title": "see https://x.example"}, ""),
        ({"url": "https://x.example/a b"}, ""),
        ({"url": "https://x.example/\x1b]52;c;x\x07"}, ""),
        ({"url": ["https://x.example/"]}, ""),
        ({}, ""),
    ],
)
def test_the_link_of_a_payload(payload: JsonObject, link: str) -> None:
    assert HitFormat().link_of(payload) == link


@pytest.mark.parametrize(
    ("template", "link"),
    [
        ("https://shop.example/p/{sku}", "https://shop.example/p/S%2F1%20%26%C3%BC"),
        ("https://shop.example/{_embedconsole.key}#{n}", "https://shop.example/35#7"),
        ("{page}?from=search", "https://shop.example/x?from=search"),
        ("https://shop.example/{meta.color}", "https://shop.example/red"),
        ("https://shop.example/{missing}", ""),
        ("https://shop.example/{none}", ""),
        ("https://shop.example/{meta}", ""),
        ("{sku}", ""),
    ],
)
def test_the_link_of_the_configuration(template: str, link: str) -> None:
    payload: JsonObject = {
        "sku": "S/1 &ü",
        "n": 7,
        "page": "https://shop.example/x",
        "none": None,
        "meta": {"color": "red"},
        "_embedconsole": {"key": "35"},
    }
    assert HitFormat(link=template).link_of(payload) == link


@given(st.text() | st.text().map("https://x.example/{}".format))
def test_a_link_is_ascii_that_can_be_an_address(text: str) -> None:
    for link in (
        HitFormat().link_of({"url": text}),
        HitFormat(link="https://x.example/{a}").link_of({"a": text}),
    ):
        assert link.isascii()
        assert link.isprintable()
        assert " " not in link
        assert link == "" or link.startswith(("https://", "http://"))


def test_what_was_asked_about_is_shown_once_and_not_the_title_again() -> None:
    where = tuple(Condition(field, "null") for field in ("price", "title", "a.b", "price"))
    payload: JsonObject = {
        "title": "Mug",
        "price": 5,
        "a": {"b": [1, None, "x"]},
        "list": [{"c": 1}, {"c": 2}],
    }
    found = SearchResult(ByText("x"), "", 1, (Hit(1, 1.0, payload),), None, 0.0, Scope(where, "a.b"))
    assert asked_fields(found, HitFormat()) == ["a.b", "price"]
    assert [shown_at(payload, field) for field in ("price", "a.b", "list[].c", "no", "a.b.c")] == [
        "5",
        "1, x",
        "1, 2",
        "",
        "",
    ]


def test_paths_into_payloads() -> None:
    payload: JsonObject = {"a": {"b c": [{"d": 1}, {"d": 2}, 3]}, "x.y": 5}
    assert values_at(payload, 'a."b c"[].d') == [1, 2]
    assert values_at(payload, 'a."b c"[1].d') == [2]
    assert values_at(payload, 'a."b c"[9].d') == []
    assert values_at(payload, '"x.y"') == [5]
    assert values_at(payload, "x.y") == []
    assert values_at(payload, "a[].b") == []
