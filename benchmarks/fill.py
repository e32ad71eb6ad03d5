"""Fill the collection of a seeded ledger with the points that it believes to be there.

Runs as `python -m benchmarks.fill QDRANT LEDGER`, in a process of its own like `benchmarks.seed`. The vectors
are of no meaning and short: a verify does not read them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import anyio
import numpy as np

from embedconsole.collection.qdrant.server import ServerCollection
from embedconsole.items import MARKER, UNNAMED, CollectionSchema, Points, VectorSpec, point_at
from embedconsole.ledger.ledger import open_ledger

if TYPE_CHECKING:
    from embedconsole.items import JsonObject
    from embedconsole.ledger.records.items import SyncedItem

SIZE = 4
_PAGE = 5_000


async def main(qdrant: str, ledger_url: str) -> None:
    """Write them page by page."""
    collection = ServerCollection(qdrant, "products")
    await collection.create(CollectionSchema({UNNAMED: VectorSpec(SIZE, "dot")}))
    with open_ledger(ledger_url) as ledger:
        generation = ledger.generations.current("products")
        assert generation is not None
        after = b""
        while page := ledger.synced_items.page(generation.id, after, _PAGE):
            rows = np.ones((len(page), SIZE), dtype=np.float32)
            ids = [point_at(item.point) for item in page]
            await collection.upsert(Points(ids, {UNNAMED: rows}, [_payload(item) for item in page]))
            after = page[-1].point
    await collection.aclose()


def _payload(item: SyncedItem) -> JsonObject:
    synced = item.synced
    assert synced is not None
    marker: JsonObject = {
        "pipeline": "products",
        "key": item.key,
        "embed_hash": synced.embed.hex(),
        "payload_hash": synced.payload.hex(),
    }
    return {"title": f"Product number {item.key}", MARKER: marker}


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2])
