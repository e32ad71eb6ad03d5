"""Spans of the work, for whoever traces: a run, its batches, their stages. Nothing at all while nobody does.

No tracing library is imported here: `trace_with` is given a tracer of OpenTelemetry, by whoever sets one up.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Tracer

_tracer: Tracer | None = None


def trace_with(tracer: Tracer | None) -> None:
    """Have all spans of this process go there; None stops it."""
    global _tracer
    _tracer = tracer


def span(name: str, **attributes: str | int) -> AbstractContextManager[object]:
    """What happens in the block, and in the tasks it starts, is one span."""
    if _tracer is None:
        return nullcontext()
    return _tracer.start_as_current_span(name, attributes=attributes)


def passed(name: str, seconds: float) -> None:
    """A span that ends now and began so many seconds ago."""
    if _tracer is not None:
        now = time.time_ns()
        _tracer.start_span(name, start_time=now - int(seconds * 1e9)).end(now)
