"""Past moments as operators write them: "2h ago", "02:14", "yesterday 22:00", or ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

EXAMPLES = '"2h ago", "02:14", "yesterday 22:00", "2026-11-22 02:14:30" or "2026-11-22T02:14:30Z"'

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_AMOUNT = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*(s|m|h|d)(?:(?<=s)ec(?:ond)?s?|(?<=m)in(?:ute)?s?|(?<=h)(?:r|our)s?|(?<=d)ays?)?(?![a-z])"
)
_DAY = re.compile(r"(?:(today|yesterday)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?")


def parse_moment(text: str, now: datetime, zone: tzinfo | None = None) -> float:
    """The moment in seconds since 1970.

    Args:
        now: With its zone; a time of day without a day is the latest that has been.
        zone: The operator's time zone; None for the machine's.

    Raises:
        ValueError: it is no moment, or none of the past; the message has examples.
    """
    words = text.strip()
    try:
        moment = _ago(words.lower(), now) or _of_day(words.lower(), now, zone) or _iso(words, zone)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no moment; write for example {EXAMPLES}") from error
    if moment > now:
        raise ValueError(f"{text!r} has not been yet; write for example {EXAMPLES}")
    return moment.timestamp()


def _ago(words: str, now: datetime) -> datetime | None:
    if not words.endswith("ago"):
        return None
    amounts = words.removesuffix("ago")
    if not amounts.strip() or _AMOUNT.sub("", amounts).strip():
        raise ValueError(words)
    # Of the clock, not of the calendar: where clocks change in between, an hour is an hour all the same.
    passed = sum((_UNITS[unit] * float(amount) for amount, unit in _AMOUNT.findall(amounts)), timedelta())
    return now.astimezone(UTC) - passed


def _of_day(words: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    found = _DAY.fullmatch(words)
    if found is None:
        return None
    day, hour, minute, second = found.groups()
    today = now.astimezone(zone).date()
    clock = time(int(hour), int(minute), int(second or 0))
    moment = _in(zone, datetime.combine(today, clock))
    if day == "yesterday" or (day is None and moment > now):
        return _in(zone, datetime.combine(today - timedelta(days=1), clock))
    return moment


def _iso(text: str, zone: tzinfo | None) -> datetime:
    moment = datetime.fromisoformat(text)
    return _in(zone, moment) if moment.tzinfo is None else moment


def _in(zone: tzinfo | None, moment: datetime) -> datetime:
    """The machine's own zone knows summer from winter, which a fixed offset does not."""
    return moment.astimezone() if zone is None else moment.replace(tzinfo=zone)
