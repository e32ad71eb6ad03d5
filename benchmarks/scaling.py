"""One process, many processes, or a queue: the same first sync on one ledger, and what that then weighs.

    python -m benchmarks.scaling --items 20000 --ledger sqlite
    python -m benchmarks.scaling --ledger postgresql://postgres@127.0.0.1/test --broker redis://127.0.0.1/14

Processes are daemons (`--headless`) or Celery workers with one process each, all on this machine. The time
runs from the beginning of the first run in the ledger to the last item in sync, so starting up is not in it;
the CPU time is that of whole processes, starting up and all. The catalog is a SQLite file, the embedding
service takes its time and serves as many at once as ask, and Qdrant is one that confirms and forgets.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import NullPool, create_engine, text

from benchmarks.ledger_place import bytes_on_disk, fresh_ledger
from benchmarks.sync import ROOT, configuration, make_catalog, measured, server
from embedconsole.ledger.ledger import open_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BATCH = 100
_POLL = 0.1


@dataclass(frozen=True)
class Setting:
    """What a row is measured in."""

    config: Path
    folder: Path
    ledger: str
    environment: Mapping[str, str]
    items: int


@dataclass(frozen=True)
class Row:
    """Seconds from the first run's beginning to the last item in sync, and CPU seconds of all processes."""

    wall: float
    cpu: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--ledger", default="sqlite", help="sqlite, or the URL of a server's database")
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--broker", help="also with Celery workers on this broker")
    parser.add_argument("--celery", type=int, nargs="*", default=[3])
    parser.add_argument("--slots", type=int, default=8, help="batches that a process embeds at a time")
    parser.add_argument("--base-ms", type=float, default=50.0)
    parser.add_argument("--item-ms", type=float, default=0.2)
    options = parser.parse_args()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    service = [
        *(sys.executable, "-m", "support.embedding_service", "--with-parent"),
        *("--base-seconds", str(options.base_ms / 1000), "--item-seconds", str(options.item_ms / 1000)),
    ]
    place = options.ledger.partition("://")[0]
    sys.stdout.write(
        f"{options.items:,} products, ledger on {place}; batches of {_BATCH}, "
        f"{options.slots} requests a process; "
        f"the service takes {options.base_ms:g} ms + {options.item_ms:g} ms an item; "
        f"load {os.getloadavg()[0]:.1f}\n"
        f"{'':24}{'items/s':>9}{'wall s':>9}{'CPU us/item':>13}{'bytes/item':>12}{'tidied':>8}"
        f"{'full scan s':>13}{'its CPU s':>11}\n"
    )
    rows: list[tuple[str, int, str | None]] = [
        (f"{count} daemon{'s' if count > 1 else ''}", count, None) for count in options.processes
    ]
    if options.broker:
        rows += [(f"{count} Celery workers", count, options.broker) for count in options.celery]
    with (
        server(service, environment) as embedder,
        server([sys.executable, "-m", "benchmarks.sink"], environment) as qdrant,
    ):
        for name, count, broker in rows:
            with (
                tempfile.TemporaryDirectory() as folder,
                fresh_ledger(options.ledger, Path(folder)) as ledger,
            ):
                make_catalog(Path(folder) / "shop.db", options.items)
                config = configuration(
                    Path(folder), f"{embedder}/embed", qdrant, _BATCH, options.slots, ledger
                )
                here = _setting(config, ledger, broker, options.items)
                _print(name, here, _daemons(here, count) if broker is None else _celery(here, count))


def _setting(config: Path, ledger: str, broker: str | None, items: int) -> Setting:
    folder = config.parent
    settings = json.loads(config.read_text(encoding="utf-8"))
    # The stand-in knows a collection by its name, and has it from the row before.
    settings["pipelines"]["products"]["collection"]["name"] = f"products_{uuid.uuid4().hex}"
    if broker is not None:
        settings["celery"] = {"broker": broker, "queue": f"bench-{uuid.uuid4().hex}"}
    config.write_text(json.dumps(settings), encoding="utf-8")
    with open_ledger(ledger):
        pass
    return Setting(
        config,
        folder,
        ledger,
        {
            **os.environ,
            "EMBEDCONSOLE_CONFIG": str(config),
            "EMBEDCONSOLE_STATE_DIR": str(folder / "state"),
            "EMBEDCONSOLE_LOG_DIR": str(folder),
        },
        items,
    )


def _daemons(here: Setting, count: int) -> Row:
    command = [sys.executable, "-m", "embedconsole", "--headless", "--config", str(here.config)]
    programs = [_start(command, here) for _ in range(count)]
    wall = _wait_for_all(here)
    return Row(wall, _ended(programs))


def _celery(here: Setting, count: int) -> Row:
    celery = [sys.executable, "-m", "celery", "-A", "embedconsole.celery"]
    worker = [*celery, "worker", "--concurrency", "1", "--loglevel", "info", "--hostname"]
    programs = [_start([*worker, f"bench{number}@%h"], here) for number in range(count)]
    while _asked(here, "SELECT count(*) FROM embedconsole_workers") < count:
        time.sleep(_POLL)
    call = [*celery, "call", "embedconsole.plan", "--args", '["products"]']
    subprocess.run(call, env=here.environment, cwd=here.folder, check=True, stdout=subprocess.DEVNULL)
    wall = _wait_for_all(here)
    return Row(wall, _ended(programs))


def _start(command: Sequence[str], here: Setting) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=here.environment,
        cwd=here.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _wait_for_all(here: Setting) -> float:
    """Seconds from the beginning of the first run, by the clock of this machine."""
    while _asked(here, "SELECT count(*) FROM embedconsole_items WHERE state = 0") < here.items:
        time.sleep(_POLL)
    return time.time() - _asked(here, "SELECT min(started_at) FROM embedconsole_runs") / 1000


def _asked(here: Setting, query: str) -> int:
    engine = create_engine(here.ledger, poolclass=NullPool)
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def _ended(programs: Sequence[subprocess.Popen[bytes]]) -> float:
    """Have them end; the CPU seconds of all of them, with their children."""
    for program in programs:
        program.send_signal(signal.SIGTERM)
    cpu = 0.0
    for program in programs:
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
        cpu += usage.ru_utime + usage.ru_stime
    return cpu


def _print(name: str, here: Setting, row: Row) -> None:
    left, tidied = bytes_on_disk(here.ledger, here.folder)
    ours = [sys.executable, "-m", "embedconsole", "--headless", "--once", "--json"]
    scan = measured([*ours, "--full", "--config", str(here.config)], dict(here.environment))
    sys.stdout.write(
        f"{name:24}{here.items / row.wall:>9,.0f}{row.wall:>9.2f}{row.cpu / here.items * 1e6:>13.1f}"
        f"{left / here.items:>12.0f}{tidied / here.items:>8.0f}{scan.wall:>13.2f}{scan.cpu:>11.2f}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
