"""How long a server asks us to wait, in whichever way it says so."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_RETRY_AFTER = 3600.0
"""Seconds that we wait at most because a service said so."""

_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_WAIT_TEXT = re.compile(
    r"(?:resets?|retry|try again|wait)[^0-9]{0,30}"
    r"((?:\d+(?:\.\d+)?\s*(?:milliseconds?|ms|hours?|h|minutes?|min|m|seconds?|secs?|s)(?![a-z])\s*)+)",
    re.IGNORECASE,
)
_WAIT_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milli|[hms])", re.IGNORECASE)


def retry_after(headers: Mapping[str, str], body: bytes = b"") -> float | None:
    """How many seconds the service asks us to wait, at most `MAX_RETRY_AFTER`; None when it does not say.

    Looks at `Retry-After` (seconds or an HTTP date, against the reply's own `Date` when it has one, as clocks
    differ), `RateLimit-Reset`, and words such as "Your rate limit resets in ~30s." in the body.
    """
    wait = None
    if (given := headers.get("retry-after")) is not None:
        wait = _number(given)
        if wait is None and (until := _date(given)) is not None:
            wait = (until - (_date(headers.get("date", "")) or datetime.now(UTC))).total_seconds()
    if wait is None:
        wait = _number(headers.get("ratelimit-reset", ""))
    if wait is None:
        wait = _wait_in_words(body.decode("utf-8", "replace"))
    return None if wait is None else min(MAX_RETRY_AFTER, max(0.0, wait))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)


def _wait_in_words(text: str) -> float | None:
    match = _WAIT_TEXT.search(text)
    if match is None:
        return None
    parts = _WAIT_PART.findall(match.group(1))
    return sum(float(number) * _UNIT_SECONDS[unit.lower().replace("milli", "ms")] for number, unit in parts)
