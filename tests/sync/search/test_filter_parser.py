"""The filters an operator writes: what they mean, and what is said of those that can't be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.collection.filters import to_filter
from embedconsole.faults import ConfigError
from embedconsole.filters import Condition, Scope
from embedconsole.sync.search.filter_parser import check_field, looks_like_filter, parse_where, written
from embedconsole.sync.search.search import ByText, LikeItem, parse_asked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedconsole.filters import Value
    from embedconsole.items import IndexType

INDEXES: dict[str, IndexType] = {
    "sku": "keyword",
    "title": "text",
    "price": "float",
    "stock": "integer",
    "in_stock": "bool",
    "created_at": "datetime",
    "place": "geo",
    "metadata.color": "keyword",
    '"unit.price"': "float",
    '"weird name"': "keyword",
}
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def is_in(field: str, *values: str | bool | int | float | date) -> Condition:
    return Condition(field, "in", values)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("price<50", Condition("price", "<", (50,))),
        (" price <= 49.90 ", Condition("price", "<=", (49.9,))),
        ("price>-1e3", Condition("price", ">", (-1000.0,))),
        ("price=50", is_in("price", 50)),
        ("price==50", is_in("price", 50)),
        ("price='50'", is_in("price", 50)),
        ("stock!=0", Condition("stock", "in", (0,), negated=True)),
        ("stock<>0", Condition("stock", "in", (0,), negated=True)),
        ("stock>=0.5", Condition("stock", ">=", (0.5,))),
        ("sku=50", is_in("sku", "50")),
        ("unit.price<5", Condition('"unit.price"', "<", (5,))),
        ('"weird name"=5', is_in('"weird name"', "5")),
        ("sku=true", is_in("sku", "true")),
        ("sku=2026-01-31", is_in("sku", "2026-01-31")),
        ("in_stock=true", is_in("in_stock", True)),
        ("in_stock=NO", is_in("in_stock", False)),
        ("in_stock!=1", Condition("in_stock", "in", (True,), negated=True)),
        ("title~running shoes", Condition("title", "~", ("running shoes",))),
        ("title!~running", Condition("title", "~", ("running",), negated=True)),
        ("title~50", Condition("title", "~", ("50",))),
        ("created_at>=2026-01-31", Condition("created_at", ">=", (date(2026, 1, 31),))),
        ("created_at < 2026-01-31 12:00Z", Condition("created_at", "<", (NOON,))),
        ("created_at='2026-01-31T13:00:00+01:00'", is_in("created_at", NOON)),
        ("metadata.color=50", is_in("metadata.color", "50")),
        ("metadata.color is null", Condition("metadata.color", "null")),
        ("metadata.color IS NOT NULL", Condition("metadata.color", "null", negated=True)),
        ("metadata.color in (red, dark blue, 'a, b')", is_in("metadata.color", "red", "dark blue", "a, b")),
        ("metadata.color not in(red)", Condition("metadata.color", "in", ("red",), negated=True)),
        ("sku in (salt and pepper, x)", is_in("sku", "salt and pepper", "x")),
        # Without an index it is what it looks like, and in quotes a text.
        ("n=50", is_in("n", 50, "50")),
        ("n=5e1", is_in("n", 50.0, "5e1")),
        ("n!=50", Condition("n", "in", (50, "50"), negated=True)),
        ("n in (50, '50', 50)", is_in("n", 50, "50")),
        ("n='50'", is_in("n", "50")),
        ("n=007", is_in("n", "007")),
        ("n=1" + "0" * 400, is_in("n", "1" + "0" * 400)),
        ("n=nan", is_in("n", "nan")),
        ("n=false", is_in("n", False, "false")),
        ("n=2026-01-31", is_in("n", date(2026, 1, 31))),
        ("n=2026-02-31", is_in("n", "2026-02-31")),
        ("n<2026-01-31", Condition("n", "<", (date(2026, 1, 31),))),
        ("n=levi's", is_in("n", "levi's")),
        ("n='it''s \"so\"'", is_in("n", 'it\'s "so"')),
        ('n="it\'s ""so"""', is_in("n", 'it\'s "so"')),
        ("n=''", is_in("n", "")),
        ("n in (1, 2.5, true, x)", is_in("n", 1, "1", 2.5, "2.5", True, "true", "x")),
        ('"a key"."b.c"=x', is_in('"a key"."b.c"', "x")),
        ("sizes[].eu=41", is_in("sizes[].eu", 41, "41")),
        ("größe=XL", is_in("größe", "XL")),
        ("in in (in)", is_in("in", "in")),
        ("not=is", is_in("not", "is")),
    ],
)
def test_what_a_filter_means(text: str, condition: Condition) -> None:
    assert parse_where(text, INDEXES) == (condition,)


def test_conditions_are_joined_by_and() -> None:
    text = "price<50 and sku=home AND metadata.color in (a and b) and title~android"
    assert parse_where(text, INDEXES) == (
        Condition("price", "<", (50,)),
        is_in("sku", "home"),
        is_in("metadata.color", "a and b"),
        Condition("title", "~", ("android",)),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "can't be read at its end: expected the name of a payload field"),
        ("price", "can't be read at its end: expected one of = != "),
        ("price<", "can't be read at its end: expected a value"),
        ("price<<50", "can't be read at '<50': expected a value"),
        ("=5", "can't be read at '=5': expected the name"),
        ("price<50 in_stock=true", "can't be read at '=true': expected `and`"),
        ("title~red, blue", "at ', blue': expected `and`"),
        ("sku is null price<5", "at 'price<5': expected `and`"),
        ("price<50 and", "at its end: expected the name"),
        ("price<50 or price>90", "at '>90': expected `and`"),
        ("price=and", "at 'and': expected a value"),
        ("sku in red", "at 'red': expected values in parentheses"),
        ("sku in ()", "at ')': expected a value"),
        ("sku in (red", "at its end: expected a comma"),
        ("sku is red", "at 'red': expected null"),
        ("sku not null", "at 'null': expected one of"),
        ("sku='red", 'at "\'red": expected a value'),
        ("a..b=1", "at '..b=1': expected one of"),
        ("price<cheap", "price has a float index, and 'cheap' is not a number"),
        ("price=inf", "'inf' is not a number"),
        ("stock=1.5", "stock has an integer index, and '1.5' is not a whole number"),
        ("in_stock=maybe", "in_stock has a bool index, and 'maybe' is not true or false"),
        ("in_stock<true", "only numbers and dates are compared"),
        ("created_at>yesterday", "'yesterday' is not a date or time such as 2026-01-31"),
        ("sku<b", "sku has a keyword index, and only numbers and dates are compared"),
        ("n<b", "n: 'b' is neither a number nor a date"),
        ("place=Berlin", "place has a geo index"),
    ],
)
def test_what_is_said_of_one_that_can_not_be_read(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_where(text, INDEXES)
    assert said in str(caught.value)
    if "can't be read" in said or said.startswith("at "):
        assert "Understood: price<50, " in str(caught.value)


names = st.from_regex(r'[\w-]+|"[^"]+"', fullmatch=True)
fields = st.lists(names, min_size=1, max_size=3).map(".".join)
numbers = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
moments = st.dates() | st.datetimes(timezones=st.none() | st.just(UTC))
values = st.text() | st.booleans() | numbers | moments
orders = st.sampled_from(["<", "<=", ">", ">="])
conditions = (
    st.builds(Condition, fields, st.just("in"), st.lists(values, min_size=1).map(tuple), st.booleans())
    | st.builds(Condition, fields, st.just("null"), st.just(()), st.booleans())
    | st.builds(Condition, fields, st.just("~"), st.tuples(st.text()), st.booleans())
    | st.builds(Condition, fields, orders, st.tuples(numbers | moments))
)


def loosely(condition: Condition) -> list[Value]:
    """Its values; to be equal to a number or boolean is also to be the text of it."""
    if condition.operator != "in":
        return list(condition.values)
    return [
        value
        for one in condition.values
        for value in ((one, str(one).lower()) if isinstance(one, (int, float)) else (one,))
    ]


def typed(values: Iterable[Value]) -> list[tuple[type, Value]]:
    """Each once; 1, 1.0 and True are told apart by their types."""
    return list(dict.fromkeys((type(value), value) for value in values))


@given(st.lists(conditions, min_size=1, max_size=4))
def test_what_is_written_is_read_as_it_was(where: list[Condition]) -> None:
    read = parse_where(written(where), {})
    assert [replace(one, values=()) for one in read] == [replace(one, values=()) for one in where]
    assert [typed(one.values) for one in read] == [typed(loosely(one)) for one in where]
    assert parse_where(written(read), {}) == read
    assert to_filter(read) is not None
    assert looks_like_filter(written(where))
    assert all(check_field(one.field) == one.field for one in where)


@given(st.text(alphabet="ab1.,<>=!~()'\" -[]") | st.text())
def test_anything_is_read_or_refused_in_words(text: str) -> None:
    try:
        where = parse_where(text, INDEXES)
    except ConfigError:
        return
    assert where
    assert to_filter(where) is not None


@pytest.mark.parametrize("text", ["", "a b", "a.", "a[x]", '"', "price<5"])
def test_what_is_no_field(text: str) -> None:
    with pytest.raises(ConfigError, match="is not the name of a payload field"):
        check_field(text)


@pytest.mark.parametrize(
    ("typed", "query", "where"),
    [
        ("red shoes where price<50", ByText("red shoes"), "price<50"),
        ("red shoes WHERE price < 50 and sku in (a, b)", ByText("red shoes"), "price<50 and sku in (a, b)"),
        ("#35 where metadata.color is not null", LikeItem("35"), "metadata.color is not null"),
        ('"#35" where sku="x"', ByText("#35"), "sku=x"),
        ("where we are where price<5", ByText("where we are"), "price<5"),
        ("places where people run", ByText("places where people run"), ""),
        ("places where love is all", ByText("places where love is all"), ""),
        ("shoes where", ByText("shoes where"), ""),
        ('"shoes where price<5"', ByText("shoes where price<5"), ""),
    ],
)
def test_a_filter_behind_what_is_typed(typed: str, query: object, where: str) -> None:
    asked, scope = parse_asked(typed, INDEXES)
    assert asked == query
    assert scope == Scope(parse_where(where, INDEXES) if where else ())


def test_a_filter_with_a_mistake_is_not_searched_for_as_text() -> None:
    with pytest.raises(ConfigError, match="expected a value"):
        parse_asked("red shoes where price<", INDEXES)
