"""The watermark of the `changed` column: kept as text between runs, and taken back by the overlap. Pure.

A watermark is the highest value that a scan has seen. The next scan asks for `changed >= stepped back`, where
the step covers rows that were committed late with an older value. What a value is, is told by its type:

| `changed` column | a step of n seconds |
|---|---|
| datetime, date | n seconds; a date goes back whole days |
| text in ISO form (SQLite) | n seconds, in the same form but without fraction and zone, see `_step_text` |
| integer or decimal that is an epoch in s, ms, us or ns by its magnitude | n seconds |
| other numbers (counters, row versions) | n |
| other text | none |
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Mark: TypeAlias = "datetime | date | str | int | float | Decimal"
"""A value of the `changed` column, as the driver gives and takes it."""

_ISO = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:(?P<separator>[T ])(?P<minutes>\d{2}:\d{2})(?P<seconds>:\d{2})?"
    r"(?:[.,]\d+)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?"
)
# The units of an epoch, by the lowest magnitude that is one: seconds since 1973, then milli, micro, nano.
_EPOCHS = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3), (10**8, 1))
_COUNTER = 1


def encode(mark: Mark) -> str:
    """The mark as text: its kind, a colon, its value."""
    if isinstance(mark, datetime):
        return f"datetime:{_in_utc(mark).isoformat()}"
    if isinstance(mark, date):
        return f"date:{mark.isoformat()}"
    if isinstance(mark, str):
        return f"text:{mark}"
    if isinstance(mark, Decimal):
        return f"decimal:{mark}"
    if isinstance(mark, float):
        return f"float:{mark!r}"
    return f"int:{mark}"


def decode(text: str) -> Mark | None:
    """What `encode` was given; None when the text is no mark, so that a scan reads everything instead."""
    kind, colon, value = text.partition(":")
    read = _DECODERS.get(kind)
    if not colon or read is None:
        return None
    try:
        return read(value)
    except (ValueError, InvalidOperation):
        return None


def is_mark(value: object) -> TypeGuard[Mark]:
    """Whether a database value can be a watermark."""
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, date | str | int)


def step_back(mark: Mark, seconds: float) -> Mark:
    """The lowest mark that a scan has to look at again. Never above `mark` in the database's order."""
    if isinstance(mark, datetime):
        return _earlier(mark, seconds)
    if isinstance(mark, date):
        return _earlier(datetime(mark.year, mark.month, mark.day), seconds).date()
    if isinstance(mark, str):
        return _step_text(mark, seconds)
    step = seconds * _unit(mark)
    if isinstance(mark, float):
        return mark - step
    if isinstance(mark, Decimal):
        return mark - Decimal(math.ceil(step))
    return mark - math.ceil(step)


def highest(marks: Iterable[Mark], *, limit: datetime | None = None) -> Mark | None:
    """The highest mark; None when there is none.

    Args:
        marks: Values of one column. SQLite may mix numbers and text there, and puts text last.
        limit: UTC. Later times are left out: one row from the year 9999 would hide every change to come.
    """
    known = list(marks)
    top = _max(known)
    if limit is not None and top is not None and _is_after(top, limit):
        # Rare, and a look at each mark is dear: only then.
        return _max([mark for mark in known if not _is_after(mark, limit)])
    return top


def newer(now: object, then: object) -> bool:
    """Whether a row's mark has moved on since it was read.

    Raises:
        TypeError: The two can't be compared, such as a datetime and text.
    """
    if now is None or then is None:
        return now is not then
    return bool(now > then)  # type: ignore[operator]


def _max(marks: Sequence[Mark]) -> Mark | None:
    texts = [mark for mark in marks if isinstance(mark, str)]
    if texts:
        return max(texts)
    return max(marks, default=None)


def _in_utc(moment: datetime) -> datetime:
    """The same instant in UTC; without a zone, and where the calendar ends, as it is."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo is not None else moment
    except OverflowError:
        return moment


def _earlier(moment: datetime, seconds: float) -> datetime:
    try:
        return moment - timedelta(seconds=seconds)
    except OverflowError:
        return datetime.min.replace(tzinfo=moment.tzinfo)


def _step_text(text: str, seconds: float) -> str:
    """An ISO text some seconds earlier, as a lower bound of the database's byte order.

    The fraction and the zone are cut off: `10:00:00.5Z` sorts before `10:00:00Z`, and a bare `10:00:00`
    before both. Text in another form can't be stepped back and stays.
    """
    match = _ISO.fullmatch(text)
    if match is None:
        return text
    day, separator = match["day"], match["separator"]
    try:
        moment = datetime.fromisoformat(
            f"{day}T{match['minutes']}{match['seconds'] or ''}" if separator else day
        )
    except ValueError:
        return text
    earlier = _earlier(moment, seconds).replace(microsecond=0)
    if not separator:
        return earlier.date().isoformat()
    return earlier.isoformat(sep=separator, timespec="seconds" if match["seconds"] else "minutes")


def _unit(number: float | Decimal) -> int:
    """How many of the number's units are a second."""
    for lowest, unit in _EPOCHS:
        if number >= lowest:
            return unit
    return _COUNTER


def _is_after(mark: Mark, limit: datetime) -> bool:
    if isinstance(mark, datetime):
        return mark.replace(tzinfo=mark.tzinfo or UTC) > limit
    if isinstance(mark, date):
        return mark > limit.date()
    if isinstance(mark, str):
        return _ISO.fullmatch(mark) is not None and mark > limit.date().isoformat() + "T~"
    unit = _unit(mark)
    # A large counter looks like seconds: only finer epochs are sure to be times.
    return unit > 1 and float(mark) / unit > limit.timestamp()


def _decode_date(text: str) -> date:
    return date.fromisoformat(text)


_DECODERS: Mapping[str, Callable[[str], Mark]] = {
    "datetime": datetime.fromisoformat,
    "date": _decode_date,
    "text": str,
    "int": int,
    "float": float,
    "decimal": Decimal,
}
