"""Numbers and times as people say them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

_SOON = 10


def number(value: int) -> str:
    """A grouped number: 12,345."""
    return f"{value:,}"


def counted(count: int, noun: str) -> str:
    """ "1 product", "2,345 products", "2 batches"."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith('ch') else 's'}"


def age(seconds: float) -> str:
    """How old something is: 3s, 59s, 4m, 2h, 5d. Coarse, so that it seldom changes."""
    whole = int(max(0.0, seconds))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def brief(seconds: float) -> str:
    """How long a batch has been at it: 0.4s, 9.9s, 12s, 4m."""
    return f"{max(0.0, seconds):.1f}s" if seconds < _SOON else age(seconds)


def took(seconds: float) -> str:
    """How long a run took, in five columns at most: 0.4s, 59s, 4m05, 1h10, 3d."""
    whole = round(seconds)
    if seconds < _SOON or whole < 60:
        return brief(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}" if hours < 24 else age(seconds)


def money(amount: float) -> str:
    """An amount in the operator's currency: 217.28, 12,345; what is not nothing never reads 0.00."""
    if 0 < amount < 0.01:
        return "<0.01"
    return f"{amount:,.2f}" if amount < 1000 else f"{amount:,.0f}"


def span_of(seconds: float) -> str:
    """A time to wait, in words for a sentence: 8 s, 4 min, 1 h 10 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"


def size(count: int) -> str:
    """Bytes: 812 kB, 1.9 GB."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit in ("B", "kB") or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def rate(items: float) -> str:
    """Items a second: 231/s, 4.2/s."""
    return f"{items:,.0f}/s" if items >= _SOON else f"{items:.1f}/s"


def coarse(amount: float) -> float:
    """Rounded to two digits: a figure that does not change with every look."""
    return float(f"{amount:.1e}")


def share(part: int, whole: int) -> str:
    """A percentage that says 100 only when it is: 99.9 %."""
    if whole <= 0:
        return ""
    if part >= whole:
        return "100 %"
    return f"{min(99.9, part / whole * 100):.1f} %"


def at_time(epoch: float, zone: tzinfo | None) -> str:
    """The time of day, to the second; `zone` of None is the operator's own."""
    return f"{_local(epoch, zone):%H:%M:%S}"


def at_minute(epoch: float, zone: tzinfo | None) -> str:
    """The time of day, to the minute."""
    return f"{_local(epoch, zone):%H:%M}"


def at_second(epoch: float, zone: tzinfo | None) -> str:
    """Day and time of day in full: 2026-01-02 09:33:20."""
    return f"{_local(epoch, zone):%Y-%m-%d %H:%M:%S}"


def lately(epoch: float, now: float, zone: tzinfo | None) -> str:
    """When something was, in six columns: 4m ago, 09:33 of today, Jan 02 of another day."""
    if now - epoch < 3600:
        return f"{age(now - epoch)} ago"
    local = _local(epoch, zone)
    return f"{local:%H:%M}" if local.date() == _local(now, zone).date() else f"{local:%b %d}"


def at_day(epoch: float, zone: tzinfo | None) -> str:
    """Day and time of day: Jan 02 09:33:20."""
    return f"{_local(epoch, zone):%b %d %H:%M:%S}"


def _local(epoch: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(epoch, UTC).astimezone(zone)
