"""Searching a collection through qdrant-client; imported only for a search."""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread
import httpx
from yarl import URL

from embedconsole.collection.filters import to_filter
from embedconsole.collection.qdrant.errors import (
    SOURCE,
    MissingPoints,
    ServerAddress,
    fault_of_reply,
    fault_of_transport,
    no_point,
    not_qdrant,
)
from embedconsole.faults import Fault, Throttled
from embedconsole.http_client import REPLY_LIMIT
from embedconsole.items import Hit
from embedconsole.retry_after import retry_after

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from qdrant_client import AsyncQdrantClient
    from qdrant_client.models import Filter, ScoredPoint

    from embedconsole.collection.qdrant.address import Address
    from embedconsole.filters import Condition, Scope
    from embedconsole.http_client import Http
    from embedconsole.items import PointId


_ANSWERED = ("content-type", "retry-after")
"""Headers that qdrant-client reads; those of the transfer are true no longer."""


class Transport(httpx.AsyncBaseTransport):
    """Sends requests over `Http`: the same connections, proxy, certificates, limits and errors."""

    def __init__(self, client: Http) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reply = await self._client.send(
            request.method, URL(str(request.url), encoded=True), await request.aread() or None
        )
        if reply.ok and not reply.whole:
            raise httpx.ReadError(f"the reply has more than {REPLY_LIMIT >> 20} MB", request=request)
        headers = {name: reply.headers[name] for name in _ANSWERED if name in reply.headers}
        return httpx.Response(reply.status, headers=headers, content=reply.body, request=request)


T = TypeVar("T")


async def connect(
    address: Address, name: str, place: ServerAddress, seconds: float, client: Http
) -> Searcher:
    """Import qdrant-client in a thread (it takes over a second) and make a client of it.

    Args:
        seconds: For one call; 0 for no limit.
        client: Sends its requests; closed by its owner.
    """
    await anyio.to_thread.run_sync(importlib.import_module, "qdrant_client")
    from qdrant_client import AsyncQdrantClient

    qdrant = AsyncQdrantClient(
        url=address.base,
        timeout=max(1, math.ceil(seconds)) if seconds else None,
        check_compatibility=False,  # it would ask from a thread of its own, and warn
        transport=Transport(client),
    )
    return Searcher(qdrant, name, place, seconds)


@dataclass(frozen=True, slots=True)
class Searcher:
    """The queries of one collection; raises faults as `Collection` says."""

    client: AsyncQdrantClient
    name: str
    place: ServerAddress
    seconds: float

    async def search(self, vector: NDArray[np.float32], *, using: str, limit: int, scope: Scope) -> list[Hit]:
        return await self._query(vector.tolist(), using, limit, scope)

    async def similar(self, point: PointId, *, using: str, limit: int, scope: Scope) -> list[Hit]:
        try:
            return await self._query(point, using, limit, scope)
        except MissingPoints as fault:
            raise no_point(self.place, point) from fault

    async def _query(self, query: PointId | list[float], using: str, limit: int, scope: Scope) -> list[Hit]:
        where = _client_filter(scope.where)
        if scope.group_by is not None:
            return await self._grouped(query, using, limit, where, scope.group_by)
        reply = await self._call(
            lambda: self.client.query_points(
                self.name,
                query=query,
                using=using or None,
                query_filter=where,
                limit=limit,
                with_payload=True,
            )
        )
        return [_hit(point) for point in reply.points]

    async def _grouped(
        self, query: PointId | list[float], using: str, limit: int, where: Filter | None, field: str
    ) -> list[Hit]:
        reply = await self._call(
            lambda: self.client.query_points_groups(
                self.name,
                group_by=field,
                query=query,
                using=using or None,
                query_filter=where,
                limit=limit,
                group_size=1,
                with_payload=True,
            )
        )
        return [replace(_hit(group.hits[0]), group=group.id) for group in reply.groups if group.hits]

    async def aclose(self) -> None:
        await self.client.close()

    async def _call(self, call: Callable[[], Awaitable[T]]) -> T:
        """One call of the client; its errors, which share no base class, become faults."""
        from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
        from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

        try:
            with anyio.fail_after(self.seconds or None):
                return await call()
        except UnexpectedResponse as error:
            status = error.status_code or 0
            if 200 <= status < 300:
                raise not_qdrant(self.place, error.content) from error
            raise fault_of_reply(self.place, status, error.headers, error.content) from error
        except ResourceExhaustedResponse as error:
            raise self._throttled(str(error), float(error.retry_after_s)) from error
        except QdrantException as error:  # Retry-After is a date; only the error's words have it
            text = str(error)
            raise self._throttled(
                text, retry_after({"retry-after": text.rpartition("integer: ")[2]})
            ) from error
        except ResponseHandlingException as error:
            if isinstance(error.source, ValueError):  # JSON, but not the reply to this request
                raise not_qdrant(self.place, str(error.source).encode()) from error
            raise fault_of_transport(self.place, error.source) from error
        except ValueError as error:  # no JSON at all
            raise not_qdrant(self.place, str(error).encode()) from error
        except TimeoutError as error:
            raise fault_of_transport(self.place, error) from error

    def _throttled(self, text: str, seconds: float | None) -> Fault:
        return Throttled(SOURCE, f"{self.place.target}: {self.place.clean(text)}", retry_after=seconds)


def _client_filter(where: Sequence[Condition]) -> Filter | None:
    from qdrant_client.models import Filter

    body = to_filter(where)
    return None if body is None else Filter.model_validate(body)


def _hit(point: ScoredPoint) -> Hit:
    return Hit(point.id if isinstance(point.id, int) else str(point.id), point.score, point.payload or {})
