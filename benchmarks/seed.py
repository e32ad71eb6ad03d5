"""Make the ledger of a catalog as if all of it had been synced: planned, and taken as written.

Runs as `python -m benchmarks.seed CONFIG LEDGER`, in a process of its own, because what a process that is
measured is started by counts towards its peak memory.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy import update

from embedconsole.config.load import load
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.ledger.database import Database
from embedconsole.ledger.schema import items
from embedconsole.ledger.state import State
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.shared.options import RunOptions


def plan(config: Path, ledger: str) -> None:
    """Plan the catalog: all of it waits."""
    with engine_in_thread(resolve_pipelines(load(config).settings, ()), ledger) as engine:
        engine.run(RunOptions(full=True, limit=0)).result()


def main(config: Path, ledger: str) -> None:
    """Plan the catalog, and take what is wanted as what is there."""
    plan(config, ledger)
    database = Database(ledger)
    database.execute(
        update(items).values(
            synced_embed_hash=items.c.desired_embed_hash,
            synced_payload_hash=items.c.desired_payload_hash,
            state=State.SYNCED.value,
        )
    )
    database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
