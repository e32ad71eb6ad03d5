"""The ledger's tables as an outsider sees them: what is in flight, who is there; and locks in the way."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Database

_SESSIONS = {
    "postgresql": "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
}
_BLOCKED = {"postgresql": " AND wait_event_type = 'Lock'", "mysql": " AND state LIKE 'Waiting for%lock'"}
_CUT = {"postgresql": "SELECT pg_terminate_backend({})", "mysql": "KILL {}"}


@dataclass(frozen=True)
class Run:
    """A row of the runs; times in milliseconds of the database's clock."""

    id: int
    worker: str
    kind: str
    started_at: int
    ended_at: int | None


@dataclass(frozen=True)
class LedgerRows:
    """Reads, and locks, the ledger in a database."""

    database: Database

    def batches(self) -> dict[str, int]:
        """Items in flight, by the process that holds them."""
        rows = self.database.rows(
            "SELECT worker_id, sum(item_count) FROM embedconsole_batches GROUP BY worker_id"
        )
        return {worker: int(count) for worker, count in rows}

    def in_flight(self) -> int:
        """Items in flight."""
        return sum(self.batches().values())

    def to_be_embedded(self) -> int:
        """Items in flight whose work is an embedding; 0 before the ledger has been made."""
        if not inspect(self.database.engine).has_table("embedconsole_batches"):
            return 0
        return int(
            self.database.scalar(
                "SELECT coalesce(sum(item_count), 0) FROM embedconsole_batches WHERE work = :embed",
                embed=State.EMBED.value,
            )
        )

    def claimed(self) -> int:
        """Items that nobody but their holder may claim now, or that still name a batch."""
        return int(self.database.scalar("SELECT count(*) FROM embedconsole_items WHERE batch_id IS NOT NULL"))

    def known(self) -> int:
        """Items that the ledger knows; 0 before it has been made."""
        if not inspect(self.database.engine).has_table("embedconsole_items"):
            return 0
        return int(self.database.scalar("SELECT count(*) FROM embedconsole_items"))

    def synced(self) -> int:
        """Items that are in sync; 0 before the ledger has been made."""
        if not self.known():
            return 0
        return int(self.database.scalar("SELECT count(*) FROM embedconsole_items WHERE state = 0"))

    def attempts(self) -> int:
        """Failed attempts that items were charged, all together."""
        return int(self.database.scalar("SELECT coalesce(sum(attempts), 0) FROM embedconsole_items"))

    def lease_holders(self) -> set[str]:
        """Who holds the lease of a pipeline."""
        return {
            owner
            for (owner,) in self.database.rows(
                "SELECT owner FROM embedconsole_leases WHERE owner IS NOT NULL"
            )
        }

    def leases_until(self) -> list[int]:
        """When the leases of the batches and of the runs end, unless they are extended."""
        rows = self.database.rows(
            "SELECT lease_until FROM embedconsole_batches UNION ALL SELECT until FROM embedconsole_leases"
        )
        return [int(until) for (until,) in rows]

    def now(self) -> int:
        """The clock that leases go by, in the same milliseconds."""
        return int(self.database.scalar(str(select(now_ms()).compile(self.database.engine))))

    def workers(self) -> set[str]:
        """The processes that have announced themselves and not left; none before the ledger has been made."""
        if not inspect(self.database.engine).has_table("embedconsole_workers"):
            return set()
        return {worker for (worker,) in self.database.rows("SELECT id FROM embedconsole_workers")}

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        rows = self.database.rows(
            "SELECT id, worker_id, kind, started_at, ended_at FROM embedconsole_runs ORDER BY id"
        )
        return [Run(*row) for row in rows]

    def told(self) -> str:
        """The messages of all events, a line each."""
        return "\n".join(
            message for (message,) in self.database.rows("SELECT message FROM embedconsole_events")
        )

    def let_leases_run_out(self) -> None:
        """As if nobody had extended a lease for a long time."""
        self.database.run(
            "UPDATE embedconsole_items SET due_at = 1 WHERE batch_id IS NOT NULL",
            "UPDATE embedconsole_batches SET lease_until = 1",
            "UPDATE embedconsole_leases SET until = 1",
        )

    def blocked(self) -> int:
        """Sessions that wait for a lock; a server's only, SQLite keeps no list."""
        dialect = self.database.dialect
        return len(self.database.rows(_SESSIONS[dialect] + _BLOCKED[dialect]))

    @contextmanager
    def locked(self, *tables: str) -> Iterator[None]:
        """Whoever wants to write to these tables waits (on SQLite: to any table)."""
        with self.database.engine.connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            if self.database.dialect == "sqlite":
                connection.exec_driver_sql("PRAGMA busy_timeout = 30000")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            elif self.database.dialect == "postgresql":
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
            else:
                connection.exec_driver_sql(f"LOCK TABLES {', '.join(f'{name} READ' for name in tables)}")
            try:
                yield
            finally:
                release = "UNLOCK TABLES" if self.database.dialect == "mysql" else "ROLLBACK"
                connection.exec_driver_sql(release)

    def cut_connections(self, *, blocked: bool = False) -> int:
        """Have the server end every session of this database but ours, or those that wait for a lock.

        Returns:
            How many there were.
        """
        dialect = self.database.dialect
        with self.database.engine.connect() as connection:
            chosen = _SESSIONS[dialect] + (_BLOCKED[dialect] if blocked else "")
            others = list(connection.scalars(text(chosen)))
            for session in others:
                try:
                    connection.execute(text(_CUT[dialect].format(session)))
                except DBAPIError as error:
                    # It may have ended by itself meanwhile.
                    if "Unknown thread" not in str(error.orig):
                        raise
        return len(others)
