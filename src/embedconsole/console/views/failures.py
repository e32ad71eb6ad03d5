"""From what the ledger says of failed items to what the failures screen shows: pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.console.text import (
    BLANK,
    Span,
    age,
    at_minute,
    clean,
    counted,
    left,
    number,
    right,
    wrapped,
)
from embedconsole.ledger.records.failures import FailureKind
from embedconsole.sync.shared.fault_text import remedy_for

if TYPE_CHECKING:
    from datetime import tzinfo

    from embedconsole.console.text import Line, Tone
    from embedconsole.ledger.records.failures import FailedItem, FailureGroup
    from embedconsole.sync.inspect.failures import FailureOverview
    from embedconsole.sync.inspect.item import Examined


_TONES: dict[FailureKind, Tone] = {
    FailureKind.FAILED: "alert",
    FailureKind.WAITING: "wait",
    FailureKind.SKIPPED: "muted",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was looked up, and when it is shown; seconds since 1970.

    Attributes:
        zone: The operator's; None for the machine's.
    """

    looked: float
    now: float
    zone: tzinfo | None = None

    @property
    def since(self) -> float:
        """Seconds that ages have grown by."""
        return max(0.0, self.now - self.looked)


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A cause in one line. `kind` is a class of faults, "waiting" or "skipped"; `next_try` a time of day."""

    kind: str
    tone: Tone
    count: int
    newest: str
    oldest: str
    next_try: str
    error: str


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A failed item in one line. `when` is how long ago it failed, or the time of its next try."""

    key: str
    attempts: int
    when: str
    error: str


@dataclass(frozen=True, slots=True)
class BlameView:
    """An error in full, its remedy, and `whose` error it is."""

    error: str = ""
    remedy: str = ""
    whose: str = ""
    tone: Tone = "plain"


def group_key(group: FailureGroup) -> str:
    """The stable key of a cause, also after its items change state."""
    return group.cause or group.kind


def cause_row(group: FailureGroup, moment: Moment) -> CauseRow:
    """A group as it is shown at this moment."""
    return CauseRow(
        kind=clean(group.error_class) if group.kind is FailureKind.FAILED else str(group.kind),
        tone=_TONES[group.kind],
        count=group.count,
        newest=age(group.newest + moment.since),
        oldest=age(group.oldest + moment.since) if group.count > 1 else "",
        next_try=_time_of(group.next_try, moment),
        error=clean(group.error),
    )


def failed_row(item: FailedItem, moment: Moment) -> FailedRow:
    """An item as it is shown at this moment."""
    return FailedRow(
        key=clean(item.key),
        attempts=item.attempts,
        when=_time_of(item.next_try, moment) or age(item.age + moment.since),
        error=clean(item.error),
    )


def blame_of_group(group: FailureGroup | None) -> BlameView:
    """The error of a group, by an example."""
    if group is None:
        return BlameView()
    example = f"for example {clean(group.example)}" if group.count > 1 else clean(group.example)
    return BlameView(clean(group.error), _remedy(group, group.kind), example)


def blame_of_item(item: FailedItem | None, kind: FailureKind) -> BlameView:
    """The error of one item."""
    if item is None:
        return BlameView()
    return BlameView(clean(item.error), _remedy(item, kind), clean(item.key))


def blame_of_examined(seen: Examined) -> BlameView:
    """The error of the item on the screen."""
    known = seen.known
    if known is None or known.error is None:
        return BlameView()
    return BlameView(clean(known.error), seen.remedy, clean(known.error_class or ""))


def _remedy(failed: FailedItem | FailureGroup, kind: FailureKind) -> str:
    return _REMEDIES.get(kind) or remedy_for(failed.error_class, failed.error)


_REMEDIES = {
    FailureKind.WAITING: "Nothing to do: retried automatically; r retries now.",
    FailureKind.SKIPPED: "Skipped until the content changes; r retries it.",
}


def overview_note(overview: FailureOverview, noun: str, text: str) -> str:
    """The heading above the causes."""
    parts = [f"with {clean(text)!r}"] if text else []
    if overview.failed:
        shown = sum(group.kind is FailureKind.FAILED for group in overview.groups)
        of = f"{shown:,} of " if overview.causes > shown else ""
        parts += [counted(overview.failed, noun), f"{of}{counted(overview.causes, 'cause')}"]
    return ", ".join(parts)


def page_note(shown: int, total: int, noun: str, text: str) -> str:
    """The heading above the items of a group."""
    parts = [f"with {clean(text)!r}"] if text else []
    parts.append(counted(total, noun) if shown >= total else f"{shown:,} read of {counted(total, noun)}")
    return ", ".join(parts)


def _time_of(next_try: float | None, moment: Moment) -> str:
    return "" if next_try is None else at_minute(moment.looked + next_try, moment.zone)


_KIND = 9
_COUNT = 8
_WHEN = 7
_TRIES = 6
_LONGEST_KEY = 36
_SHARE_OF_KEY = 4


def cause_columns(cells: int) -> Line:
    """The titles of the columns."""
    titles = (
        f"  {left('cause', _KIND)}{right('count', _COUNT)}{right('latest', _WHEN)}{right('first', _WHEN)}"
        "  what happened"
    )
    return (Span(left(titles, cells).rstrip(), "muted"),)


def cause_line(row: CauseRow, cells: int) -> Line:
    """How many, since when, and the beginning of one of the errors."""
    error = f"next at {row.next_try}: {row.error}" if row.next_try else row.error
    room = max(0, cells - _KIND - _COUNT - 2 * _WHEN - 4)
    return (
        Span(f" {left(row.kind, _KIND)}", row.tone),
        Span(right(number(row.count), _COUNT), "muted" if row.tone == "muted" else "strong"),
        Span(right(row.newest, _WHEN) + right(row.oldest, _WHEN), "muted"),
        Span(f"  {left(error, room)}", "muted" if row.tone == "muted" else "plain"),
    )


def key_cells(keys: list[str], cells: int) -> int:
    """How wide the column of keys is: for the longest, in steps, so that it seldom changes."""
    longest = max((len(key) for key in keys), default=0)
    step = next((step for step in (8, 14, 20, _LONGEST_KEY) if longest <= step), _LONGEST_KEY)
    return min(step, max(8, cells // _SHARE_OF_KEY)) if cells < 110 else step


def item_columns(cells: int, key: int, *, waiting: bool) -> Line:
    """The titles of the columns."""
    when = "next" if waiting else "failed"
    titles = f"  {left('key', key)}{right('tries', _TRIES)}{right(when, _WHEN)}  what happened"
    return (Span(left(titles, cells).rstrip(), "muted"),)


def item_line(row: FailedRow, cells: int, key: int) -> Line:
    """The line of an item: key, attempts, time, and the beginning of its error."""
    room = max(0, cells - key - _TRIES - _WHEN - 4)
    return (
        Span(f" {left(row.key, key)}", "strong"),
        Span(right(str(row.attempts), _TRIES) + right(row.when, _WHEN), "muted"),
        Span(f"  {left(row.error, room)}"),
    )


def blame_lines(view: BlameView, cells: int, height: int) -> list[Line]:
    """The error, then what to do; where both do not fit, what to do comes first."""
    error = wrapped(view.error, cells, view.tone)
    remedy = wrapped(view.remedy, cells, "strong")
    if not remedy:
        return error
    if len(error) + 1 + len(remedy) <= height:
        return [*error, BLANK, *remedy]
    return [*remedy, *error] if len(error) + len(remedy) > height else [*error, *remedy]
