"""What the operator reads of a fault, wherever he reads it: cause, consequence and remedy on one line. Pure.

The cause and the remedy are the fault's own; the consequence follows from its class and what happens next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.faults import FaultClass

if TYPE_CHECKING:
    from embedconsole.faults import Fault

NEEDS_A_LOOK = "needs a look"

_STOPPED = {
    FaultClass.THROTTLED: "nothing is lost, the next run goes on",
    FaultClass.TRANSIENT: "nothing is lost, the next run goes on",
    FaultClass.ITEM: "nothing is lost",
    FaultClass.REFUSED: "no item is charged and nothing is lost",
}


def stopped(fault: Fault) -> str:
    """The run has ended because of it."""
    return _line(fault, _STOPPED[fault.kind])


def given_back(fault: Fault) -> str:
    """A batch has ended because of it, and its items are worked on again."""
    return _line(fault, "its items are tried again, none is charged")


def left_for_later(fault: Fault) -> str:
    """What failed is done by the next run, and holds nothing up."""
    return _line(fault, "left for later, nothing is lost")


def waits(fault: Fault, seconds: float) -> str:
    """It is tried again by itself."""
    return _line(fault, tried_again(f"{seconds:.0f} s"))


def tried_again(time: str) -> str:
    """When something that waits is done again; `time` is a span in the words of the place."""
    return f"tried again in {time}"


def after_failing(delay: float | None) -> str:
    """What becomes of an item that was charged an attempt; None where it has no more of them."""
    return NEEDS_A_LOOK if delay is None else tried_again(f"{delay:.0f} s")


def _line(fault: Fault, consequence: str) -> str:
    line = f"{fault.source}: {fault.message.rstrip('.')}; {consequence}"
    return f"{line}. {fault.remedy}" if fault.remedy else line
