"""Watermarks: text between runs, stepped back by the overlap."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.catalog.watermark import Mark, ScanProgress, decode, encode, highest, like_form, step_back

_MOMENT = datetime(2024, 6, 1, 12, 0, 0)
_EAST, _WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-9, minutes=-30))
_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_ISO_TEXTS = st.builds(
    lambda moment, separator, fraction, zone: moment.isoformat(sep=separator, timespec=fraction) + zone,
    st.datetimes(),
    st.sampled_from("T "),
    st.sampled_from(["minutes", "seconds", "milliseconds", "microseconds"]),
    st.sampled_from(["", "Z", "+00:00", "-0530", "+02"]),
)
_NUMBERS = st.one_of(
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
)
_OVERLAPS = st.floats(min_value=0, max_value=10**7)


@pytest.mark.parametrize(
    ("mark", "seconds", "expected"),
    [
        (_MOMENT, 300, datetime(2024, 6, 1, 11, 55)),
        (_MOMENT.replace(tzinfo=UTC), 300, datetime(2024, 6, 1, 11, 55, tzinfo=UTC)),
        (datetime.min, 300, datetime.min),
        (date(2024, 6, 1), 300, date(2024, 5, 31)),
        (date(2024, 6, 1), 0, date(2024, 6, 1)),
        ("2024-06-01 12:00:00", 300, "2024-06-01 11:55:00"),
        ("2024-06-01T12:00:00", 300, "2024-06-01T11:55:00"),
        ("2024-06-01T12:00:00.250Z", 300, "2024-06-01T11:55:00"),
        ("2024-06-01 12:00:00+02:00", 300, "2024-06-01 11:55:00"),
        ("2024-06-01 12:00", 300, "2024-06-01 11:55"),
        ("2024-06-01", 300, "2024-05-31"),
        (-(2**63), 300, -(2**63)),
        (1_717_243_200, 300, 1_717_242_900),
        (1_717_243_200_000, 300, 1_717_242_900_000),
        (1_717_243_200_000_000, 300, 1_717_242_900_000_000),
        (1_717_243_200_000_000_000, 300, 1_717_242_900_000_000_000),
        (1_717_243_200.5, 300, 1_717_242_900.5),
        (Decimal(1_717_243_200), 300, Decimal(1_717_242_900)),
        (1000, 300, 700),
        (5, 0, 5),
    ],
)
def test_step_back(mark: Mark, seconds: float, expected: Mark) -> None:
    assert step_back(mark, seconds) == expected


@given(st.datetimes() | _NUMBERS | _ISO_TEXTS, _OVERLAPS)
def test_a_step_back_never_goes_forward(mark: Mark, seconds: float) -> None:
    assert not step_back(mark, seconds) > mark  # type: ignore[operator]


@given(st.dates(), _OVERLAPS)
def test_nor_does_one_of_a_date(mark: date, seconds: float) -> None:
    assert step_back(mark, seconds) <= mark  # type: ignore[operator]


@given(st.datetimes(min_value=datetime(1, 2, 1)), st.integers(0, 10**6), st.data())
def test_text_within_the_overlap_is_found_in_byte_order(
    moment: datetime, overlap: int, data: st.DataObject
) -> None:
    late = moment - timedelta(seconds=data.draw(st.integers(0, overlap)))
    separator, zone = data.draw(st.sampled_from("T ")), data.draw(st.sampled_from(["", "Z", "+00:00"]))
    written = [
        each.isoformat(sep=separator, timespec=data.draw(st.sampled_from(["seconds", "milliseconds"]))) + zone
        for each in (moment, late)
    ]
    assert written[1].encode() >= str(step_back(written[0], overlap)).encode()


@given(
    st.datetimes()
    | st.datetimes(timezones=st.sampled_from([UTC, _EAST, _WEST]))
    | st.dates()
    | _ISO_TEXTS
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False)
)
def test_text_and_back(mark: Mark) -> None:
    assert decode(encode(mark)) == mark


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "int:x",
        "datetime:yesterday",
        "decimal:x",
        "other:1",
        "text:0000-00-00 00:00:00",
        "text:v17",
    ],
)
def test_what_is_no_watermark_is_none(text: str) -> None:
    assert decode(text) is None


def test_the_highest() -> None:
    assert highest([]) is None
    assert highest([1, 3, 2]) == 3
    # SQLite sorts every text after every number.
    assert highest([1_717_243_200, "2024-06-01 12:00:00", "2023-01-01"]) == "2024-06-01 12:00:00"


@pytest.mark.parametrize(
    ("good", "beyond"),
    [
        (_MOMENT, datetime(9999, 12, 31)),
        (_MOMENT.replace(tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),
        (date(2024, 6, 1), date(9999, 12, 31)),
        ("2024-06-01 12:00:00", "9999-12-31 00:00:00"),
        ("2024-06-01 12:00:00", "31.12.2025 12:00"),
        ("2024-06-01 12:00:00", "a" * 30),
        (_MOMENT, "0000-00-00 00:00:00"),
        (_MOMENT.replace(tzinfo=UTC), "infinity"),
        (_MOMENT.replace(tzinfo=UTC), datetime(2024, 6, 3, 0, 1, tzinfo=UTC)),
        (1_717_243_200, 4_070_908_800),
        (1_717_243_200_000, 99_999_999_999_999),
    ],
)
def test_a_row_from_the_far_future_does_not_hide_changes(good: Mark, beyond: Mark) -> None:
    limit = datetime(2024, 6, 3, tzinfo=UTC)
    assert highest([good, beyond], limit=limit) == good


@pytest.mark.parametrize(
    ("mark", "alike", "others"),
    [
        ("2024-06-01 12:00:00", ["2024-06-01 12:00:00.5", "2024-06-01 12:00:00Z"],
         ["01.06.2024 12:00:00", "2024-06-01T12:00:00", "2024-06-01 12:00:00-08:00", "1717243200", ""]),
        ("2024-06-01T12:00:00.123Z", ["2024-06-01T12:00:00Z"],
         ["2024-06-01 12:00:00", "2024-06-01T12:00:00-08:00"]),
        ("2024-06-01T12:00:00+02:00", ["2023-06-01T12:00:00.5+02:00"], ["2024-06-01T10:00:00Z"]),
        ("2024-06-01", ["2023-01-01"], ["01/06/2024", "2024-06-01 12:00:00"]),
    ],
)  # fmt: skip
def test_texts_of_another_form_are_told_apart(mark: str, alike: list[str], others: list[str]) -> None:
    """What is not compared with the mark is read at every pass."""
    form, foreign = like_form(mark)

    def is_like(text: str, pattern: str) -> bool:
        return re.fullmatch(re.escape(pattern).replace("_", ".").replace("%", ".*"), text) is not None

    for text in [mark, *alike, *others]:
        ordered = is_like(text, form) and not (foreign and is_like(text, foreign))
        assert ordered == (text not in others), text


def test_progress_keeps_the_highest_and_never_falls_below_its_start() -> None:
    progress = ScanProgress(50, lambda: 0.0, _FAR)
    progress.saw([10, None, 20])
    assert progress.watermark == "int:50"
    progress.saw([70, 60])
    assert progress.watermark == "int:70"


def test_a_long_scan_does_not_hide_what_was_edited_behind_it() -> None:
    times = iter([0.0, 3600.0])
    progress = ScanProgress(None, lambda: next(times), _FAR)
    progress.saw([_MOMENT])
    assert progress.watermark == encode(_MOMENT - timedelta(hours=1))


def test_progress_without_values_has_no_watermark() -> None:
    progress = ScanProgress(None, lambda: 0.0, _FAR)
    progress.saw([None, True, float("nan"), b"x"])
    assert progress.watermark is None


def test_a_column_that_changed_its_type_starts_anew() -> None:
    progress = ScanProgress(50, lambda: 0.0, _FAR)
    progress.saw([_MOMENT])
    assert progress.watermark == encode(_MOMENT)


def test_zones_are_one_instant() -> None:
    east = _MOMENT.replace(tzinfo=timezone(timedelta(hours=2)))
    assert encode(east) == encode(east.astimezone(UTC))
