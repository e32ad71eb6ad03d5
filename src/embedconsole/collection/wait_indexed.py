"""Waiting until Qdrant has optimized what was written: until its collection is green."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from embedconsole.collection.base import Optimizer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from embedconsole.collection.base import Collection
    from embedconsole.items import CollectionState, Optimization, Optimizations

_LOOK_EVERY = 1.0


async def until_green(collection: Collection) -> AsyncIterator[str]:
    """Tell how far the optimizers are, now and then, until they have nothing more to do.

    A collection whose optimizers sleep (grey) or have failed (red) does not become green by waiting.

    Raises:
        Fault: the collection does not answer.
    """
    while (state := await collection.describe()) is not None and state.status == "yellow":
        running = await collection.optimizations() if isinstance(collection, Optimizer) else None
        yield progress_words(state, running)
        await anyio.sleep(_LOOK_EVERY)


def progress_words(state: CollectionState, at_work: Optimizations | None) -> str:
    """The optimizers' progress, in one line."""
    share = f"{state.indexed_vectors:,} of {state.points:,} points indexed"
    running = [] if at_work is None else [_words(one) for one in at_work.running]
    queued = f"{at_work.queued:,} more wait" if at_work is not None and at_work.queued else ""
    return "; ".join(part for part in ("Qdrant optimizes", share, *running, queued) if part)


def _words(one: Optimization) -> str:
    done = "" if one.done is None or not one.total else f" {one.done / one.total:.0%}"
    return f"{one.optimizer} {one.stage}{done}".strip()
