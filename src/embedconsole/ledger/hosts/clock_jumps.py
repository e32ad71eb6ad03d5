"""The database's clock set back: what was to end soon must not last for as long as the clock was ahead.

A clock set forward needs nothing: leases end early, and a worker whose lease is gone changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import case, select, update

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.hosts.processes import RUN_LEASE_SECONDS
from embedconsole.ledger.items.claim import LEASE_SECONDS
from embedconsole.ledger.items.crash_counts import LATE_WRITES_SECONDS
from embedconsole.ledger.schema import batches, gates, generations, items, leases, rechecks
from embedconsole.ledger.state import WORK
from embedconsole.retry_after import MAX_RETRY_AFTER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from embedconsole.ledger.database import Database

_SLACK = 60.0


class ClockJumps:
    """Times that lie further ahead than anything is ever put off."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def repair(self, pipelines: Sequence[str], longest_wait: float) -> int:
        """Shorten times that lie too far ahead; each lease holder then has a full term to renew.

        Args:
            longest_wait: Seconds that these pipelines put an item off at most.

        Returns:
            How many items it was.
        """
        ours = select(generations.c.id).where(generations.c.pipeline.in_(pipelines))
        unheld = case((items.c.batch_id.is_(None), now_ms()), else_=_in(LEASE_SECONDS))
        late_items = (
            update(items)
            .where(
                items.c.generation_id.in_(ours),
                items.c.state.in_([state.value for state in WORK]),
                items.c.due_at > _in(max(longest_wait, LEASE_SECONDS) + _SLACK),
            )
            .values(due_at=unheld)
        )
        others = (
            (batches.c.lease_until, LEASE_SECONDS),
            (leases.c.until, RUN_LEASE_SECONDS),
            (gates.c.until, MAX_RETRY_AFTER),
            (rechecks.c.due_at, LATE_WRITES_SECONDS),
        )

        def work(connection: Connection) -> int:
            for column, seconds in others:
                late = update(column.table).where(column > _in(seconds + _SLACK))
                connection.execute(late.values({column.name: _in(seconds)}))
            return connection.execute(late_items).rowcount

        return self._database.write(work)


def _in(seconds: float) -> ColumnElement[int]:
    return now_ms() + int(seconds * 1000)
