"""Blocks that run with something in the background or end before a cancellation; the first of some events."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine


@asynccontextmanager
async def alongside(work: Callable[[], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Run `work` concurrently with the block, and cancel it when the block ends; it has ended when this
    has.
    """
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(work)
        try:
            yield
        # Raised below: out of the task group it would come wrapped, and not be caught.
        except Exception as error:  # noqa: BLE001
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure


@asynccontextmanager
async def within_grace(seconds: float) -> AsyncIterator[None]:
    """Let the block end although it is cancelled, but only for so many seconds after that.

    The block that takes longer ends half-way; what comes after it sees the cancellation as usual.
    """
    block = anyio.CancelScope(shield=True)

    async def limit() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            block.deadline = anyio.current_time() + seconds

    async with alongside(limit):
        with block:
            yield


async def first_of(*events: anyio.Event) -> None:
    """Wait until one of the events is set."""
    async with anyio.create_task_group() as group:
        for event in events:
            group.start_soon(_wait_then_cancel, event, group.cancel_scope)


async def _wait_then_cancel(event: anyio.Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
