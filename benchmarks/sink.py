"""A stand-in for Qdrant that confirms every write and keeps nothing: what it costs is the client's side only.

Runs as `python -m benchmarks.sink`, prints its port, ends when its standard input is closed.
"""

from __future__ import annotations

import asyncio
import sys

import orjson
from aiohttp import web

_CONFIRMED = orjson.dumps({"result": {"operation_id": 1, "status": "completed"}, "status": "ok", "time": 0.0})
_CREATED = orjson.dumps({"result": True, "status": "ok", "time": 0.0})


class Sink:
    """Counts the bodies it takes; a collection exists once it has been created."""

    def __init__(self) -> None:
        self.collections: dict[str, object] = {}

    async def collection(self, request: web.Request) -> web.Response:
        """GET tells what was created, PUT creates."""
        name = request.match_info["name"]
        if request.method == "PUT":
            self.collections[name] = orjson.loads(await request.read())["vectors"]
            return _json(_CREATED)
        if name not in self.collections:
            return _json(
                orjson.dumps({"status": {"error": f"Not found: Collection `{name}` doesn't exist!"}}), 404
            )
        config = {"params": {"vectors": self.collections[name]}}
        result = {
            "status": "green",
            "optimizer_status": "ok",
            "points_count": 1,
            "indexed_vectors_count": 1,
            "segments_count": 1,
            "config": config,
            "payload_schema": {},
        }
        return _json(orjson.dumps({"result": result, "status": "ok", "time": 0.0}))

    async def write(self, request: web.Request) -> web.Response:
        """Takes a body and confirms."""
        async for _ in request.content.iter_chunked(1 << 18):
            pass
        return _json(_CONFIRMED)


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")


async def _main() -> None:
    sink = Sink()
    app = web.Application(client_max_size=1 << 28)
    app.router.add_get("/collections/{name}", sink.collection)
    app.router.add_put("/collections/{name}", sink.collection)
    app.router.add_route("*", "/collections/{name}/{rest:.*}", sink.write)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_main())
