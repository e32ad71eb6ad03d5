"""First sync, no-change run and a 1 % change run, beside a loop written by hand without tracking.

    python -m benchmarks.sync --items 100000

Everything is real but the two services: a loopback embedding service with a stated latency, and a Qdrant
that confirms and forgets. Each row is a whole process, start to end, measured by the operating system.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parent.parent
_SCHEMA = """
CREATE TABLE products (id INTEGER PRIMARY KEY, sku TEXT, title TEXT, description TEXT, category TEXT,
  price REAL, image_url TEXT, color TEXT, updated_at TEXT);
CREATE INDEX products_updated ON products (updated_at);
"""
_DESCRIPTION = "A light and sturdy thing for every day, made of {material}, in {color}. Number {number}."


@dataclass(frozen=True)
class Run:
    """One process: wall and CPU seconds, peak memory in MB, what it printed last."""

    wall: float
    cpu: float
    memory: float
    out: str


def measured(command: Sequence[str], environment: dict[str, str]) -> Run:
    """Run a command to its end, measured by the operating system's own accounting."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        out.seek(0)
        text = out.read().decode()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text.splitlines()[-1])


def make_catalog(path: Path, count: int) -> None:
    """A catalog of `count` products."""
    with sqlite3.connect(path) as connection:
        connection.executescript(_SCHEMA)
        connection.executemany(
            "INSERT INTO products VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
            " datetime('2025-01-01', ?1 || ' seconds'))",
            (
                (
                    number,
                    f"SKU-{number:07d}",
                    f"Product number {number}",
                    _DESCRIPTION.format(material="wool", color="red", number=number),
                    "Things",
                    number % 100 + 0.95,
                    f"https://shop.example/{number}.jpg",
                    "red",
                )
                for number in range(1, count + 1)
            ),
        )


def configuration(
    folder: Path, service: str, qdrant: str, batch: int, slots: int, ledger: str | None = None
) -> Path:
    """The configuration of the measured runs."""
    path = folder / "embedconsole.yaml"
    settings = {
        "ledger": ledger or f"sqlite:///{folder / 'ledger.db'}",
        "embedders": {"ml": {"type": "http", "url": service, "batch_size": batch, "concurrency": slots}},
        "pipelines": {
            "products": {
                "catalog": {
                    "url": f"sqlite:///{folder / 'shop.db'}",
                    "table": "products",
                    "changed": "updated_at",
                },
                "embed": {
                    "embedder": "ml",
                    "text": "{title}\n{description}",
                    "image": "{image_url}",
                    "fields": {"name": "title", "description": "description"},
                },
                "collection": {"url": qdrant, "name": "products"},
            }
        },
        "chunk_size": batch,
        "workers": slots,
    }
    path.write_text(json.dumps(settings), encoding="utf-8")
    return path


@contextmanager
def server(command: Sequence[str], environment: dict[str, str]) -> Iterator[str]:
    """A server that prints its port and ends when its standard input is closed; gives its address."""
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--slots", type=int, default=8, help="requests that the service serves at once")
    parser.add_argument("--base-ms", type=float, default=50.0)
    parser.add_argument("--item-ms", type=float, default=0.2)
    options = parser.parse_args()
    # As an installation does it: in a checkout without bytecode every start would compile our modules.
    compileall.compile_dir(ROOT / "src", quiet=1)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    service_command = [
        *(sys.executable, "-m", "support.embedding_service", "--with-parent"),
        *("--base-seconds", str(options.base_ms / 1000), "--item-seconds", str(options.item_ms / 1000)),
        *("--slots", str(options.slots)),
    ]
    with (
        tempfile.TemporaryDirectory() as name,
        server(service_command, environment) as service,
        server([sys.executable, "-m", "benchmarks.sink"], environment) as qdrant,
    ):
        _measure(Path(name), f"{service}/embed", qdrant, options, environment)


def _measure(
    folder: Path, service: str, qdrant: str, options: argparse.Namespace, environment: dict[str, str]
) -> None:
    count, batch, slots = options.items, options.batch, options.slots
    make_catalog(folder / "shop.db", count)
    config = configuration(folder, service, qdrant, batch, slots)
    environment = {
        **environment,
        "EMBEDCONSOLE_STATE_DIR": str(folder / "state"),
        "EMBEDCONSOLE_LOG_DIR": str(folder),
    }
    ours = [sys.executable, "-m", "embedconsole", "--headless", "--once", "--json", "--config", str(config)]
    by_hand = [sys.executable, "-m", "benchmarks.by_hand", str(folder / "shop.db"), service, qdrant]
    sys.stdout.write(
        f"{count:,} products, 512 dimensions, batches of {batch}; the service takes {options.base_ms:g} ms + "
        f"{options.item_ms:g} ms an item, {slots} requests at once\n"
        f"{'':22}{'items/s':>9}{'wall s':>9}{'CPU us/item':>13}{'peak MB':>9}{'requests':>10}\n"
    )
    baseline = measured([*by_hand, str(batch), str(slots)], environment)
    _row("by hand, no tracking", baseline, count, "")
    first = measured(ours, environment)
    _row("first sync", first, count, _requests(first))
    nothing = measured(ours, environment)
    _row("no change", nothing, count, _requests(nothing))
    full = measured([*ours, "--full"], environment)
    _row("no change, full scan", full, count, _requests(full))
    _change(folder / "shop.db")
    changed = measured(ours, environment)
    _row("1 % changed", changed, count // 100, _requests(changed))
    sys.stdout.write(
        f"first sync / by hand: {baseline.wall / first.wall:.2f} of its speed, "
        f"{first.cpu / baseline.cpu:.2f} of its CPU\n"
    )


def _row(name: str, run: Run, items: int, requests: str) -> None:
    sys.stdout.write(
        f"{name:22}{items / run.wall:>9,.0f}{run.wall:>9.2f}{run.cpu / items * 1e6:>13.1f}"
        f"{run.memory:>9.0f}{requests:>10}\n"
    )


def _requests(run: Run) -> str:
    report = json.loads(run.out)
    return f"{report['pipelines']['products']['embed_requests']:,}"


def _change(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(
            "UPDATE products SET title = title || '!', updated_at = '2026-01-02 00:00:00' WHERE id % 100 = 0"
        )


if __name__ == "__main__":
    main()
