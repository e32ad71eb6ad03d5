"""The text of a fault wherever the operator reads it: cause, consequence and remedy on one line. Pure.

The cause and the remedy are the fault's own; the consequence follows from its class and what happens next.
"""

from __future__ import annotations

import re

from embedconsole.faults import ConfigError, Fault, FaultClass


def from_outside(error: BaseException) -> ConfigError | Fault | None:
    """The fault of the outside world or of the configuration; None when the error is our own."""
    if isinstance(error, (ConfigError, Fault)):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [from_outside(inner) for inner in error.exceptions]
        return found[0] if all(inner is not None for inner in found) else None
    return None


# What our own parts say of an item, and what is mostly meant by what services say; the first that fits.
_KNOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), remedy)
    for pattern, remedy in (
        (
            "so it is not overwritten",
            "Put the item back (embedconsole retry) once that point is removed. To overwrite it instead: "
            "put the item back, then --headless --once --take-over --yes.",
        ),
        (
            "nothing to embed",
            "Give it a text or an image in the catalog; it is then retried.",
        ),
        (
            r"pictures\.(allow_private|folder)|set embedders\.",
            "Change the configuration, or give it another image; then put it back.",
        ),
        (
            r"\b413\b|too (large|long|big|many tokens)|exceeds|maximum (size|length|context)",
            "Shorten its text or take a smaller image; it is then retried.",
        ),
        (
            r"image|picture|jpe?g|\bpng\b|webp|download",
            "Repair or replace its image; it is then retried. If its address was only away "
            "for a while, put it back.",
        ),
        (
            r"vector|dimensions|\bnan\b",
            "The embedder answered without a usable vector. Put it back; if that stays so, look at what is "
            "sent and at the embedder's own log.",
        ),
        (
            "payload",
            "Its payload can't be written as it is: repair the product's values, or leave the column out of "
            "collection.payload.",
        ),
        (
            r"refused the input",
            "Look at what is sent to the embedder and repair the product or the template; it is "
            "then retried.",
        ),
    )
)
_BY_CLASS = {
    FaultClass.ITEM: "Repair the product, and it is retried; or put it back as it is.",
    FaultClass.TRANSIENT: "It failed every time because of the service: put it back once that works again.",
}


def remedy_for(error_class: str, error: str) -> str:
    """A sentence or two; empty where nothing is known."""
    if error_class != FaultClass.ITEM:
        return next((words for one, words in _BY_CLASS.items() if one == error_class), "")
    return next((words for pattern, words in _KNOWN if pattern.search(error)), _BY_CLASS[FaultClass.ITEM])


_STOPPED = {
    FaultClass.THROTTLED: "nothing is lost, the next run continues",
    FaultClass.TRANSIENT: "nothing is lost, the next run continues",
    FaultClass.ITEM: "nothing is lost",
    FaultClass.REFUSED: "no attempts used",
}


def stopped(fault: Fault) -> str:
    """The run has ended because of it."""
    return _line(fault, _STOPPED[fault.kind])


def given_back(fault: Fault) -> str:
    """A batch has ended because of it, and its items are worked on again."""
    return _line(fault, "its items are retried, no attempts used")


def left_for_later(fault: Fault) -> str:
    """It failed without holding up the run, and the next run repeats it."""
    return _line(fault, "left for later, nothing is lost")


def waits(fault: Fault, seconds: float) -> str:
    """It is retried automatically."""
    return _line(fault, tried_again(f"{seconds:.0f} s"))


def tried_again(time: str) -> str:
    """When something that waits is done again; `time` is a span in the words of the place."""
    return f"retrying in {time}"


def after_failing(delay: float | None) -> str:
    """When an item that used an attempt is retried; None where it has no more attempts."""
    return "failed" if delay is None else tried_again(f"{delay:.0f} s")


def _line(fault: Fault, consequence: str) -> str:
    line = f"{fault.source}: {fault.message.rstrip('.')}; {consequence}"
    return f"{line}. {fault.remedy}" if fault.remedy else line
