"""The stage of the crash tests serves the queue's tests too."""

from __future__ import annotations

from crash.conftest import ledger

__all__ = ["ledger"]
