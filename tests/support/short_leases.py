"""Leases that run out while a test looks: a minute and a half is for operators."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

from support.program import PREPARE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECONDS = "EMBEDCONSOLE_TEST_LEASE_SECONDS"


def lease_constants(seconds: float) -> Iterator[tuple[object, str, float]]:
    """Every constant that goes with leases of so many seconds: module, name, value."""
    for module, name, value in (
        ("embedconsole.ledger.items.claim", "LEASE_SECONDS", seconds),
        ("embedconsole.ledger.items.settle", "LEASE_SECONDS", seconds),
        ("embedconsole.ledger.hosts.clock_jumps", "LEASE_SECONDS", seconds),
        ("embedconsole.sync.worker.claim", "LEASE_SECONDS", seconds),
        ("embedconsole.sync.worker.steps", "LEASE_SECONDS", seconds),
        ("embedconsole.sync.worker.pool", "_HEARTBEAT", min(0.5, seconds / 8)),
        ("embedconsole.ledger.hosts.processes", "RUN_LEASE_SECONDS", seconds),
        ("embedconsole.sync.run.leases", "_KEEP_LEASE_EVERY", seconds / 4),
    ):
        yield importlib.import_module(module), name, value


def short_leases(seconds: float) -> Mapping[str, str]:
    """The environment of a program with such leases."""
    return {PREPARE: f"{__name__}:arm", _SECONDS: str(seconds)}


def arm() -> None:
    """In the program, before its `main()`."""
    for module, name, value in lease_constants(float(os.environ[_SECONDS])):
        assert hasattr(module, name), f"{module} has no {name} any more"
        setattr(module, name, value)
