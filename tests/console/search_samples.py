"""Made-up searches to look at."""

from __future__ import annotations

from console.samples import EVIL
from embedconsole.items import Hit, JsonObject
from embedconsole.ledger.records.items import Hashes, LedgerItem
from embedconsole.ledger.state import Reason, State
from embedconsole.sync.inspect.item import Examined, InCatalog, InCollection
from embedconsole.sync.search.search import ByText, LikeItem, SearchResult

_TITLES = (
    "Pinecroft red running shoes",
    "Ostrava coral running shoes with a name that is far longer than any column of a small terminal",
    "Brightwater mustard running shoes",
    "赤いランニングシューズ 軽量",
    "Nordvik red everyday shoes",
)


def payload(number: int) -> JsonObject:
    """What the demo shop has of a product."""
    return {
        "product_id": f"SHO-{number:06}",
        "title": _TITLES[number % len(_TITLES)],
        "category": "Shoes",
        "price": 104.5 + number / 4,
        "in_stock": number % 3 > 0,
        "image_url": f"https://images.example.com/sho-{number:06}.jpg",
        "metadata": {"color": "red", "size": ["43", "44", "45"], "care": {"wash": None, "iron": False}},
        "_embedconsole": {"pipeline": "products", "key": str(1117 + number), "embed_hash": "4a89c95a1d11"},
    }


def hits(count: int) -> tuple[Hit, ...]:
    """So many hits, best first."""
    return tuple(Hit(1117 + at, 0.583 - at * 0.0117, payload(at)) for at in range(count))


FOUND = SearchResult(ByText("red running shoes"), "", 30, hits(30), 0.0123, 0.0031)
FEW = SearchResult(ByText("red running shoes"), "", 30, hits(5), 0.0123, 0.0031)
LIKE = SearchResult(LikeItem("1117"), "", 30, hits(12)[1:], None, 0.0042)
NOTHING = SearchResult(ByText("red"), "", 30, (), 0.01, 0.002)
HOSTILE = SearchResult(
    LikeItem(EVIL),
    EVIL,
    30,
    (
        Hit(1, 1e9, {"title": EVIL, EVIL: EVIL, "n\x00": "nul\x00", "price": 10**15, "deep": {EVIL: [EVIL]}}),
        Hit("5b1f4f7e-7d6c-4b4e-9c0a-0123456789ab", -1e-9, {"name": "x" * 9_000, "wide": "日本語" * 400}),
        Hit(3, 0.0, {}),
    ),
    None,
    0.0,
)

HELD = Hashes(b"e" * 16, b"p" * 16)
SYNCED = Examined(
    pipeline="products",
    key="1117",
    tries=3,
    known=LedgerItem(
        key="1117",
        state=State.SYNCED,
        desired_embed=HELD.embed,
        desired_payload=HELD.payload,
        synced_embed=HELD.embed,
        synced_payload=HELD.payload,
        attempts=0,
        due_in=0.0,
        batch=None,
        error_class=None,
        error=None,
        failed_for=None,
        reason=Reason.NEW,
    ),
    catalog=InCatalog(),
    collection=InCollection(1117),
    follows=("It is in sync, nothing to do.",),
)
