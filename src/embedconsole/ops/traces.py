"""OpenTelemetry traces of runs, batches and stages, where its environment variables name an endpoint."""

from __future__ import annotations

import importlib.util
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from embedconsole import __version__
from embedconsole.ops.requests_rules import apply_rules
from embedconsole.telemetry import trace_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_LAST_SECONDS = 3.0
_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


@contextmanager
def tracing(say: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Trace what happens in the block, if an endpoint is named and the extra is installed.

    Args:
        say: Shows the operator a line.
    """
    if not any(environ.get(name) for name in _ENDPOINTS):
        yield
        return
    if not all(map(_installed, _NEEDED)):
        say(
            "No traces are sent, although an endpoint is set: "
            "pip install '.[otel]' in a checkout of embedconsole"
        )
        yield
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say more, and win.
    named = {} if environ.get("OTEL_SERVICE_NAME") else {"service.name": "embedconsole"}
    apply_rules()
    resource = Resource.create({**named, "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace_with(provider.get_tracer("embedconsole", __version__))
    try:
        yield
    finally:
        trace_with(None)
        # An exporter retries for ten seconds where its collector is away, and the next run may be scheduled.
        last = threading.Thread(target=provider.shutdown, name="traces", daemon=True)
        last.start()
        last.join(_LAST_SECONDS)


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
