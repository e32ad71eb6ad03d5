"""Ledgers as older versions made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config

if TYPE_CHECKING:
    from support.databases import Database


def migrations() -> Config:
    """Alembic, told where they are."""
    config = Config()
    config.set_main_option("script_location", "embedconsole.ledger:migrations")
    return config


def ledger_of_version(version: str, database: Database) -> None:
    """Make the tables as an older embedconsole did."""
    config = migrations()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
