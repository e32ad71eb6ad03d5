"""`feed install`, `feed status` and `feed remove`, as an operator and a DBA meet them."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url, text

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.installation import Json

WATCH = [
    {"table": "products", "key": "id"},
    {"table": "categories", "key": "id", "keys": "SELECT id FROM products WHERE category_id = :key"},
]


def feed_of(stage: Stage) -> Json:
    """What `feed status --json` says of the pipeline `products`."""
    status: Json = stage.installation.run("feed", "status", "--json").json["pipelines"]["products"]
    return status


def test_installed_looked_at_broken_mended_and_removed(stage: Stage) -> None:
    stage.pipeline["catalog"]["watch"] = WATCH
    run = stage.installation.run
    before = feed_of(stage)
    assert (before["trusted"], before["problems"]) == (False, ["the change feed is not installed"])

    unasked = run("feed", "install")
    assert unasked.code == 2
    assert "CREATE TRIGGER" in unasked.out
    assert "Add --yes" in unasked.err
    assert feed_of(stage)["trusted"] is False

    assert run("feed", "install", "--yes").code == 0
    stage.shop.add(range(1, 4))
    now = feed_of(stage)
    assert (now["trusted"], now["backlog"]) == (True, 3)
    assert [(table["installed"], table["missing"]) for table in now["tables"]] == [(True, [])] * 2
    assert run("feed", "status").code == 0
    again = run("feed", "install", "--yes")
    assert (again.code, again.out) == (0, "")

    table = "" if stage.shop.database.dialect != "postgresql" else " ON products"
    stage.shop.database.run(f"DROP TRIGGER embedconsole_products_products_del{table}")
    broken = feed_of(stage)
    assert broken["trusted"] is False
    assert broken["problems"] == ["embedconsole_products_products_del is missing on products"]
    assert run("feed", "status").code == 1
    assert "not trusted: embedconsole_products_products_del is missing" in run("status").out
    checks = {check["subject"]: check for check in run("test", "--json").json["checks"]}
    assert "embedconsole_products_products_del is missing" in checks["products: change feed"]["detail"]
    assert run("feed", "install", "--yes").code == 0
    assert feed_of(stage)["trusted"] is True

    # A table that is watched no more loses its triggers, the outbox stays.
    stage.pipeline["catalog"]["watch"] = WATCH[:1]
    assert "embedconsole_products_categories" in run("feed", "install", "--yes").out
    assert feed_of(stage)["trusted"] is True

    removed = run("feed", "remove", "--yes")
    assert removed.code == 0, removed.err
    with stage.shop.database.engine.connect() as connection, pytest.raises(Exception, match="outbox"):
        connection.execute(text("SELECT * FROM embedconsole_outbox"))
    stage.shop.delete([1])
    assert (run("feed", "remove", "--yes").out, feed_of(stage)["trusted"]) == ("", False)


def test_a_changed_or_disabled_trigger_is_found(stage: Stage) -> None:
    stage.pipeline["catalog"]["watch"] = [{"table": "products", "key": "category_id"}]
    assert stage.installation.run("feed", "install", "--yes").code == 0

    stage.pipeline["catalog"]["watch"] = [{"table": "products", "key": "id"}]
    assert feed_of(stage)["trusted"] is False
    assert stage.installation.run("feed", "install", "--yes").code == 0
    assert feed_of(stage)["trusted"] is True

    if stage.shop.database.dialect == "postgresql":
        stage.shop.database.run("ALTER TABLE products DISABLE TRIGGER ALL")
        assert len(feed_of(stage)["problems"]) == 4
        assert stage.installation.run("feed", "install", "--yes").code == 0
        assert feed_of(stage)["trusted"] is True


def test_foreign_keys_that_change_rows_without_triggers_are_named(stage: Stage) -> None:
    database, run = stage.shop.database, stage.installation.run
    database.run(
        "CREATE TABLE brands (id INTEGER PRIMARY KEY)",
        "CREATE TABLE prices (id INTEGER PRIMARY KEY, product INTEGER, brand INTEGER,"
        " CONSTRAINT priced FOREIGN KEY (product) REFERENCES products (id) ON DELETE CASCADE,"
        " CONSTRAINT branded FOREIGN KEY (brand) REFERENCES brands (id) ON DELETE SET NULL)",
    )
    prices = {"table": "prices", "key": "product"}
    stage.pipeline["catalog"]["watch"] = [prices]

    installed = run("feed", "install", "--yes")
    unseen = feed_of(stage)["unseen"]

    named = (
        []
        if database.dialect in ("sqlite", "postgresql")
        else ["SET NULL of the foreign key branded", "CASCADE of the foreign key priced"]
    )
    assert installed.code == 0, installed.err
    assert len(unseen) == len(named)
    for part, line in zip(named, unseen, strict=True):
        assert part in line
        assert line in installed.err
        assert f"unseen  {line}" in run("feed", "status").out
    assert feed_of(stage)["trusted"] is True

    # Deleting a product is noted by the product's own triggers.
    stage.pipeline["catalog"]["watch"] = [prices, {"table": "products", "key": "id"}]
    assert run("feed", "install", "--yes").code == 0
    still = feed_of(stage)["unseen"]
    assert [line for line in unseen if "branded" in line] == still


def test_the_outbox_stays_for_another_pipelines_feed(stage: Stage) -> None:
    pipelines = stage.installation.settings["pipelines"]
    stage.pipeline["catalog"]["watch"] = WATCH
    catalog = {**stage.pipeline["catalog"], "watch": WATCH[:1]}
    pipelines["pro_ducts"] = {**stage.pipeline, "catalog": catalog}
    run = stage.installation.run
    assert run("feed", "install", "--yes").code == 0
    stage.shop.add([1])

    assert run("feed", "remove", "--pipeline", "products", "--yes").code == 0

    status = run("feed", "status", "--json").json["pipelines"]
    assert (status["products"]["trusted"], status["products"]["backlog"]) == (False, 0)
    assert (status["pro_ducts"]["trusted"], status["pro_ducts"]["backlog"]) == (True, 1)


def test_what_cant_be_watched_is_said(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.shop.database.run("CREATE VIEW shown AS SELECT * FROM products")
    for watch, said in (
        ({"table": "shown"}, "shown is a view"),
        ({"table": "produkts"}, "there is no table produkts"),
        ({"table": "products", "key": "idd"}, "names the column idd"),
    ):
        stage.pipeline["catalog"]["watch"] = [watch]
        refused = stage.installation.run("feed", "install", "--yes")
        assert refused.code == 2
        assert said in refused.err
    del stage.pipeline["catalog"]["watch"]
    nothing = stage.installation.run("feed", "status")
    assert "No pipeline watches a table" in nothing.err


@pytest.mark.parametrize("database", ["postgresql", "mysql"], indirect=True)
def test_a_dba_installs_it_for_a_user_who_may_not(stage: Stage) -> None:
    """The printed SQL runs in the database's own client, and the printed GRANT is what the user needs."""
    database = stage.shop.database
    url = make_url(database.url)
    postgresql = database.dialect == "postgresql"
    stage.pipeline["catalog"]["watch"] = WATCH
    stage.shop.add(range(1, 4))
    host = "" if postgresql else "@'%'"
    name = f"reader_{str(url.database)[-20:]}"
    database.run(
        f"CREATE ROLE {name} LOGIN" if postgresql else f"CREATE USER {name}{host}",
        *(f"GRANT SELECT ON {table} TO {name}{host}" for table in ("products", "categories")),
    )
    reader = url.set(username=name, password=None).render_as_string(hide_password=False)
    stage.pipeline["catalog"]["url"] = reader
    try:
        refused = stage.installation.run("feed", "install", "--yes")
        assert refused.code == 3
        assert "feed install --print" in refused.err

        printed = stage.installation.run("feed", "install", "--print")
        assert printed.code == 0, printed.err
        _in_its_client(url.set(drivername=database.dialect), printed.out)
        assert feed_of(stage)["trusted"] is False

        (grant,) = [line for line in printed.out.splitlines() if "GRANT" in line]
        database.run(grant.partition("catalog.url: ")[2].rstrip(";"))
        if not postgresql:
            # Without it the triggers can't be seen, though they are taken all the same.
            database.run(
                *(f"GRANT TRIGGER ON {table} TO {name}{host}" for table in ("products", "categories"))
            )
        assert feed_of(stage)["trusted"] is True
        stage.shop.edit([1], title="Edited")
        assert stage.installation.sync().code == 0
        assert feed_of(stage)["backlog"] == 0
    finally:
        drop = f"DROP OWNED BY {name}" if postgresql else "DO 0"
        database.run(drop, f"DROP {'ROLE' if postgresql else 'USER'} {name}{host}")


def _in_its_client(url: object, script: str) -> None:
    parts = make_url(str(url))
    if parts.drivername == "postgresql":
        command = ["psql", "-v", "ON_ERROR_STOP=1", str(url)]
    else:
        command = ["mysql", f"-h{parts.host}", f"-P{parts.port}", f"-u{parts.username}", str(parts.database)]
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} here")
    done = subprocess.run(command, input=script, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
