"""Which run and which batch a task is at, so that every line of the log can say so, whoever writes it.

A task hands it on to the tasks and threads that it starts.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUN: ContextVar[int | None] = ContextVar("run", default=None)
_BATCH: ContextVar[int | None] = ContextVar("batch", default=None)


@contextmanager
def in_run(number: int | None) -> Iterator[None]:
    """What happens in the block belongs to a run."""
    with _set(_RUN, number):
        yield


@contextmanager
def in_batch(token: int) -> Iterator[None]:
    """What happens in the block belongs to a batch."""
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
