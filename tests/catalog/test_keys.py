"""Keys as text and back."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.catalog.keys import key_kinds, key_texts, native_keys
from embedconsole.faults import Refused

_UUID = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")


def texts(*values: object) -> list[str]:
    return key_texts(values, key_kinds(values))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-5, "-5"),
        (2**64 - 1, "18446744073709551615"),
        (Decimal("123.00"), "123"),
        (Decimal("1E+30"), "1" + "0" * 30),
        (Decimal("1.5"), "1.5"),
        (3.0, "3"),
        (3.25, "3.25"),
        (_UUID, str(_UUID)),
        (_UUID.bytes, str(_UUID)),
        (b"\x01\xff", "01ff"),
        ("Ä b ", "Ä b "),
        ("", ""),
    ],
)
def test_text_of_a_key(value: object, text: str) -> None:
    assert texts(value) == [text]


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5)
    | st.lists(st.text(max_size=10), max_size=5)
    | st.lists(st.uuids(), max_size=5)
    | st.lists(st.binary(max_size=20), max_size=5)
    | st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=0), max_size=5)
)
def test_every_key_is_found_by_its_text(values: list[object]) -> None:
    kinds = key_kinds(values)
    found = native_keys(key_texts(values, kinds), kinds, dialect="sqlite")
    assert set(found) >= set(values)


@given(st.lists(st.binary(max_size=8), max_size=4))
def test_text_that_is_no_utf8_has_a_storable_key_that_finds_it(raws: list[bytes]) -> None:
    values = [raw.decode("utf-8", "surrogateescape") for raw in raws]
    keys = texts(*values)
    for value, key in zip(values, keys, strict=True):
        assert "\0" not in key.encode().decode()
        assert value in native_keys([key], key_kinds([value]), dialect="sqlite")


@given(st.text(st.characters(), max_size=10))
def test_a_text_that_can_not_be_a_key_is_left_out(text: str) -> None:
    for value in (1, Decimal(1), 1.0, _UUID, b"x", "x"):
        native_keys([text], key_kinds([value]), dialect="postgresql")


@pytest.mark.parametrize(
    ("value", "text", "dialect"),
    [
        (1, str(2**63), "sqlite"),
        (1, str(2**64), "mysql"),
        (1, "1 OR 1=1", "sqlite"),
        ("x", "a\x00b", "postgresql"),
        ("x", "\ud800", "mysql"),
        (_UUID, "no-uuid", "postgresql"),
        (b"x", "0g", "mysql"),
    ],
)
def test_left_out(value: object, text: str, dialect: str) -> None:
    assert native_keys([text], key_kinds([value]), dialect=dialect) == []


def test_a_column_that_mixes_kinds_is_asked_for_both() -> None:
    assert set(native_keys(["7"], key_kinds([1, "x"]), dialect="sqlite")) == {7, "7"}


@pytest.mark.parametrize("value", [date(2024, 1, 1), True, None])
def test_what_can_not_be_a_key_is_refused(value: object) -> None:
    with pytest.raises(Refused, match="can't be keys"):
        key_kinds([value])
