"""Spans of the work, for tracing: a run, its batches, their stages. Without effect while there is no tracer.

No tracing library is imported here: `trace_with` takes a tracer of OpenTelemetry.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Tracer


_RUN: ContextVar[int | None] = ContextVar("run", default=None)
_BATCH: ContextVar[int | None] = ContextVar("batch", default=None)


@contextmanager
def in_run(number: int | None) -> Iterator[None]:
    """Make the block part of a run's trace."""
    with _set(_RUN, number):
        yield


@contextmanager
def in_batch(token: int) -> Iterator[None]:
    """Make the block part of a batch's trace."""
    with _set(_BATCH, token):
        yield


def whereabouts() -> dict[str, int]:
    """`run` and `batch`, as far as the caller is at one."""
    found = {"run": _RUN.get(), "batch": _BATCH.get()}
    return {name: number for name, number in found.items() if number is not None}


@contextmanager
def _set(variable: ContextVar[int | None], number: int | None) -> Iterator[None]:
    token = variable.set(number)
    try:
        yield
    finally:
        variable.reset(token)


_tracer: Tracer | None = None


def trace_with(tracer: Tracer | None) -> None:
    """Have all spans of this process go there; None stops it."""
    global _tracer
    _tracer = tracer


def span(name: str, **attributes: str | int) -> AbstractContextManager[object]:
    """Record the block, and the tasks it starts, as one span."""
    if _tracer is None:
        return nullcontext()
    return _tracer.start_as_current_span(name, attributes=attributes)


def passed(name: str, seconds: float) -> None:
    """A span that ends now and began so many seconds ago."""
    if _tracer is not None:
        now = time.time_ns()
        _tracer.start_span(name, start_time=now - int(seconds * 1e9)).end(now)
