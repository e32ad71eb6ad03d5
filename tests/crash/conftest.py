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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long runs only when they are asked for."""
    if "soak" in (config.option.markexpr or ""):
        return
    for item in items:
        if item.get_closest_marker("soak") is not None:
            item.add_marker(pytest.mark.skip(reason="a long run: ask for it with -m soak"))
