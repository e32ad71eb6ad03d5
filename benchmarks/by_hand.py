"""The baseline: what somebody writes in an afternoon. One loop, eight requests at a time, no tracking at all.

It reads every row, embeds it and writes it, and knows nothing of it afterwards: no ledger, no retries, no
checks, nothing a second run could go by. `python -m benchmarks.by_hand DATABASE SERVICE QDRANT BATCH SLOTS`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time

import aiohttp
import numpy as np
import orjson

QUERY = "SELECT id, sku, title, description, category, price, image_url, color, updated_at FROM products"


async def main(database: str, service: str, qdrant: str, batch: int, slots: int) -> None:
    """Read, embed, write; print the seconds it took."""
    began = time.perf_counter()
    rows = sqlite3.connect(database).execute(QUERY)
    columns = [column[0] for column in rows.description]
    async with aiohttp.ClientSession() as http:
        size = {"size": 512, "distance": "Cosine"}
        await (await http.put(f"{qdrant}/collections/by_hand", data=orjson.dumps({"vectors": size}))).read()

        async def work() -> None:
            while page := rows.fetchmany(batch):
                payloads = [dict(zip(columns, row, strict=True)) for row in page]
                items = [
                    {
                        "product_id": payload["id"],
                        "name": payload["title"],
                        "description": payload["description"],
                        "image_url": payload["image_url"],
                    }
                    for payload in payloads
                ]
                async with http.post(service, data=orjson.dumps({"items": items})) as reply:
                    vectors = orjson.loads(await reply.read())["embeddings"]
                body = {
                    "batch": {
                        "ids": [payload["id"] for payload in payloads],
                        "vectors": np.array(vectors, dtype=np.float32),
                        "payloads": payloads,
                    }
                }
                points = f"{qdrant}/collections/by_hand/points?wait=true"
                async with http.put(
                    points, data=orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
                ) as reply:
                    await reply.read()

        await asyncio.gather(*(work() for _ in range(slots)))
    sys.stdout.write(f"{time.perf_counter() - began:.3f}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])))
