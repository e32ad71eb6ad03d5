"""The ledger: our own tables, opened and brought to the current schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.ledger.database import Database, sqlite_file
from embedconsole.ledger.hosts.clock_jumps import ClockJumps
from embedconsole.ledger.hosts.history import Audits, History
from embedconsole.ledger.hosts.incidents import Incidents
from embedconsole.ledger.hosts.orders import Orders
from embedconsole.ledger.hosts.processes import Processes
from embedconsole.ledger.hosts.samples import Samples
from embedconsole.ledger.hosts.shared_gates import SharedGates
from embedconsole.ledger.items.counts import Overview
from embedconsole.ledger.items.deletions import Deletions
from embedconsole.ledger.items.failures import FailedItems
from embedconsole.ledger.items.generations import GenerationComparison, Generations
from embedconsole.ledger.items.kept_vectors import KeptVectors
from embedconsole.ledger.items.planned_items import PlannedItems
from embedconsole.ledger.items.rechecks import Rechecks
from embedconsole.ledger.items.settle import Work
from embedconsole.ledger.items.synced_items import SyncedItems
from embedconsole.ledger.migrate import migrate, schema_version

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of the ledger, by who needs it. Every method of its parts blocks."""

    database: Database
    generations: Generations
    planned_items: PlannedItems
    work: Work
    failures: FailedItems
    overview: Overview
    kept: KeptVectors
    processes: Processes
    history: History
    gates: SharedGates
    rechecks: Rechecks
    jumps: ClockJumps
    orders: Orders
    samples: Samples
    synced_items: SyncedItems
    audits: Audits
    comparison: GenerationComparison
    deletions: Deletions
    incidents: Incidents

    def at_once(self) -> Ledger:
        """The same ledger for callers that show whether it answers: it is not waited for while it is away."""
        return _on(self.database.at_once())

    def close(self) -> None:
        """Close all connections."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def ledger_exists(url: str) -> bool:
    """Whether there is a ledger behind the URL, of this or an older version; looks without creating anything.

    Raises:
        Transient, Refused: the database does not answer, or not to us.
        ConfigError: the ledger was written by a newer version.
    """
    return ledger_schema(url) is not None


def ledger_schema(url: str) -> str | None:
    """The version of the ledger's tables, whatever it is; None where there are none. Creates nothing.

    Raises:
        Transient, Refused: the database does not answer, or not to us.
        ConfigError: the ledger was written by a newer version.
    """
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return None
    database = Database(url)
    try:
        return schema_version(database)
    finally:
        database.close()


def open_ledger(url: str) -> Ledger:
    """Open a ledger, creating or migrating its tables when needed.

    Args:
        url: A SQLAlchemy URL with its driver.

    Raises:
        Transient, Refused: the database does not answer, or not to us.
        ConfigError: the ledger was written by a newer version.
    """
    database = Database(url)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return _on(database)


def _on(database: Database) -> Ledger:
    return Ledger(
        database=database,
        generations=Generations(database),
        planned_items=PlannedItems(database),
        work=Work(database),
        failures=FailedItems(database),
        overview=Overview(database),
        kept=KeptVectors(database),
        processes=Processes(database),
        history=History(database),
        gates=SharedGates(database),
        rechecks=Rechecks(database),
        jumps=ClockJumps(database),
        orders=Orders(database),
        samples=Samples(database),
        comparison=GenerationComparison(database),
        deletions=Deletions(database),
        synced_items=SyncedItems(database),
        audits=Audits(database),
        incidents=Incidents(database),
    )
