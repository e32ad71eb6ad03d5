"""PostgreSQL tells at once that there is something to take; a connection that is cut is made again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import anyio

from embedconsole.catalog.feed.names import CHANNEL
from embedconsole.retry import LISTEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger("embedconsole")

_HEAR_AT_LEAST_EVERY = 60.0
"""A link that died without a word is noticed by asking."""


async def keep_listening(connect: Mapping[str, Any], feed: str, wake: Callable[[], None]) -> None:
    """Call `wake` at each notification for this feed, and on connecting: one may have been missed.

    Never ends by itself. Nothing depends on it, so its faults are logged for debugging only.

    Args:
        connect: What psycopg connects with.
    """
    import psycopg

    failures = 0
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(**connect, autocommit=True)
            async with connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                failures = 0
                wake()
                await _hear(connection, feed, wake)
        except (psycopg.Error, OSError) as error:
            log.debug("not listening for the change feed %s: %s", feed, error)
        failures += 1
        await anyio.sleep(LISTEN.after(failures))


async def _hear(connection: Any, feed: str, wake: Callable[[], None]) -> None:
    while True:
        async for said in connection.notifies(timeout=_HEAR_AT_LEAST_EVERY):
            if said.payload == feed:
                wake()
        await connection.execute("SELECT 1")
