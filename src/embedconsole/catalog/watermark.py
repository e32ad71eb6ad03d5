"""The watermark of the `changed` column: kept as text between runs, and taken back by the overlap. Pure.

A watermark is the highest value that a scan has seen. The next scan asks for `changed >= stepped back`, where
the step covers rows that were committed late with an older value. Its type says what a value is:

| `changed` column | a step of n seconds |
|---|---|
| datetime, date | n seconds; a date goes back whole days |
| text in ISO form (SQLite) | n seconds, in the same form but without fraction and zone (`_step_text`) |
| integer or decimal that is an epoch in s, ms, us or ns by its magnitude | n seconds |
| other numbers (counters, row versions) | n |

Neither zero dates of MySQL and `infinity` (which arrive as text) nor text in another form (`31.12.2025` sorts
by the day) nor times in the future are a watermark. One of them would hide every change to come; without it a
scan only reads more. The database compares texts as texts, so only those of one form say what is later: see
`like_form`.
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
    r"(?:[.,]\d+)?(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_DAY_FORM = "____-__-__"
# The units of an epoch, by the lowest magnitude that is one: seconds since 1973, then milli, micro, nano.
_EPOCHS = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3), (10**8, 1))
_LOWEST_EPOCH = 10**8
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
    """The value that `encode` was given; None when the text is no mark: a scan then reads everything."""
    kind, colon, value = text.partition(":")
    read = _DECODERS.get(kind)
    if not colon or read is None:
        return None
    try:
        mark = read(value)
    except (ValueError, InvalidOperation):
        return None
    return mark if is_mark(mark) else None


def is_mark(value: object) -> TypeGuard[Mark]:
    """Whether a database value can be a watermark."""
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal):
        return value.is_finite()
    if isinstance(value, str):
        return _time_in(value) is not None
    return isinstance(value, date | int)


def can_be(value: object, limit: datetime | None) -> bool:
    """Whether a database value can be a watermark now; `limit` as for `highest`."""
    return is_mark(value) and (limit is None or not is_after(value, limit))


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
    # No database has lower integers, and no driver takes them.
    return max(mark - math.ceil(step), -(1 << 63))


def highest(values: Iterable[object], *, limit: datetime | None = None) -> Mark | None:
    """The highest mark among the values of one column; None when there is none.

    Args:
        values: SQLite may mix numbers and text in a column, and sorts text last.
        limit: UTC. Later times are left out: one row from the year 9999 would hide every change to come.
    """
    known: list[Mark] = [value for value in values if isinstance(value, str) or is_mark(value)]
    top = _max(known)
    if top is None or can_be(top, limit):
        return top
    # Rare, and a look at each value is dear: only then.
    return _max([value for value in known if can_be(value, limit)])


def is_after(mark: Mark, limit: datetime) -> bool:
    """Whether a time is later than it can be.

    A time without a zone may be UTC or of this host's zone. In other zones it may be later by right; leaving
    it out then costs that its row is read once more.
    """
    if isinstance(mark, str):
        moment = _time_in(mark)
        return moment is not None and is_after(moment, limit)
    if isinstance(mark, datetime):
        return mark > (limit if mark.tzinfo is not None else _without_zone(limit))
    if isinstance(mark, date):
        return mark > _without_zone(limit).date()
    return mark >= _LOWEST_EPOCH and mark > limit.timestamp() * _unit(mark)


def like_form(text: str) -> tuple[str, str | None]:
    """Patterns of LIKE for a watermark that is text.

    Returns:
        What the texts look like that the database orders by their time among those of this mark; and, among
        these, what does not belong there: times of another zone, which may be earlier.
    """
    match = _ISO.fullmatch(text)
    assert match is not None, "what is_mark says is one"
    if not match["separator"]:
        return _DAY_FORM, None
    form = f"{_DAY_FORM}{match['separator']}__:__{':__' if match['seconds'] else ''}"
    if match["zone"] in (None, "Z"):
        return f"{form}%", f"{form}%-__:__"
    return f"{form}%{match['zone']}", None


def _max(marks: Sequence[Mark]) -> Mark | None:
    times = [mark for mark in marks if isinstance(mark, date)]
    texts = [mark for mark in marks if isinstance(mark, str)]
    # Text among times is what the driver could not read.
    return max(times or texts or marks, default=None)


def _time_in(text: str) -> datetime | None:
    """The time that a text in ISO form means; None for another text, and for a day that there is not."""
    if _ISO.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _without_zone(limit: datetime) -> datetime:
    """The same without a zone: in UTC or in this host's zone, whichever is later."""
    return max(limit.astimezone(UTC).replace(tzinfo=None), limit.astimezone().replace(tzinfo=None))


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
    before both.
    """
    match = _ISO.fullmatch(text)
    assert match is not None, "what is_mark says is one"
    moment = datetime.fromisoformat(text).replace(tzinfo=None)
    earlier = _earlier(moment, seconds).replace(microsecond=0)
    if not match["separator"]:
        return earlier.date().isoformat()
    return earlier.isoformat(sep=match["separator"], timespec="seconds" if match["seconds"] else "minutes")


def _unit(number: float | Decimal) -> int:
    """How many of the number's units are a second."""
    for lowest, unit in _EPOCHS:
        if number >= lowest:
            return unit
    return _COUNTER


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


class ScanProgress:
    """The watermark of a scan that runs.

    A row that is edited behind a long scan's position is not seen by it, but later rows with later marks are.
    So the highest mark is taken back by the whole seconds the scan has lasted, never below where it started.

    Args:
        start: The watermark that the scan started from.
        clock: A steady clock in seconds.
        limit: UTC. Later marks are errors and do not count.
    """

    def __init__(self, start: Mark | None, clock: Callable[[], float], limit: datetime) -> None:
        self._start = start
        self._highest = start
        self._clock = clock
        self._started = clock()
        self._limit = limit

    def saw(self, marks: Iterable[object]) -> None:
        """Take note of the `changed` values of a page."""
        top = highest(marks, limit=self._limit)
        if top is not None:
            self._highest = _top(self._highest, top)

    @property
    def watermark(self) -> str | None:
        """The watermark so far, encoded; None when nothing was seen and there was no start."""
        if self._highest is None:
            return None
        lasted = math.floor(self._clock() - self._started)
        mark = step_back(self._highest, lasted) if lasted else self._highest
        return encode(mark if self._start is None else _top(self._start, mark))


def _top(before: Mark | None, mark: Mark) -> Mark:
    if before is None or isinstance(before, date) != isinstance(mark, date):
        return mark  # the column has changed its type since
    try:
        return highest([before, mark]) or mark
    except TypeError:  # a date and a time, or a time without a zone and one with it
        return mark
