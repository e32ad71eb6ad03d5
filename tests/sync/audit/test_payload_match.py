"""Payloads of other programs against ours: the same values in other clothes, and other values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.sync.audit.payload_match import unlike_field

if TYPE_CHECKING:
    from embedconsole.items import JsonObject, JsonValue

OURS: JsonObject = {"title": "Mug", "facts": {"price": 9.5}, "_embedconsole": {"key": "1"}}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (9, 9.0),
        (True, 1),
        (None, None),
        (["S", "M"], '["S", "M"]'),
        ({"a": 1}, '{"a": 1}'),
        ({"a": 1}, {"a": 1.0, "b": 2}),
        ("", ""),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05+00:00", "2026-01-02T05:04:05+02:00"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05+02:00"),
        (["2026-01-02T03:04:05"], ["2026-01-02 03:04:05Z"]),
    ],
)
def test_the_same_value_is_written_in_many_ways(one: JsonValue, other: JsonValue) -> None:
    assert unlike_field({"x": one}, {"x": other}) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (5.37, "5.37"),
        ("5.37", 5.37),
        (9, "9"),
        ([1], ["1"]),
        (False, "false"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:06Z"),
        ("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05+02:00"),
        ("2026-01-02", "2026-01-02T00:00:00Z"),
        ("2026-99-02T03:04", "2026-99-02T03:04Z"),
        (True, 2),
        (True, "yes, it is"),
        (None, 0),
        (0, None),
        ("", None),
        (["S"], ["S", "M"]),
        (["S"], "S"),
        ({"a": 1}, 1),
        ("a", "A"),
    ],
)
def test_other_values_differ(one: JsonValue, other: JsonValue) -> None:
    assert unlike_field({"x": one}, {"x": other}) == "x"


@pytest.mark.parametrize(
    ("theirs", "field"),
    [
        ({"title": "Mug", "facts": {"price": 9.5}, "more": 1}, None),
        ({"title": "Mug", "facts": {"price": "9.50"}}, "facts.price"),
        ({"title": "Mug", "facts": {"price": 9}}, "facts.price"),
        ({"title": "Mug"}, "facts"),
        ({"facts": {}}, "title"),
        ({"title": "Mug", "facts": {"cost": 9.5}}, "facts.price"),
    ],
)
def test_the_first_field_that_differs_is_named(theirs: JsonObject, field: str | None) -> None:
    assert unlike_field(OURS, theirs) == field
