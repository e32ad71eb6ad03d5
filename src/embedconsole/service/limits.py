"""How many requests are let in, and what a request's body may be: its type, size, time, gzip, JSON."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio
from fastapi import HTTPException, Request
from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.config.sections.service import ServiceConfig

RECEIVE_SECONDS = 60.0
"""For the whole body: who sends slower holds a place that others wait for."""


class Full(Exception):
    """There is no room for another request."""


class Admission:
    """A bounded house: `at_once` requests are embedded, `waiting` more wait or are still being received.

    So the memory that all bodies together take has a bound, too.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._room = at_once + waiting
        self._inside = 0
        self.slots = anyio.CapacityLimiter(at_once)
        """Held while embedding."""

    @property
    def embedding(self) -> int:
        """Requests that are being embedded."""
        return self.slots.borrowed_tokens

    @property
    def queued(self) -> int:
        """Requests that are inside and not being embedded."""
        return self._inside - self.embedding

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place inside, from before the body is read to the reply.

        Raises:
            Full: All are taken.
        """
        if self._inside >= self._room:
            raise Full
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1


class BoundedRequest(Request):
    """A request whose body has at most `max_bytes`, unpacked, and at most `max_items`.

    What FastAPI makes of its JSON it gets from here, so that anything wrong with it has a status of its own.
    """

    limits: ServiceConfig
    field: str
    """The one that holds a path's items."""

    async def body(self) -> bytes:
        """The body, unpacked.

        Raises:
            HTTPException: 400, 408, 413, 415.
        """
        if not hasattr(self, "_body"):
            _check_type(self.headers.get("content-type", ""))
            encoding = self.headers.get("content-encoding", "identity").strip().lower()
            if encoding not in ("identity", "gzip"):
                raise HTTPException(415, "send it as it is, or with Content-Encoding: gzip")
            try:
                with anyio.fail_after(RECEIVE_SECONDS):
                    data = await self._received()
            except TimeoutError:
                raise HTTPException(408, f"did not arrive within {RECEIVE_SECONDS:g} s") from None
            self._body = self._unpacked(data) if encoding == "gzip" else data
        return self._body

    async def json(self) -> object:
        """The body's JSON; raises as `body`."""
        try:
            value = from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            raise HTTPException(400, f"is not JSON: {error}") from None
        # Counted before they become objects: there is room for millions of empty ones in a body.
        if (count := _count(value, self.field)) > self.limits.max_items:
            most = f"{self.limits.max_items:,}"
            raise HTTPException(413, f"{count:,} are too many: at most {most} items in one request")
        return value

    async def _received(self) -> bytes:
        data = bytearray()
        async for chunk in self.stream():
            data += chunk
            if len(data) > self.limits.max_bytes:
                raise self._too_large()
        return bytes(data)

    def _unpacked(self, data: bytes) -> bytes:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            unpacked = unpacker.decompress(data, self.limits.max_bytes + 1)
        except zlib.error:
            raise HTTPException(400, "is not gzip") from None
        if len(unpacked) > self.limits.max_bytes:
            raise self._too_large()
        if not unpacker.eof:
            raise HTTPException(400, "is gzip cut short")
        return unpacked

    def _too_large(self) -> HTTPException:
        return HTTPException(
            413, f"the request is larger than {self.limits.max_bytes:,} bytes; send fewer at a time"
        )


def _count(value: object, field: str) -> int:
    """How many items there are in what the path uses."""
    entries = value.get(field) if isinstance(value, dict) else value
    return len(entries) if isinstance(entries, list) else 1


def _check_type(content_type: str) -> None:
    """A page of another site may send any other type without being asked first, and none at all."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise HTTPException(415, "send JSON, with Content-Type: application/json")
