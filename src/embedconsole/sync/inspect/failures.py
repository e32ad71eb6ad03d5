"""The items of a pipeline that failed: listed, put back, skipped.

The console and the commands come through here, so that both see and do the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread

from embedconsole.ledger.failure_causes import CAUSE_BYTES
from embedconsole.ledger.records.failures import FailureFilter, FailureKind
from embedconsole.sync.run.components import components_of
from embedconsole.sync.run.generations import current_generation

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.failures import FailedItem, FailureGroup
    from embedconsole.sync.run.engine import Engine

T = TypeVar("T")

_CAUSES = 200
"""So many are shown at most; a text finds the others."""


@dataclass(frozen=True, slots=True)
class FailureOverview:
    """The failed items, by cause.

    Attributes:
        groups: The causes, most frequent first; then those that wait for a retry, and those skipped.
        causes, failed: How many causes there are, and items that failed; `groups` may have fewer.
    """

    groups: tuple[FailureGroup, ...] = ()
    causes: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class FailurePage:
    """Some of the items that failed, and how many there are in all."""

    items: tuple[FailedItem, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class ChosenFailures:
    """A choice of failed items: those of some groups, or those with some keys."""

    groups: tuple[FailureFilter, ...] = ()
    keys: tuple[str, ...] = ()


def failure_overview(ledger: Ledger, generation_id: int, text: str = "") -> FailureOverview:
    """The failed items with a text in their key or error, by cause; blocks."""
    groups = ledger.failures.groups(generation_id, text=text, limit=_CAUSES)
    others = [
        ledger.failures.gathered(generation_id, kind, text=text)
        for kind in (FailureKind.WAITING, FailureKind.SKIPPED)
    ]
    causes, failed = len(groups), sum(group.count for group in groups)
    if causes >= _CAUSES:
        causes = ledger.failures.causes(generation_id, text=text)
        failed = ledger.failures.count(generation_id, FailureFilter(text=text))
    return FailureOverview((*groups, *(one for one in others if one is not None)), causes, failed)


def put_back(ledger: Ledger, generation_id: int, chosen: ChosenFailures) -> int:
    """Return chosen items to the queue, with all their attempts; returns how many. Blocks."""
    count = sum(ledger.failures.retry(generation_id, among=among) for among in chosen.groups)
    return count + (ledger.failures.retry(generation_id, keys=chosen.keys) if chosen.keys else 0)


def skip_items(ledger: Ledger, generation_id: int, chosen: ChosenFailures) -> int:
    """Skip chosen items until their content changes; returns how many. Blocks."""
    count = sum(ledger.failures.skip(generation_id, among=among) for among in chosen.groups)
    return count + (ledger.failures.skip(generation_id, keys=chosen.keys) if chosen.keys else 0)


def cause_named(ledger: Ledger, generation_id: int, name: str) -> FailureFilter | None:
    """The cause that an operator names by the beginning of what it is asked for by; blocks.

    Returns:
        None where there is none, or more than one.
    """
    if len(name) == 2 * CAUSE_BYTES:
        return FailureFilter(cause=name)
    groups = ledger.failures.groups(generation_id, limit=_CAUSES)
    found = [group.among for group in groups if group.cause.startswith(name)]
    return found[0] if len(found) == 1 else None


# The same in the engine's loop; before the first run there is nothing.


async def failures_by_cause(engine: Engine, *, pipeline: str, text: str) -> FailureOverview:
    """The failed items of one of an engine's pipelines, grouped by cause."""

    def look(generation_id: int) -> FailureOverview:
        return failure_overview(engine.ledger, generation_id, text)

    return await _of(engine, pipeline, look) or FailureOverview()


async def failed_items(
    engine: Engine, *, pipeline: str, among: FailureFilter, limit: int, offset: int = 0
) -> FailurePage:
    """The items of a group, page by page."""

    def look(generation_id: int) -> FailurePage:
        failures = engine.ledger.failures
        return FailurePage(
            tuple(failures.page(generation_id, among, limit=limit, offset=offset)),
            failures.count(generation_id, among),
        )

    return await _of(engine, pipeline, look) or FailurePage()


async def retry_chosen(engine: Engine, *, pipeline: str, chosen: ChosenFailures) -> int:
    """Put items back as `put_back` does, and wake the workers."""
    count = await _of(engine, pipeline, lambda generation_id: put_back(engine.ledger, generation_id, chosen))
    engine.control.notify()
    return count or 0


async def skip_chosen(engine: Engine, *, pipeline: str, chosen: ChosenFailures) -> int:
    """Skip chosen failed items of one of an engine's pipelines; returns how many."""
    count = await _of(
        engine, pipeline, lambda generation_id: skip_items(engine.ledger, generation_id, chosen)
    )
    return count or 0


async def _of(engine: Engine, pipeline: str, work: Callable[[int], T]) -> T | None:
    """Do something in a thread about what a pipeline fills now; None where that is nothing yet."""

    def do() -> T | None:
        generation = current_generation(components_of(engine.all_components, pipeline), engine.ledger)
        return None if generation is None else work(generation.id)

    return await anyio.to_thread.run_sync(do)
