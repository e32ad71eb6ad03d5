"""A verify of a large collection in which all agrees, beside reading the three sides by hand.

    python -m benchmarks.verify --items 1000000

The collection is on a Qdrant test server (the real engine behind HTTP, in a process of its own), the ledger
on SQLite. The baseline reads the same rows, items and points in the same order, hashes the rows and compares
the hashes of items and points; it looks at nothing twice and keeps no record. Each row is a whole process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.fill import SIZE
from benchmarks.sync import ROOT, Run, configuration, make_catalog, measured, server

_NOWHERE = "http://127.0.0.1:9"
_BY_HAND = """
import hashlib, http.client, sqlite3, sys, orjson
shop, ledger, host = sys.argv[1:]
rows = sqlite3.connect(shop).execute("SELECT * FROM products ORDER BY id")
columns = [column[0] for column in rows.description]
for row in rows:
    values = dict(zip(columns, row))
    hashlib.blake2b(orjson.dumps(values, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
items = sqlite3.connect(ledger).execute(
    "SELECT point, synced_embed_hash, synced_payload_hash FROM embedconsole_items ORDER BY point")
qdrant, start, differ = http.client.HTTPConnection(host), None, 0
while True:
    body = {"limit": 2000, "with_payload": ["_embedconsole"], "with_vector": False, "offset": start}
    qdrant.request("POST", "/collections/products/points/scroll", orjson.dumps(body),
                   {"content-type": "application/json"})
    page = orjson.loads(qdrant.getresponse().read())["result"]
    for point in page["points"]:
        marker = point["payload"]["_embedconsole"]
        held = bytes.fromhex(marker["embed_hash"]), bytes.fromhex(marker["payload_hash"])
        place, *believed = next(items)
        differ += place[1:] != point["id"].to_bytes(8, "big") or tuple(believed) != held
    start = page["next_page_offset"]
    if start is None:
        break
print(differ)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    count = parser.parse_args().items
    with tempfile.TemporaryDirectory() as name:
        _measure(Path(name), count)


def _measure(folder: Path, count: int) -> None:
    environment = {
        **os.environ,
        "EMBEDCONSOLE_STATE_DIR": str(folder / "state"),
        "EMBEDCONSOLE_LOG_DIR": str(folder),
        "PYTHONPATH": str(ROOT / "tests"),
    }
    ledger = folder / "ledger.db"
    make_catalog(folder / "shop.db", count)
    with server([sys.executable, "-m", "support.qdrant", str(folder / "qdrant")], environment) as qdrant:
        config = configuration(folder, _NOWHERE, qdrant, 100, 8)
        _as_filled(config)
        for command in (
            ["benchmarks.seed", str(config), f"sqlite:///{ledger}"],
            ["benchmarks.fill", qdrant, f"sqlite:///{ledger}"],
        ):
            subprocess.run([sys.executable, "-m", *command], env=environment, cwd=ROOT, check=True)
        sys.stdout.write(f"{count:,} products, all agree\n{'':24}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}\n")
        host = qdrant.removeprefix("http://")
        by_hand = [sys.executable, "-c", _BY_HAND, str(folder / "shop.db"), str(ledger), host]
        read = measured(by_hand, environment)
        _row("read and compare by hand", read, read.out)
        ours = [sys.executable, "-m", "embedconsole", "verify", "--json", "--config", str(config)]
        verified = measured(ours, environment)
        _row("verify", verified, json.dumps(json.loads(verified.out)["pipelines"]["products"]["drift"]))


def _as_filled(config: Path) -> None:
    """Have the configuration want what `fill` writes."""
    settings = json.loads(config.read_text(encoding="utf-8"))
    settings["pipelines"]["products"]["collection"] |= {"size": SIZE, "distance": "dot"}
    config.write_text(json.dumps(settings), encoding="utf-8")


def _row(name: str, run: Run, differ: str) -> None:
    sys.stdout.write(f"{name:24}{run.wall:>9.2f}{run.cpu:>9.2f}{run.memory:>9.0f}   {differ} differ\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
