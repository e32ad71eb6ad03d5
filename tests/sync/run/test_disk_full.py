"""The disk of a ledger file is full as a run begins, and has room again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import event

from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome
from sync.driving import report_of

if TYPE_CHECKING:
    import sqlite3

    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from support.shop import Shop
    from sync.rig import HeldEmbedder, MemoryCollection

_ROOMY = 1_000_000


class Disk:
    """What room a ledger's connections find; each has a limit of its own in SQLite."""

    def __init__(self) -> None:
        self.full = False

    def limit(self, connection: sqlite3.Connection, *_: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0] if self.full else _ROOMY
        connection.execute(f"PRAGMA max_page_count = {pages}")


def test_the_run_stops_with_a_remedy_and_the_next_one_ends_the_work(
    handle: EngineHandle, embedder: HeldEmbedder, collection: MemoryCollection, shop: Shop
) -> None:
    disk = Disk()
    event.listen(handle._engine.ledger.history._database.engine, "checkout", disk.limit)
    embedder.go.set()
    assert report_of(handle.run(RunOptions())).outcome is Outcome.OK
    shop.add(range(21, 301))
    disk.full = True

    report = report_of(handle.run(RunOptions()))

    assert report.outcome is Outcome.ABORTED
    assert report.message == (
        "ledger: database or disk is full; no attempts used. Make room on the database's disk"
    )
    assert report.failed == 0
    disk.full = False
    report = report_of(handle.run(RunOptions()))
    assert (report.outcome, report.failed, report.pending) == (Outcome.OK, 0, 0)
    assert set(collection.points) == set(range(1, 301))
