"""The service's metrics for Prometheus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from embedconsole.service.limits import Admission

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_NO_SUCH_PATH = "other"
"""Paths that we do not have are one: each of them would be a time series."""


class Metrics:
    """The figures of one service."""

    def __init__(self, admission: Admission) -> None:
        self._registry = CollectorRegistry()
        prefix, registry = "embedconsole_service", self._registry
        self.requests = Counter(
            f"{prefix}_requests", "Requests answered.", ("path", "status"), registry=registry
        )
        self.seconds = Histogram(
            f"{prefix}_request_seconds",
            "From the request's head to the end of the reply.",
            ("path",),
            buckets=_BUCKETS,
            registry=registry,
        )
        self.items = Counter(f"{prefix}_items", "Items embedded.", registry=registry)
        self.errors = Counter(f"{prefix}_item_errors", "Items that could not be embedded.", registry=registry)
        in_flight = Gauge(f"{prefix}_in_flight", "Requests being embedded.", registry=registry)
        in_flight.set_function(lambda: admission.embedding)
        queue = Gauge(f"{prefix}_queue", "Requests that wait or are being received.", registry=registry)
        queue.set_function(lambda: admission.queued)

    def text(self) -> bytes:
        """All of it in Prometheus' text form."""
        return generate_latest(self._registry)


class Measured:
    """ASGI middleware that counts and times every request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # when it fails before it answers
        start = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            path = getattr(scope.get("route"), "path", _NO_SUCH_PATH)
            self._metrics.requests.labels(path, str(status)).inc()
            self._metrics.seconds.labels(path).observe(time.perf_counter() - start)
