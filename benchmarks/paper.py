"""What the measured figures come to for catalogs that were not measured: a computation, in proportion.

python -m benchmarks.paper --ledger-bytes 309 --left-bytes 802 --scan-us 16.4 --items-per-second 1000
"""

from __future__ import annotations

import argparse
import sys

_SIZES = (1_000_000, 10_000_000, 100_000_000)
_QDRANT_FACTOR = 1.5
"""Of Qdrant's own documentation: memory = vectors x dimensions x 4 bytes x 1.5."""


def main() -> None:
    """Compute and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ledger-bytes", type=float, required=True, help="an item, tidied (scaling)")
    parser.add_argument(
        "--left-bytes", type=float, required=True, help="an item, as a sync leaves it (scaling)"
    )
    parser.add_argument("--scan-us", type=float, required=True, help="CPU of a full scan, an item (scan)")
    parser.add_argument("--items-per-second", type=float, default=1000.0, help="of the embedder")
    parser.add_argument("--dimensions", type=int, default=512)
    options = parser.parse_args()
    vector = options.dimensions * 4
    rows = {
        "ledger, tidied, GB": options.ledger_bytes / 1e9,
        "ledger, as left, GB": options.left_bytes / 1e9,
        "and with keep_vectors: always, GB": (options.ledger_bytes + vector) / 1e9,
        "full scan, CPU minutes": options.scan_us / 60e6,
        f"first fill at {options.items_per_second:,.0f}/s, hours": 1 / options.items_per_second / 3600,
        "vectors sent to Qdrant, GB": vector / 1e9,
        "Qdrant's memory by its rule, GB": vector * _QDRANT_FACTOR / 1e9,
        "the same with int8, GB": vector / 4 * _QDRANT_FACTOR / 1e9,
    }
    sys.stdout.write(f"{'computed, products:':36}" + "".join(f"{size:>14,}" for size in _SIZES) + "\n")
    for name, each in rows.items():
        sys.stdout.write(f"{name:36}" + "".join(f"{each * size:>14,.1f}" for size in _SIZES) + "\n")


if __name__ == "__main__":
    main()
