"""`doctor`: everything that helps, whatever is broken, and no secret in any of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from embedconsole import __version__
from support.databases import Database, sqlite_database

if TYPE_CHECKING:
    from pathlib import Path

    from support.fixtures_shop import Stage

_SECRETS = (
    "s3same-token",
    "hunter2&word",
    "qdrant-api-key",
    "ledger-pw",
    "extra-secret",
    "old-password",
    "tls-pass",
)
_SECTIONS = ["versions", "configuration", "ledger", "dependencies", "log", "disk"]


def _sections(out: str) -> dict[str, str]:
    parts = out.split("== ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


def test_the_report_tells_all_that_is_known(stage: Stage) -> None:
    """On each ledger database; not one embedding is made unless it is asked for."""
    stage.shop.add(range(1, 6))
    stage.shop.edit([2], title="", description="", image_url=None)
    stage.installation.environment["EMBEDCONSOLE_CHUNK_SIZE"] = "7"
    assert stage.installation.sync().code == 1
    stage.forget()

    ended = stage.installation.run("doctor")

    assert ended.code == 0, ended.err
    told = _sections(ended.out)
    assert list(told) == _SECTIONS
    assert f"embedconsole: {__version__}" in told["versions"]
    assert "sqlalchemy 2" in told["versions"]
    assert "MISSING" not in told["versions"]
    assert str(stage.installation.config) in told["configuration"]
    assert "chunk_size: 7  # environment EMBEDCONSOLE_CHUNK_SIZE" in told["configuration"]
    ledger = told["ledger"]
    kind = {"mysql": "mysql"}.get(stage.shop.database.dialect, stage.shop.database.dialect)
    assert f"kind: {kind}" in ledger
    assert "s against this machine's" in ledger
    assert "products: synced 4, pending 0, retrying 0, in flight 0, failed 1" in ledger
    assert "nothing to embed" in ledger
    assert "item 2" in ledger
    for part in (
        "ok    catalog: 5 items",
        "ok    embedder ml: http:items:: no embedding",
        "ok    collection: ",
    ):
        assert part in told["dependencies"]
    assert "Failed" in told["log"]
    assert "GB free" in told["disk"]
    assert stage.service.stats().items == 0

    document = stage.installation.run("doctor", "--json", "--embed").json

    assert list(document) == _SECTIONS
    assert document["ledger"]["schema"]
    assert any("one embedding of 8 dimensions" in line for line in document["dependencies"]["products"])
    assert stage.service.stats().items == 1


def test_no_secret_wherever_it_stands(sqlite_stage: Stage) -> None:
    """In headers, addresses, keys, the environment, the log, an event, a setting that is no place for it."""
    stage = sqlite_stage
    installation = stage.installation
    token, password, key, ledger, extra, old, tls = _SECRETS
    installation.environment |= {"ML_TOKEN": token, "SHOP_PASSWORD": "hunter2%26word", "OTHER_TOKEN": extra}
    settings = installation.settings
    service = settings["embedders"]["ml"]
    service["headers"] = {"Authorization": "Bearer ${ML_TOKEN}"}
    service["extra"] = {"api_key": extra}
    service["url"] = service["url"].replace("http://", f"http://me:{tls}@")
    stage.pipeline["collection"]["api_key"] = key
    settings["pipelines"]["away"] = json.loads(json.dumps(stage.pipeline))
    settings["pipelines"]["away"]["catalog"]["url"] = "postgresql://shop:${SHOP_PASSWORD}@127.0.0.1:9/shop"
    stage.shop.add([1])
    installation.sync("--pipeline", "products")
    books = Database(f"sqlite:///{installation.folder / 'state' / 'ledger.db'}", "sqlite")
    told = f"{token} {password} {key} \x1b]52;c;x\x07 mysql://root:{old}@db/shop"
    books.insert(
        "embedconsole_events",
        [{"at": 1, "pipeline": "products", "level": "error", "kind": "x", "message": told, "key": None}],
    )
    with (installation.folder / "log" / "embedconsole.log").open("a") as log:
        log.write(f"{told} Authorization: Bearer {old}\npassword={old} hunter2%26word\n")

    texts = [installation.run("doctor", *flags) for flags in ((), ("--json",), ("--embed",))]
    settings["ledger"] = f"postgresql://ledger:{ledger}@127.0.0.1:9/ledger"
    texts.append(installation.run("doctor"))
    settings["workers"] = f"{token}"
    texts.append(installation.run("doctor"))

    for ended in texts:
        assert ended.code == 0, ended.err
        for secret in (*_SECRETS, "hunter2%26word"):
            assert secret not in ended.out + ended.err
        assert "\x1b" not in ended.out
    assert "***" in texts[0].out
    assert "postgresql+psycopg://ledger:***@127.0.0.1:9/ledger" in texts[3].out


def test_what_is_broken_says_why_and_the_rest_is_told(sqlite_stage: Stage, tmp_path: Path) -> None:
    stage = sqlite_stage
    installation = stage.installation
    stage.shop.add([1])
    installation.settings["log"] = {"path": str(tmp_path)}  # a folder
    installation.settings["ledger"] = "postgresql://127.0.0.1:9/ledger"
    installation.settings["embedders"]["ml"] |= {"url": "http://127.0.0.1:9/embed", "health": "/health"}
    stage.pipeline["collection"]["url"] = "http://127.0.0.1:9"
    stage.pipeline["catalog"]["key"] = "nope"

    ended = installation.run("doctor")

    assert ended.code == 0, ended.err
    told = _sections(ended.out)
    assert list(told) == _SECTIONS
    assert told["ledger"].startswith("not known: ledger: connection failed")
    assert told["log"].startswith("not known: ")
    for part in ("FAIL  catalog: ", "FAIL  embedder ml: ", "FAIL  collection: "):
        assert part in told["dependencies"]

    installation.settings["pipelines"]["products"]["unknown"] = 1
    broken = _sections(installation.run("doctor").out)
    assert list(broken) == _SECTIONS
    assert "unknown key 'unknown'" in broken["configuration"]
    assert "$EMBEDCONSOLE_CONFIG" in broken["configuration"]
    assert "GB free" in broken["disk"]


def test_nothing_is_made_by_looking(sqlite_stage: Stage) -> None:
    """No ledger comes of a report, and an older one is not migrated."""
    stage = sqlite_stage
    stage.shop.add([1])

    ended = stage.installation.run("doctor")

    assert "none: no run yet" in _sections(ended.out)["ledger"]
    assert not (stage.installation.folder / "state").exists()
    (stage.installation.folder / "state").mkdir()
    books = sqlite_database(stage.installation.folder / "state", "ledger.db")
    books.run("CREATE TABLE embedconsole_schema (version_num varchar(32))")
    books.insert("embedconsole_schema", [{"version_num": "0001"}])
    older = stage.installation.run("doctor")
    assert "schema: 0001; the next command that opens it migrates it to " in older.out
    assert books.scalar("SELECT version_num FROM embedconsole_schema") == "0001"
