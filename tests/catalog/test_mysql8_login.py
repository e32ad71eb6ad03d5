"""The default login of MySQL 8 over TCP without TLS, for catalog and ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.catalog.sql_catalog import open_catalog
from embedconsole.config.sections.catalog import CatalogConfig
from embedconsole.faults import Refused
from embedconsole.ledger.ledger import open_ledger
from support.mysql8_login import mysql8

if TYPE_CHECKING:
    from collections.abc import Callable


def read_catalog(url: str) -> None:
    catalog = open_catalog(CatalogConfig.model_validate({"url": url, "table": "products", "key": "id"}))
    try:
        catalog.count()
    finally:
        catalog.close()


def read_ledger(url: str) -> None:
    with open_ledger(url):
        pass


@pytest.mark.parametrize("read", [read_catalog, read_ledger])
def test_a_password_is_sent_sealed_and_the_answer_is_the_servers(read: Callable[[str], None]) -> None:
    with mysql8("geheim é€") as server:
        with pytest.raises(Refused, match="Unknown database"):
            read(f"mysql+pymysql://shop:geheim%20%C3%A9%E2%82%AC@127.0.0.1:{server.port}/shop")
        with pytest.raises(Refused, match="Access denied"):
            read(f"mysql+pymysql://shop:wrong@127.0.0.1:{server.port}/shop")
    assert set(server.passwords) == {"geheim é€", "wrong"}
