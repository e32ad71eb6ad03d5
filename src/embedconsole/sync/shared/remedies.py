"""What the operator can do about an item that failed, in words, as far as its error tells. Pure."""

from __future__ import annotations

import re

from embedconsole.faults import FaultClass

# What our own parts say of an item, and what is mostly meant by what services say; the first that fits.
_KNOWN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), remedy)
    for pattern, remedy in (
        (
            "nothing to embed",
            "Give it a text or an image in the catalog; the change brings it back by itself.",
        ),
        (
            r"pictures\.(allow_private|folder)|set embedders\.",
            "Change the configuration, or give it another image; then put it back.",
        ),
        (
            r"\b413\b|too (large|long|big|many tokens)|exceeds|maximum (size|length|context)",
            "Shorten its text or take a smaller image; the change brings it back by itself.",
        ),
        (
            r"image|picture|jpe?g|\bpng\b|webp|download",
            "Mend or replace its image; the change brings it back by itself. If its address was only away "
            "for a while, put it back.",
        ),
        (
            r"vector|dimensions|\bnan\b",
            "The embedder answered without a usable vector. Put it back; if that stays so, look at what is "
            "sent and at the embedder's own log.",
        ),
        (
            "payload",
            "Its payload can't be written as it is: mend the product's values, or leave the column out of "
            "collection.payload.",
        ),
        (
            r"refused the input",
            "Look at what is sent to the embedder and mend the product or the template; the change brings it "
            "back by itself.",
        ),
    )
)
_BY_CLASS = {
    FaultClass.ITEM: "Mend the product, which brings it back by itself, or put it back as it is.",
    FaultClass.TRANSIENT: "It failed every time by the service: put it back once that is well.",
}


def remedy_for(error_class: str, error: str) -> str:
    """A sentence or two; empty where nothing is known."""
    if error_class != FaultClass.ITEM:
        return next((words for one, words in _BY_CLASS.items() if one == error_class), "")
    return next((words for pattern, words in _KNOWN if pattern.search(error)), _BY_CLASS[FaultClass.ITEM])
