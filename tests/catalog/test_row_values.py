"""Values of databases made JSON-ready."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.catalog.row_values import json_column, json_value, parse_json, parsed_column

_ANY_TEXT = st.text(st.characters(), max_size=50)
"""Lone surrogates and NUL included."""
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    _ANY_TEXT,
    st.binary(max_size=50),
    st.decimals(),
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.ip_addresses(),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_ANY_TEXT, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (-(2**63), -(2**63)),
        (2**64 - 1, 2**64 - 1),
        (2**64, "18446744073709551616"),
        (-(2**63) - 1, "-9223372036854775809"),
        (1.5, 1.5),
        (float("nan"), None),
        (float("inf"), None),
        (Decimal("10"), 10),
        (Decimal("10.00"), 10.0),
        (Decimal("10.25"), 10.25),
        (Decimal("1E+3"), 1000),
        (Decimal("123456789012345678901234567890"), "123456789012345678901234567890"),
        (Decimal("1E+1000000"), "1E+1000000"),
        (Decimal("NaN"), None),
        (Decimal("-Infinity"), None),
        ("plain", "plain"),
        ("größe\x00end", "größe\x00end"),
        ("a\ud800b", "a\ufffdb"),
        ("\U0001f600", "\U0001f600"),
        (b"\x00\xff", "AP8="),
        (memoryview(b"\x00\xff"), "AP8="),
        (bytearray(b"\x00\xff"), "AP8="),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (date(2024, 2, 29), "2024-02-29"),
        (time(1, 2, 3), "01:02:03"),
        (datetime(2024, 2, 29, 1, 2, 3), "2024-02-29T01:02:03"),
        (timedelta(hours=26, microseconds=5), "26:00:00.000005"),
        (timedelta(minutes=-90), "-01:30:00"),
        ([1, Decimal("2.5"), [None]], [1, 2.5, [None]]),
        ((1, 2), [1, 2]),
        ({"a": float("nan"), 1: b"x"}, {"a": None, "1": "eA=="}),
        ({"b", "a", "c"}, ["a", "b", "c"]),
        (ip_address("10.0.0.1"), "10.0.0.1"),
    ],
)
def test_each_kind_of_value(given: object, expected: object) -> None:
    result = json_value(given)
    assert result == expected
    assert type(result) is type(expected)


def test_a_decimal_column_is_a_float_in_every_row() -> None:
    column = json_column([Decimal("10.00"), None, Decimal("10.50")])
    assert [type(value) for value in column] == [float, type(None), float]


def test_a_time_with_a_zone_does_not_depend_on_the_sessions_zone() -> None:
    moment = datetime(2024, 6, 1, 12, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert json_value(moment) == json_value(elsewhere) == "2024-06-01T12:00:00+00:00"


@given(_VALUES)
def test_always_serialisable_and_the_same_again(value: object) -> None:
    ready = json_value(value)
    assert orjson.loads(orjson.dumps(ready)) == ready
    assert orjson.dumps(json_value(value)) == orjson.dumps(ready)


@given(st.lists(_VALUES, max_size=8))
def test_a_column_is_what_its_values_are_one_by_one(values: list[object]) -> None:
    assert orjson.dumps(list(json_column(values))) == orjson.dumps([json_value(value) for value in values])


@given(st.sampled_from([st.integers(), st.floats(), _ANY_TEXT, st.booleans()]), st.data())
def test_a_column_of_one_plain_type_too(kind: st.SearchStrategy[object], data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | kind, max_size=8))
    assert orjson.dumps(list(json_column(values))) == orjson.dumps([json_value(value) for value in values])


def test_a_plain_looking_column_with_one_value_that_is_not() -> None:
    assert list(json_column([1.0, float("nan"), 2.0])) == [1.0, None, 2.0]
    assert list(json_column([1, 2**64])) == [1, "18446744073709551616"]
    assert list(json_column(["a", "\ud800"])) == ["a", "\ufffd"]


@given(_ANY_TEXT)
def test_text_that_is_not_json_stays_text(text: str) -> None:
    orjson.dumps(list(parsed_column([text, None])))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": [1, 2.5, null, "x"]}', {"a": [1, 2.5, None, "x"]}),
        (b"[1]", [1]),
        ("", ""),
        ("{broken", "{broken"),
        ('{"a": NaN, "b": Infinity}', {"a": None, "b": None}),
        (r'["\ud800"]', ["\ufffd"]),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_json_text(text: str | bytes, expected: object) -> None:
    assert parse_json(text) == expected


@pytest.mark.parametrize("depth", [50, 150, 500, 5000, 100_000])
def test_deep_json_can_always_be_written(depth: int) -> None:
    orjson.dumps(parse_json("[" * depth + "]" * depth))


def test_a_megabyte_of_text_is_not_copied() -> None:
    text = "x" * 1_000_000
    assert json_column([text, None])[0] is text
