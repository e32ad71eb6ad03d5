"""A company's network on loopback: a forward proxy that writes down what passes, TLS in front of a server."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.loop_thread import loop_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

    Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_PIECE = 65_536


@dataclass
class ForwardProxy:
    """A proxy at `127.0.0.1:port`.

    Attributes:
        seen: The first line of every request.
        heads: Everything up to the end of its headers.
        status: Answered instead of passing anything on, when set.
    """

    port: int = 0
    seen: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    status: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hosts(self) -> set[str]:
        """Who was asked for, without scheme and path."""
        return {line.split()[1].rpartition("://")[2].split("/")[0] for line in self.seen}


@contextmanager
def forward_proxy(ports: Mapping[str, int]) -> Iterator[ForwardProxy]:
    """The proxy, while the block runs.

    Args:
        ports: Names that nobody else knows, and the port of this machine behind each.
    """
    proxy = ForwardProxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line = head.partition(b"\r\n")[0].decode()
        proxy.seen.append(line)
        proxy.heads.append(head.decode())
        if proxy.status is not None:
            writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % proxy.status)
            writer.close()
            await writer.wait_closed()
            return
        host = line.split()[1].rpartition("://")[2].split("/")[0].rpartition(":")[0]
        behind, ahead = await asyncio.open_connection("127.0.0.1", ports[host])
        if line.startswith("CONNECT "):
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            # One request a connection, so that each is written down.
            path = line.split()[1].partition("://")[2].partition("/")[2]
            rest = head.partition(b"\r\n")[2]
            ahead.write(f"{line.split()[0]} /{path} HTTP/1.1\r\nConnection: close\r\n".encode() + rest)
        await _both_ways(reader, ahead, behind, writer)

    with _listening(serve) as proxy.port:
        yield proxy


@contextmanager
def tls_front(port: int, certificate: Path) -> Iterator[int]:
    """The port where TLS is spoken for the plain server at `port`, while the block runs."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_connection("127.0.0.1", port)
        await _both_ways(reader, ahead, behind, writer)

    with _listening(serve, context) as front:
        yield front


def made_certificate(folder: Path, *names: str) -> Path:
    """A certificate for names that signs itself, its key in the same file."""
    path = folder / f"{names[0]}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", f"/CN={names[0]}",
         "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
         "-keyout", str(path), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_bytes(path.read_bytes() + (folder / "cert.pem").read_bytes())
    return path


async def _both_ways(
    reader: asyncio.StreamReader,
    ahead: asyncio.StreamWriter,
    behind: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(_PIECE):
                sink.write(data)
                await sink.drain()
        sink.close()

    try:
        await asyncio.gather(carry(reader, ahead), carry(behind, writer))
    finally:
        ahead.transport.abort()


@contextmanager
def _listening(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[int]:
    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await serve(reader, writer)
        finally:
            writer.transport.abort()

    with loop_in_thread() as loop:
        starting = asyncio.start_server(served, "127.0.0.1", 0, ssl=context)
        server = asyncio.run_coroutine_threadsafe(starting, loop).result()
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            loop.call_soon_threadsafe(server.close)
