"""How fast a ledger gives out batches and takes them back, with nothing done in between.

    python -m benchmarks.claims --items 50000 --ledger postgresql://postgres@127.0.0.1/test

Each process claims a batch and settles it as written, one after the other, until nothing is due. What the
whole of a sync can reach on this ledger is at most this, however many embedders there are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.ledger_place import fresh_ledger
from benchmarks.seed import plan
from benchmarks.sync import ROOT, configuration, make_catalog
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.items import Hashes
from embedconsole.ledger.records.work import Settlement
from embedconsole.sync.run.process import this_worker

_NOWHERE = "http://127.0.0.1:9"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--ledger", default="sqlite", help="sqlite, or the URL of a server's database")
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--work", metavar="LEDGER", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        _work(options.work, options.batch)
        return
    place = options.ledger.partition("://")[0]
    sys.stdout.write(
        f"{options.items:,} items, ledger on {place}, batches of {options.batch}; "
        f"load {os.getloadavg()[0]:.1f}\n"
        f"{'':16}{'batches/s':>10}{'items/s':>10}{'plan s':>9}\n"
    )
    for count in options.processes:
        with tempfile.TemporaryDirectory() as name, fresh_ledger(options.ledger, Path(name)) as ledger:
            make_catalog(Path(name) / "shop.db", options.items)
            began = time.perf_counter()
            plan(configuration(Path(name), _NOWHERE, _NOWHERE, options.batch, 8), ledger)
            planned = time.perf_counter() - began
            rate = _rate(ledger, count, options.batch)
        name = f"{count} process{'es' if count > 1 else ''}"
        sys.stdout.write(f"{name:16}{rate:>10,.0f}{rate * options.batch:>10,.0f}{planned:>9.2f}\n")
        sys.stdout.flush()


def _rate(ledger: str, count: int, batch: int) -> float:
    """Batches a second of all processes together, while all of them are at it."""
    command = [sys.executable, "-m", "benchmarks.claims", "--work", ledger, "--batch", str(batch)]
    workers = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for worker in workers:
        assert worker.stdout is not None
        worker.stdout.readline()
    began = time.perf_counter()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    done = sum(int(worker.communicate()[0]) for worker in workers)
    return done / (time.perf_counter() - began)


def _work(url: str, limit: int) -> None:
    with open_ledger(url) as ledger:
        generation = ledger.generations.current("products")
        assert generation is not None
        me = this_worker("bench")
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        count = 0
        while (batch := ledger.work.claim(generation.id, worker_id=me.id, slot=1, limit=limit)) is not None:
            written = [
                (item, Hashes(item.desired_embed, item.desired_payload))
                for item in batch.items
                if item.desired_embed is not None and item.desired_payload is not None
            ]
            ledger.work.settle(batch, Settlement(written=written))
            count += 1
    sys.stdout.write(f"{count}\n")


if __name__ == "__main__":
    main()
