"""The stage of the crash tests: as in the end-to-end tests, with a view of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.databases import sqlite_database
from support.ledger_rows import LedgerRows

if TYPE_CHECKING:
    from pathlib import Path

    from support.fixtures_shop import Stage


@pytest.fixture
def ledger(stage: Stage, tmp_path: Path) -> LedgerRows:
    """The stage's ledger: on SQLite a file of its own, on servers in the shop's database."""
    database = stage.shop.database
    if database.dialect == "sqlite":
        database = sqlite_database(tmp_path, "ledger.db")
        stage.installation.settings["ledger"] = database.url
    return LedgerRows(database)
