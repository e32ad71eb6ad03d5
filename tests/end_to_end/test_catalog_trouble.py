"""Catalogs that can't be read or written. Scenario 14: a clear error, nothing lost."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import make_url

from support.installation import Points

if TYPE_CHECKING:
    from support.databases import Database
    from support.fixtures_shop import Stage
    from support.installation import Json

_MISSING_FLAG = {"flag": "no_such_column"}
_WRITEBACK = {"flag": "needs_embedding", "synced_at": "embedding_synced_at"}


def _unreachable(database: Database) -> str:
    if database.dialect == "sqlite":
        return "sqlite:////no/such/folder/shop.db"
    return make_url(database.url).set(host="127.0.0.1", port=9).render_as_string(hide_password=False)


def _read_only(database: Database) -> str:
    if database.dialect == "sqlite":
        return database.url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true"
    if database.dialect == "postgresql":
        option = "options=" + quote("-c role=pg_read_all_data", safe="")
    else:
        option = "init_command=" + quote("SET SESSION TRANSACTION READ ONLY", safe="")
    return f"{database.url}{'&' if '?' in database.url else '?'}{option}"


def _variants(stage: Stage) -> dict[str, Json]:
    """The shop's pipeline, and copies of it each of which is broken in its own way."""
    database = stage.shop.database
    changes: dict[str, Json] = {
        "products": {},
        "no_table": {"query": "SELECT id, title FROM no_such_table", "changed": None},
        "no_key": {"key": "no_such_key"},
        "no_sql": {"query": "SELECT id FROM WHERE"},
        "no_columns": {"writeback": _MISSING_FLAG},
        "no_server": {"url": _unreachable(database)},
        "read_only": {"url": _read_only(database), "writeback": _WRITEBACK},
    }
    variants = {}
    for name, change in changes.items():
        variants[name] = deepcopy(stage.pipeline)
        variants[name]["catalog"] |= change
        variants[name]["collection"]["name"] += f"-{name}"
    return variants


def test_each_trouble_is_told_and_none_spoils_the_others(stage: Stage) -> None:
    """Scenario 14: unreachable, wrong query, missing columns, read-only for write-back.

    What could be done is done: the healthy pipeline is in sync, and what was embedded for the catalog that
    can't be written to is neither lost nor paid for again. A catalog that is away later loses nothing either.
    """
    stage.shop.add(range(1, 6))
    variants = _variants(stage)
    stage.installation.settings["pipelines"] = variants
    healthy, read_only = (
        Points(stage.qdrant.url, variants[name]["collection"]["name"]) for name in ("products", "read_only")
    )

    first = stage.installation.sync()

    assert first.code == 3
    assert first.json["outcome"] == "aborted"
    assert "Traceback" not in first.err
    messages = first.json["messages"]
    assert messages.keys() == variants.keys() - {"products"}
    assert "no_such_table" in messages["no_table"]
    assert "no_such_key" in messages["no_key"]
    assert "Check catalog.query" in messages["no_sql"]
    assert "catalog.writeback.flag names the column no_such_column" in messages["no_columns"]
    assert re.search("catalog.writeback|write-back columns", messages["read_only"])
    assert messages["no_server"].startswith("catalog: ")
    for name, message in messages.items():
        assert f"{name}: {message}" in first.err
    assert first.products["embedded"] == 5
    assert healthy.ids() == read_only.ids() == {1, 2, 3, 4, 5}
    assert all(stage.shop.column("needs_embedding").values())

    stage.forget()
    stage.installation.settings["pipelines"] = {
        "products": variants["products"],
        "read_only": variants["read_only"],
    }
    variants["products"]["catalog"]["url"] = _unreachable(stage.shop.database)
    variants["read_only"]["catalog"]["url"] = stage.shop.database.url
    second = stage.installation.sync()

    assert second.code == 3
    assert second.json["messages"].keys() == {"products"}
    assert (second.products["scanned"], second.products["deleted"]) == (0, 0)
    assert stage.service.stats().requests == 0
    assert stage.writes == {}
    assert healthy.ids() == {1, 2, 3, 4, 5}
    assert not any(stage.shop.column("needs_embedding").values())
    assert all(stage.shop.column("embedding_synced_at").values())

    variants["products"]["catalog"]["url"] = stage.shop.database.url
    stage.shop.edit([3], title="Edited while it was away")
    third = stage.installation.sync("--pipeline", "products")

    assert third.code == 0, third.err
    assert (third.products["embedded"], third.products["unchanged"]) == (1, 4)


def test_a_name_that_is_not_there_is_an_error_of_the_configuration(stage: Stage) -> None:
    """Also where a command only reads; a database that is away beside it is what decides."""
    stage.shop.add([1])
    variants = _variants(stage)
    wrong = ("no_table", "no_key", "no_sql")
    stage.installation.settings["pipelines"] = {name: variants[name] for name in wrong}

    ran = stage.installation.sync()
    assert (ran.code, ran.json["outcome"]) == (2, "aborted")
    tried = stage.installation.run("test", "--json")
    bad = [check["subject"] for check in tried.json["checks"] if not check["ok"]]
    assert (tried.code, bad) == (2, [f"{name}: catalog" for name in wrong])
    assert stage.installation.run("run", "--dry-run").code == 2

    stage.installation.settings["pipelines"]["no_server"] = variants["no_server"]
    assert stage.installation.sync().code == 3
