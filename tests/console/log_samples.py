"""A made-up log to look at: fixed values, no clock."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from console.samples import EVENTS, EVIL, WALL, event

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.ledger.records.history import Event

_BATCH = "Indexed batch {0} of products: 10 of 10 items (embed 0.20 s): #{0}1, #{0}2, #{0}3, #{0}4, #{0}5"


def line(number: int) -> str:
    """A line of the log file, a second after the one before; every seventh is a failed item."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(WALL - 600 + number))
    if number % 7 == 3:
        return f"{stamp} WARNING Failed #{number} of products - error: no picture (item, failed)"
    return f"{stamp} INFO {_BATCH.format(number)}"


def hostile_lines() -> list[str]:
    """Lines that try to be more than lines, of other makes, and very long."""
    machine = {"time": "2026-01-01T09:30:00.5Z", "level": "error", "message": EVIL, EVIL: {EVIL: [EVIL]}}
    return [
        f"2026-01-01T09:29:00Z ERROR {EVIL}",
        EVIL,
        "x" * 300_000,
        "日本語の商品名" * 40,
        json.dumps(machine),
    ]


def write(path: Path, lines: list[str]) -> Path:
    """Put lines at the end of a log file."""
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{one}\n" for one in lines)
    return path


def hostile_events() -> tuple[Event, ...]:
    """Events that try to be more than text."""
    return (event(1, EVIL, EVIL, key=EVIL, level=EVIL), event(2, "item", EVIL * 9, level="error"))


ENTRIES = (*EVENTS, *(event(30 + at, "run", f"run {at} began", level="info") for at in range(20)))
