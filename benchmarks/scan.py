"""A run in which nothing has changed, over a large catalog: by the watermark, and row by row.

    python -m benchmarks.scan --items 1000000
    python -m benchmarks.scan --items 200000 --ledger postgresql://postgres@127.0.0.1/test

The ledger is made by planning the catalog and taking all of it as synced, so that nothing is embedded. The
baseline reads and hashes the same rows and compares them with nothing. Each row is a whole process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.ledger_place import fresh_ledger
from benchmarks.sync import ROOT, Run, configuration, make_catalog, measured

_NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there: a run with nothing to do asks nobody."""
_BY_HAND = """
import hashlib, sqlite3, sys, orjson
rows = sqlite3.connect(sys.argv[1]).execute("SELECT * FROM products ORDER BY id")
columns = [column[0] for column in rows.description]
for row in rows:
    values = dict(zip(columns, row))
    hashlib.blake2b(orjson.dumps(values, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--ledger", default="sqlite", help="sqlite, or the URL of a server's database")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        fresh_ledger(options.ledger, Path(name)) as ledger,
    ):
        _measure(Path(name), options.items, ledger)


def _measure(folder: Path, count: int, ledger: str) -> None:
    make_catalog(folder / "shop.db", count)
    config = configuration(folder, _NOWHERE, _NOWHERE, 100, 8, ledger=ledger)
    environment = {
        **os.environ,
        "EMBEDCONSOLE_STATE_DIR": str(folder / "state"),
        "EMBEDCONSOLE_LOG_DIR": str(folder),
    }
    seed = [sys.executable, "-m", "benchmarks.seed", str(config), ledger]
    subprocess.run(seed, env=environment, cwd=ROOT, check=True)
    ours = [sys.executable, "-m", "embedconsole", "--headless", "--once", "--json", "--config", str(config)]
    sys.stdout.write(f"{count:,} products, nothing changed\n{'':24}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}\n")
    by_hand = [sys.executable, "-c", f"{_BY_HAND}\nprint()", str(folder / "shop.db")]
    _row("read and hash by hand", measured(by_hand, environment))
    _row("full scan", measured([*ours, "--full"], environment))
    _row("by the watermark", measured(ours, environment))
    empty = folder / "empty"
    empty.mkdir()
    make_catalog(empty / "shop.db", 0)
    nothing = [*ours[:-1], str(configuration(empty, _NOWHERE, _NOWHERE, 100, 8))]
    measured(nothing, environment)  # makes the ledger
    _row("an empty catalog", measured(nothing, environment))


def _row(name: str, run: Run) -> None:
    sys.stdout.write(f"{name:24}{run.wall:>9.2f}{run.cpu:>9.2f}{run.memory:>9.0f}\n")


if __name__ == "__main__":
    main()
