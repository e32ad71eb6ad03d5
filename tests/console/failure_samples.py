"""Made-up failures to look at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from console import samples
from embedconsole.items import MARKER
from embedconsole.ledger.records.failures import FailedItem, FailureGroup, FailureKind
from embedconsole.ledger.records.history import Event
from embedconsole.ledger.records.items import Hashes, LedgerItem
from embedconsole.ledger.state import Reason, State
from embedconsole.sync.inspect.failures import FailureOverview, FailurePage
from embedconsole.sync.inspect.item import Examined, InCatalog, InCollection, SentInput
from embedconsole.sync.shared.fault_text import remedy_for

if TYPE_CHECKING:
    from embedconsole.ledger.records.failures import FailureFilter

TRUNCATED = (
    "refused the input (422): cannot identify image file https://shop.example/images/{key}.jpg: truncated "
    "JPEG, the last block ends after 12,288 of 88,120 bytes"
)
EMPTY = "nothing to embed: its text and image are empty"
AWAY = "answered 503: upstream connect error or disconnect/reset before headers"

CAUSES = FailureOverview(
    groups=(
        FailureGroup("item", TRUNCATED.format(key=35), 5_021, "35", "aa" * 8, 250.0, 7_300.0),
        FailureGroup("transient", AWAY, 12, "808", "bb" * 8, 90_000.0, 91_000.0),
        FailureGroup("item", EMPTY, 1, "4", "cc" * 8, 30.0, 30.0),
        FailureGroup(
            "transient", "timed out after 60 s", 40, "77", "", 22.0, 60.0, FailureKind.WAITING, next_try=98.0
        ),
        FailureGroup("item", "its vector is all zeros", 2, "9", "", 8e5, 9e5, FailureKind.SKIPPED),
    ),
    causes=3,
    failed=5_034,
)


def item(number: int, **changes: object) -> FailedItem:
    """A failed item; the higher its number, the longer ago."""
    made = FailedItem(str(number), "item", TRUNCATED.format(key=number), 1, 250.0 + 7 * number)
    return replace(made, **changes)  # type: ignore[arg-type]


def page(*, pipeline: str, among: FailureFilter, limit: int, offset: int = 0) -> FailurePage:
    """A page of a big cause, as the ledger would give it."""
    if among.text:
        return FailurePage((item(int(among.text)),), 1)
    if among.kind is FailureKind.WAITING:
        return FailurePage((item(77, error="timed out after 60 s", next_try=98.0),), 1)
    return FailurePage(tuple(item(number) for number in range(offset, offset + limit)), 5_021)


KNOWN = LedgerItem(
    key="35",
    state=State.FAILED,
    desired_embed=bytes(range(16)),
    desired_payload=bytes(range(40, 56)),
    synced_embed=bytes(range(200, 216)),
    synced_payload=bytes(range(40, 56)),
    attempts=1,
    due_in=-250.0,
    batch=None,
    error_class="item",
    error=TRUNCATED.format(key=35),
    failed_for=250.0,
    reason=Reason.EDITED,
)

SEEN = Examined(
    pipeline="products",
    key="35",
    tries=3,
    known=KNOWN,
    catalog=InCatalog(
        name="Quill white coffee cup",
        values={
            "id": 35,
            "sku": "MUG-000035",
            "title": "Quill white coffee cup",
            "description": None,
            "price": 37.5,
            "in_stock": True,
            "size_options": ["S", "M"],
        },
        sent=(
            SentInput(
                "",
                "Quill white coffee cup\nMade of enamelled steel.",
                "https://shop.example/images/35.jpg",
                {},
            ),
        ),
        hashes=Hashes(bytes(range(16)), bytes(range(40, 56))),
    ),
    collection=InCollection(
        35, {"title": "Quill cup", "price": 36.0, MARKER: {"pipeline": "products", "key": "35"}}
    ),
    follows=(
        "Failed: untouched until its content changes or it is put back; its old point stays searchable.",
        "Put back as it is, it will be embedded.",
    ),
    remedy=remedy_for("item", TRUNCATED),
    events=(
        Event(1, samples.WALL - 90_000, "products", "warning", "transient", "35", "timed out after 60 s"),
        Event(2, samples.WALL - 250, "products", "error", "item", "35", TRUNCATED.format(key=35)),
    ),
)

ANSWERS: dict[str, object] = {
    "failures_by_cause": CAUSES,
    "failed_items": page,
    "examine_item": SEEN,
    "retry_chosen": 1,
    "skip_chosen": 1,
}

EVIL = samples.EVIL
HOSTILE: dict[str, object] = {
    "failures_by_cause": FailureOverview(
        (FailureGroup(EVIL, EVIL + "\n日本語の商品名" * 9, 3, EVIL, "aa" * 8, 1.0, 2.0),), 1, 3
    ),
    "failed_items": FailurePage(
        tuple(item(number, key=f"{number}{EVIL}", error=EVIL + "é" * 200) for number in range(3)), 3
    ),
    "examine_item": replace(
        SEEN,
        key=EVIL,
        known=replace(KNOWN, error=EVIL * 40, error_class=EVIL),
        catalog=InCatalog(
            name=EVIL,
            values={EVIL: EVIL, "long": "日本語 " * 900, "nul": "a\x00b"},
            sent=(SentInput(EVIL, EVIL, EVIL, {EVIL: EVIL}),),
        ),
        collection=InCollection(35, {EVIL: {EVIL: EVIL}}),
        follows=(EVIL,),
        events=(Event(1, samples.WALL, "products", EVIL, EVIL, EVIL, EVIL),),
    ),
}
