"""From what the ledger recalls of the last 24 hours to what the chart shows: pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from embedconsole.sync.observe.past import SECONDS, STEP

if TYPE_CHECKING:
    from datetime import tzinfo

    from embedconsole.sync.observe.past import PastDay


@dataclass(frozen=True, slots=True)
class Slot:
    """A quarter of an hour; `seconds` of it have passed.

    Attributes:
        hour: The hour of the operator's day that begins with it; None within an hour.
    """

    done: int
    failed: int
    seconds: float
    hour: int | None


@dataclass(frozen=True, slots=True)
class HistoryView:
    """The last 24 hours, oldest first; `known` is false before the ledger was asked.

    Attributes:
        last: The number of the last slot, counted from 1970.
        mark: The index of the slot that the operator looks back at; None when it is not among them.
    """

    known: bool = False
    slots: tuple[Slot, ...] = ()
    last: int = 0
    mark: int | None = None

    @property
    def failed(self) -> int:
        """All that was given up."""
        return sum(slot.failed for slot in self.slots)


def history_view(day: PastDay, zone: tzinfo | None) -> HistoryView:
    """Every quarter of an hour, also those in which nothing was done."""
    found = {int(step.at) // STEP: step for step in day.steps}
    last = int(day.until) // STEP
    slots = []
    for number in range(last - SECONDS // STEP + 1, last + 1):
        step = found.get(number)
        slots.append(
            Slot(
                done=0 if step is None else step.done,
                failed=0 if step is None else step.failed,
                seconds=STEP if number < last else max(1.0, day.until - last * STEP),
                hour=_hour(number * STEP, zone),
            )
        )
    return HistoryView(known=True, slots=tuple(slots), last=last)


def marked(view: HistoryView, at: float | None) -> HistoryView:
    """With a mark at a moment (seconds since 1970); without one where there is none."""
    if at is None:
        return replace(view, mark=None)
    mark = int(at) // STEP - view.last + len(view.slots) - 1
    return replace(view, mark=mark if 0 <= mark < len(view.slots) else None)


def _hour(epoch: float, zone: tzinfo | None) -> int | None:
    local = datetime.fromtimestamp(epoch, UTC).astimezone(zone)
    return local.hour if local.minute == 0 else None
