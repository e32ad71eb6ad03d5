"""A loopback proxy in front of a database server: what a client sends meets the troubles of a schedule."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from support.loop_thread import loop_in_thread
from support.troubles import DELAY, FREEZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.troubles import Trouble, Troubles

_PIECE = 65_536


class _Frost:
    """A pause of all connections."""

    def __init__(self) -> None:
        self._until = 0.0

    def begin(self) -> None:
        self._until = asyncio.get_running_loop().time() + FREEZE

    async def pass_by(self) -> None:
        await asyncio.sleep(self._until - asyncio.get_running_loop().time())


class _Connection:
    """A client's connection and the one behind it; `trouble` is what the next answer meets."""

    def __init__(
        self, troubles: Troubles, frost: _Frost, client: asyncio.StreamWriter, server: asyncio.StreamWriter
    ) -> None:
        self._troubles = troubles
        self._frost = frost
        self._client = client
        self._server = server
        self._trouble: Trouble | None = None

    async def requests(self, source: asyncio.StreamReader) -> None:
        while data := await source.read(_PIECE):
            self._trouble = self._troubles.take()
            if self._trouble == "reset":
                self.cut()
                return
            if self._trouble == "delay":
                await asyncio.sleep(DELAY)
            if self._trouble == "freeze":
                self._frost.begin()
            await self._frost.pass_by()
            self._server.write(data)
            await self._server.drain()
        self.cut()

    async def answers(self, source: asyncio.StreamReader) -> None:
        while data := await source.read(_PIECE):
            await self._frost.pass_by()
            if self._trouble == "truncate":
                self._client.write(data[: len(data) // 2])
                await self._client.drain()
            if self._trouble in ("truncate", "reset after"):
                break
            self._client.write(data)
            await self._client.drain()
        self.cut()

    def cut(self) -> None:
        self._client.transport.abort()
        self._server.transport.abort()


@contextmanager
def tcp_proxy(host: str, port: int, troubles: Troubles, *, listen: int = 0) -> Iterator[int]:
    """The proxy's port on 127.0.0.1, `listen` or else a free one, while the block runs."""
    frost = _Frost()
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            behind, ahead = await asyncio.open_connection(host, port)
            writers.add(ahead)
            connection = _Connection(troubles, frost, writer, ahead)
            await asyncio.gather(connection.requests(reader), connection.answers(behind))
        except OSError:
            writer.transport.abort()

    with loop_in_thread() as loop:
        server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(serve, "127.0.0.1", listen), loop
        ).result()
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            asyncio.run_coroutine_threadsafe(_end(server, writers), loop).result()


async def _end(server: asyncio.Server, writers: set[asyncio.StreamWriter]) -> None:
    """Close all, and wait for it: what is open when its loop ends fails the test after."""
    server.close()
    for writer in writers:
        writer.transport.abort()
    for writer in writers:
        with suppress(OSError):
            await writer.wait_closed()
