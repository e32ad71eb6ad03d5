"""Chosen moments to die: SIGKILL before or after the n-th time that the program comes to a point.

`EMBEDCONSOLE_TEST_KILL=after:write:2` kills it when the second write has been confirmed and nothing else has
been done. The program's own functions are wrapped, because from outside these moments can't be met.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from support.program import PREPARE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Side = Literal["before", "after"]

_CHOSEN = "EMBEDCONSOLE_TEST_KILL"
_PLACES = {
    "plan": ("embedconsole.ledger.items.planned_items", "PlannedItems", "apply"),
    "claim": ("embedconsole.ledger.items.settle", "Work", "claim"),
    "read": ("embedconsole.catalog.sql_catalog", "SqlCatalog", "read"),
    "embed": ("embedconsole.embedders.http", "ItemsEmbedder", "embed"),
    "write": ("embedconsole.collection.qdrant.server", "ServerCollection", "upsert"),
    "payload": ("embedconsole.collection.qdrant.server", "ServerCollection", "update"),
    "delete": ("embedconsole.collection.qdrant.server", "ServerCollection", "delete"),
    "alias": ("embedconsole.collection.qdrant.server", "ServerCollection", "take_alias"),
    "promote": ("embedconsole.ledger.items.generations", "Generations", "promote"),
    "settle": ("embedconsole.ledger.items.settle", "Work", "settle"),
    "write-back": ("embedconsole.catalog.sql_catalog", "SqlCatalog", "write_back"),
}
STAGES = tuple(stage for stage in _PLACES if stage not in ("alias", "promote"))
"""Those that a run comes to; the others are a re-index's."""
"""What every run comes by."""
_PLACES["acknowledge"] = ("embedconsole.catalog.feed.outbox", "SqlFeed", "acknowledge")
OFTEN = frozenset({"claim", "read", "settle"})
"""Stages that even a small run comes to several times."""


@dataclass(frozen=True, slots=True)
class KillPoint:
    """Where to die.

    Attributes:
        times: How often it comes there in all; the last time is its end.
    """

    side: Side
    stage: str
    times: int = 1

    def __str__(self) -> str:
        return f"{self.side} {self.stage}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes a program die there."""
        return {
            PREPARE: f"{__name__}:arm",
            _CHOSEN: f"{self.side}:{self.stage}:{self.times}",
        }


def arm() -> None:
    """In the program, before its `main()`: wrap the function of the chosen point."""
    side, stage, times = os.environ[_CHOSEN].split(":")
    module, owner, name = _PLACES[stage]
    found = getattr(importlib.import_module(module), owner)
    function = getattr(found, name)
    wrap = _around_async if inspect.iscoroutinefunction(function) else _around
    setattr(found, name, wrap(function, side, _Fuse(int(times), stage)))


@dataclass(slots=True)
class _Fuse:
    left: int
    stage: str

    def burn(self, result: object) -> None:
        """One time less; the last one ends the process."""
        if self.stage == "claim" and result is None:
            return  # nothing was due
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


_BEFORE = object()


def _around(function: Callable[..., Any], side: str, fuse: _Fuse) -> Callable[..., Any]:
    @functools.wraps(function)
    def around(*arguments: Any, **named: Any) -> Any:
        if side == "before":
            fuse.burn(_BEFORE)
        result = function(*arguments, **named)
        if side == "after":
            fuse.burn(result)
        return result

    return around


def _around_async(function: Callable[..., Any], side: str, fuse: _Fuse) -> Callable[..., Any]:
    @functools.wraps(function)
    async def around(*arguments: Any, **named: Any) -> Any:
        if side == "before":
            fuse.burn(_BEFORE)
        result = await function(*arguments, **named)
        if side == "after":
            fuse.burn(result)
        return result

    return around
