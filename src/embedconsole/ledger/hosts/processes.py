"""The processes that run, and the lease that says which of them runs a pipeline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.items.settle import leave
from embedconsole.ledger.records.processes import Lease, Process
from embedconsole.ledger.schema import leases, workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from embedconsole.ledger.database import Database

RUN_LEASE_SECONDS = 60.0
"""A run that is not heard of for this long may be taken over."""

_FORGOTTEN_AFTER_MS = 86_400_000


class Processes:
    """The workers and leases of all processes on this ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def announce(self, worker: Process) -> None:
        """Say that this process is here and what it does, now and at every heartbeat."""
        status = None if worker.status is None else json.dumps(worker.status)
        seen = update(workers).where(workers.c.id == worker.id).values(seen_at=now_ms(), status=status)
        new = insert(workers).values(
            id=worker.id,
            host=worker.host,
            place=worker.place,
            pid=worker.pid,
            version=worker.version,
            started_at=now_ms(),
            seen_at=now_ms(),
            role=worker.role,
            status=status,
        )

        def work(connection: Connection) -> None:
            if connection.execute(seen).rowcount == 0:
                connection.execute(new)
            connection.execute(delete(workers).where(workers.c.seen_at < now_ms() - _FORGOTTEN_AFTER_MS))

        self._database.write(work)

    def leave(self, worker_ids: Sequence[str]) -> None:
        """Remove workers; their batches and leases are released."""

        def work(connection: Connection) -> None:
            leave(connection, worker_ids)
            connection.execute(delete(workers).where(workers.c.id.in_(worker_ids)))
            held = update(leases).where(leases.c.owner.in_(worker_ids))
            connection.execute(held.values(owner=None, until=0))

        self._database.write(work)

    def workers(self) -> list[Process]:
        """All processes that have not left, those that came first first."""
        query = select(
            workers.c.id,
            workers.c.host,
            workers.c.place,
            workers.c.pid,
            workers.c.version,
            ((now_ms() - workers.c.seen_at) / 1000.0).label("silent_for"),
            ((now_ms() - workers.c.started_at) / 1000.0).label("up_for"),
            workers.c.role,
            workers.c.status,
        ).order_by(workers.c.started_at, workers.c.id)
        rows = self._database.rows(query)
        return [
            Process(
                row.id,
                row.host,
                row.place,
                row.pid,
                row.version,
                silent_for=float(row.silent_for),
                up_for=float(row.up_for),
                role=row.role,
                status=None if row.status is None else json.loads(row.status),
            )
            for row in rows
        ]

    def acquire(self, names: Sequence[str], owner: str) -> list[Lease] | str:
        """Take all of the named leases or none.

        Returns:
            The leases, or the owner of the first one that another process holds.
        """

        def work(connection: Connection) -> list[Lease] | str:
            taken = []
            for name in sorted(names):
                row = connection.execute(
                    select(leases.c.owner, leases.c.term, leases.c.until < now_ms())
                    .where(leases.c.name == name)
                    .with_for_update()
                ).first()
                if row is None:
                    connection.execute(insert(leases).values(name=name, owner=owner, term=1, until=_until()))
                    taken.append(Lease(name, owner, 1))
                    continue
                holder, term, expired = row
                if holder not in (None, owner) and not expired:
                    connection.rollback()
                    return str(holder)
                change = update(leases).where(leases.c.name == name)
                connection.execute(change.values(owner=owner, term=term + 1, until=_until()))
                taken.append(Lease(name, owner, term + 1))
            return taken

        return self._database.write(work)

    def extend(self, held: Sequence[Lease]) -> bool:
        """Extend leases by `RUN_LEASE_SECONDS` from now; False when one of them has been lost."""

        def work(connection: Connection) -> bool:
            count = 0
            for lease in held:
                change = update(leases).where(
                    leases.c.name == lease.name, leases.c.owner == lease.owner, leases.c.term == lease.term
                )
                count += connection.execute(change.values(until=_until())).rowcount
            return count == len(held)

        return self._database.write(work)

    def release(self, held: Sequence[Lease]) -> None:
        """Give leases up; those that were lost are left alone."""

        def work(connection: Connection) -> None:
            for lease in held:
                change = update(leases).where(
                    leases.c.name == lease.name, leases.c.owner == lease.owner, leases.c.term == lease.term
                )
                connection.execute(change.values(owner=None, until=0))

        self._database.write(work)

    def holder(self, name: str) -> str | None:
        """The present holder of a lease."""
        query = select(leases.c.owner).where(leases.c.name == name, leases.c.until >= now_ms())
        owner: str | None = self._database.scalar(query)
        return owner


def _until() -> object:
    return now_ms() + int(RUN_LEASE_SECONDS * 1000)
