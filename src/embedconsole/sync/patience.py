"""Calling the ledger when it may be away for a moment: its server restarts, a connection is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from embedconsole.faults import Transient
from embedconsole.sync.consequences import waits
from embedconsole.sync.flow import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.sync.journal import Journal

T = TypeVar("T")

_TRIES = 5
_PAUSE = 1.0
"""Seconds before the second try; before the third twice that, and so on."""


async def in_ledger(work: Callable[[], T], journal: Journal, who: str) -> T:
    """Call the ledger in a thread, again for ten seconds in all while it is away.

    Args:
        work: Must bear to be done twice: the first answer may be what got lost.
        who: Who waits, for the journal.

    Raises:
        Stop: it stays away.
        Refused: as it comes.
    """
    for tries in range(1, _TRIES + 1):
        try:
            return await anyio.to_thread.run_sync(work)
        except Transient as fault:
            if tries == _TRIES:
                raise Stop(fault) from fault
            pause = _PAUSE * tries
            journal.note("warning", fault.kind, f"{who} waits: {waits(fault, pause)}")
            await anyio.sleep(pause)
    raise AssertionError("unreachable")
