"""From a key to the picture, with a million products waiting, 100,000 failures and the engine at full speed.

    python -m benchmarks.console --items 1000000 --failed 100000

The real program in a terminal of its own, 80x24. The baseline is the same console on a small shop at rest.
Times are from writing the key to having read the heading of what it shows, the terminal's side included.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import update

from benchmarks.seed import plan
from benchmarks.sync import ROOT, configuration, make_catalog, server
from embedconsole.ledger.database import Database
from embedconsole.ledger.dialect import now_ms
from embedconsole.ledger.failure_causes import cause_of
from embedconsole.ledger.schema import items
from embedconsole.ledger.state import State

sys.path.insert(0, str(ROOT / "tests"))
from console.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEYS = (
    ("2", "What happened"),
    ("4", "Runs"),
    ("0", "Pipelines"),
    ("3", "ectors"),
    ("1", "Backlog"),
    ("?", "Keys"),
)
"""What is pressed, and what can then be read that could not before."""

_ERROR = "the vector has 511 dimensions, 512 were expected"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--failed", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    service = [
        *(sys.executable, "-m", "support.embedding_service", "--with-parent"),
        *("--base-seconds", "0.05", "--item-seconds", "0.0002", "--slots", "8"),
    ]
    sys.stdout.write(f"{'':44}{'keys':>6}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'first paint s':>15}\n")
    with (
        server(service, environment) as embedder,
        server([sys.executable, "-m", "benchmarks.sink"], environment) as qdrant,
    ):
        for name, count, failed in (
            ("a small shop at rest", 100, 0),
            (f"{options.items:,} waiting, {options.failed:,} failed, syncing", options.items, options.failed),
        ):
            with tempfile.TemporaryDirectory() as folder:
                config = configuration(Path(folder), f"{embedder}/embed", qdrant, 100, 8)
                make_catalog(Path(folder) / "shop.db", count)
                if failed:
                    _fill(config, f"sqlite:///{folder}/ledger.db", failed)
                _row(name, *_measure(config, Path(folder), options.rounds, busy=bool(failed)))


def _fill(config: Path, ledger: str, failed: int) -> None:
    """Plan the catalog, so that all of it waits, and let some of it have failed."""
    plan(config, ledger)
    database = Database(ledger)
    database.execute(
        update(items)
        .where(items.c.id <= failed)
        .values(
            state=State.FAILED.value,
            error_class="item",
            error=_ERROR,
            cause=cause_of("item", _ERROR),
            failed_at=now_ms(),
            attempts=1,
        )
    )
    database.close()


def _measure(config: Path, folder: Path, rounds: int, *, busy: bool) -> tuple[list[float], float]:
    """Seconds from key to picture, one a key, and from the start to the first picture."""
    environment = {**os.environ, "EMBEDCONSOLE_STATE_DIR": str(folder), "EMBEDCONSOLE_LOG_DIR": str(folder)}
    times = []
    with Terminal(("--config", str(config)), environment) as terminal:
        first = terminal.read_until("Backlog")
        terminal.read_until(r"Syncing [\d,]+ products" if busy else "In sync")
        for _ in range(rounds):
            for key, shown in _KEYS:
                terminal.written.clear()
                began = time.perf_counter()
                terminal.press(key)
                terminal.read_until(shown)
                times.append(time.perf_counter() - began)
                terminal.read(0.13)
            terminal.press("q")  # closes the list of keys
            terminal.read(0.3)
        terminal.press("qq")
        terminal.ended()
    return times, first


def _row(name: str, times: Sequence[float], first: float) -> None:
    ordered = sorted(times)
    p50, p99 = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99))
    sys.stdout.write(
        f"{name:44}{len(ordered):>6}{p50 * 1000:>9.0f}{p99 * 1000:>9.0f}"
        f"{ordered[-1] * 1000:>9.0f}{first:>15.2f}\n"
    )


if __name__ == "__main__":
    main()
