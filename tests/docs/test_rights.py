"""The rights that docs/security.md has a DBA grant are enough, and no more than it says."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import DBAPIError

from docs.documents import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

    from support.fixtures_shop import Stage

_CATALOG, _LEDGER = {"postgresql": 0, "mysql": 1}, {"postgresql": 2, "mysql": 3}
_CLEAN_UP = {
    "postgresql": ("DROP DATABASE IF EXISTS {name}", "DROP OWNED BY {name}", "DROP ROLE {name}"),
    "mysql": ("DROP DATABASE IF EXISTS {name}", "DROP USER {name}"),
}


def statements(block: int) -> list[str]:
    """Those of one of the page's blocks, without comments."""
    text = list(blocks("docs/security.md", "sql"))[block]
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [one.strip() for one in "\n".join(lines).split(";") if one.strip()]


def run_as_admin(stage: Stage, *texts: str) -> None:
    engine = create_engine(stage.shop.database.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for text in texts:
            connection.exec_driver_sql(text, execution_options={"no_parameters": True})
    engine.dispose()


@pytest.fixture
def granted(stage: Stage) -> Iterator[URL]:
    """The shop as the page's user sees it; that user's ledger is a database of the same name as the user."""
    dialect, url = stage.shop.database.dialect, make_url(stage.shop.database.url)
    name = f"embedconsole_{uuid.uuid4().hex[:8]}"
    wanted = [*statements(_CATALOG[dialect]), *statements(_LEDGER[dialect])]
    renamed = [one.replace("embedconsole", name).replace("shop.", f"{url.database}.") for one in wanted]
    try:
        run_as_admin(stage, *renamed)
        yield url.set(username=name, password="secret")
    finally:
        run_as_admin(stage, *(one.format(name=name) for one in _CLEAN_UP[dialect]))


@pytest.mark.parametrize("database", ["postgresql", "mysql"], indirect=True)
def test_they_are_enough_and_no_more(stage: Stage, granted: URL) -> None:
    stage.shop.add(range(1, 6))
    as_text = granted.render_as_string(hide_password=False)
    stage.pipeline["catalog"]["url"] = as_text
    stage.pipeline["catalog"]["writeback"] = {"synced_at": "embedding_synced_at", "flag": "needs_embedding"}
    ledger = granted.set(database=granted.username).render_as_string(hide_password=False)
    stage.installation.settings["ledger"] = ledger

    synced = stage.installation.sync()

    assert synced.code == 0, synced.err
    assert synced.products["embedded"] == 5
    assert all(stage.shop.column("embedding_synced_at").values())
    assert stage.installation.run("verify").code == 0
    engine = create_engine(as_text)
    for forbidden in (
        "DELETE FROM products",
        "UPDATE products SET title = ''",
        "INSERT INTO categories VALUES (9, '')",
    ):
        with pytest.raises(DBAPIError, match="denied"), engine.begin() as connection:
            connection.exec_driver_sql(forbidden)
    engine.dispose()
