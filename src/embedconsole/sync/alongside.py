"""Something that goes on in the background for as long as a block runs."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine


@asynccontextmanager
async def alongside(work: Callable[[], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Run `work` beside the block, and cancel it when the block ends; it has ended when this has."""
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(work)
        try:
            yield
        # Raised below: out of the task group it would come wrapped, and be caught by nobody.
        except Exception as error:  # noqa: BLE001
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
