"""Run the test server: `python -m support.qdrant DATA_DIR [--port N] [--api-key KEY]`; prints its port."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

from aiohttp import web

from support.qdrant.app import Api
from support.qdrant.faults import Control
from support.qdrant.store import Store


def _end_with_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """stdin is a pipe held by the test process; its end means that process is gone."""
    while os.read(0, 1024):  # not sys.stdin: its lock would trip the interpreter's end
        pass
    loop.call_soon_threadsafe(stop.set)


async def serve(data: Path, port: int, api_key: str | None) -> None:
    store = Store(data)
    runner = web.AppRunner(Api(store, Control(), api_key).application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, shutdown_timeout=1)
    await site.start()
    bound: int = runner.addresses[0][1]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    threading.Thread(target=_end_with_parent, args=(loop, stop), daemon=True).start()
    sys.stdout.write(f"{bound}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--api-key")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve(options.data, options.port, options.api_key))


main()
