"""Pictures of every kind, sound and broken, and a loopback server that gives them out or misbehaves."""

from __future__ import annotations

import asyncio
import gzip
import io
import socket
import struct
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.abc import AbstractResolver
from PIL import Image

from support.loop_thread import loop_in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp.abc import ResolveResult

MEGABYTE = 1 << 20


def picture(color: str = "red", *, size: tuple[int, int] = (16, 12), kind: str = "PNG") -> bytes:
    """A sound picture, one half in the color and the other in blue."""
    image = Image.new("RGB", size, color)
    image.paste("blue", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def pixel_bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is as large as that."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@dataclass
class Gallery:
    """A server in a thread.

    Attributes:
        url: Where it is: http://127.0.0.1:PORT.
        pictures: Path to what is given out there.
        answers: Path to a status and headers given instead.
        errors: Path to a status and body given instead.
        asked: Method, path and Host of every request.
    """

    url: str = ""
    pictures: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    errors: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def put(self, path: str, data: bytes | None = None) -> str:
        """Give something out; returns its address."""
        self.pictures[path] = picture() if data is None else data
        return self.url + path

    def answer(self, path: str, status: int, **headers: str) -> str:
        """Answer with a status; returns the address. `_` in a header's name is `-`."""
        self.answers[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.url + path

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path, request.headers.get("Host", "")))
        if (error := self.errors.get(request.path)) is not None:
            return web.Response(status=error[0], body=error[1])
        if (answer := self.answers.get(request.path)) is not None:
            status, headers = answer
            if status != 405 or request.method == "HEAD":
                return web.Response(status=status, headers=headers)
            return web.Response(body=self.pictures.get(request.path, b""), headers=headers)
        match request.path:
            case "/endless" if request.method == "HEAD":
                return web.Response(status=405)
            case "/endless":
                return await _endless(request)
            case "/slow":
                return await _slow(request)
            case "/gzip-bomb":
                body = gzip.compress(bytes(64 * MEGABYTE))
                return web.Response(body=body, headers={"Content-Encoding": "gzip"})
            case "/gzipped":
                return web.Response(body=gzip.compress(picture()), headers={"Content-Encoding": "gzip"})
            case "/broken-gzip":
                return web.Response(body=b"\x1f\x8bnothing", headers={"Content-Encoding": "gzip"})
            case "/brotli":
                return web.Response(body=b"whatever", headers={"Content-Encoding": "br"})
            case "/cut":
                return await _cut(request)
        if (data := self.pictures.get(request.path)) is None:
            return web.Response(status=404, text="<h1>Not Found</h1>")
        # The type is wrong on purpose: nobody believes it.
        return web.Response(body=data, content_type="text/plain")


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(bytes(MEGABYTE))
    except ConnectionError:
        return response


async def _slow(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        for byte in picture():
            await response.write(bytes([byte]))
            await asyncio.sleep(0.05)
    except ConnectionError:
        pass
    return response


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100000"})
    await response.prepare(request)
    await response.write(picture())
    assert request.transport is not None
    request.transport.close()
    return response


@contextmanager
def open_gallery() -> Iterator[Gallery]:
    """A gallery that is being served, empty at first."""
    gallery = Gallery()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", gallery.serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gallery.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    with loop_in_thread() as loop:
        runner = asyncio.run_coroutine_threadsafe(start(), loop).result()
        try:
            yield gallery
        finally:
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()


class Names(AbstractResolver):
    """A directory of names. A name with several lists of addresses answers with the next one each time.

    Attributes:
        asked: The names that were looked up.
    """

    def __init__(self, **addresses: list[list[str]]) -> None:
        self._addresses = {name.replace("_", "."): answers for name, answers in addresses.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answers = self._addresses.get(host)
        if not answers:
            raise OSError(f"no such name: {host}")
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in answer
        ]

    async def close(self) -> None:
        """Nothing to close."""
