"""The tables: made, kept and upgraded by migrations that say the same as the schema."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from threading import Timer
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect

from embedconsole.faults import ConfigError, Refused
from embedconsole.ledger.ledger import ledger_exists, open_ledger
from embedconsole.ledger.migrate import VERSION, VERSION_TABLE
from embedconsole.ledger.records.processes import Process
from embedconsole.ledger.schema import items, metadata
from embedconsole.ledger.state import State
from ledger.versions import ledger_of_version, migrations

if TYPE_CHECKING:
    from pathlib import Path

    from support.databases import Database


# Says when it could start, starts when it is told to, and says when it has the ledger open.
_OPENER = """
import sys
import alembic.command
from embedconsole.ledger.ledger import open_ledger
print("here", flush=True)
sys.stdin.readline()
with open_ledger(sys.argv[1]) as ledger:
    print("open", len(ledger.history.runs()), flush=True)
    sys.stdin.readline()
"""
_PROCESSES = 3
_TOO_LONG = 45
"""Seconds after which a process is taken to wait for a lock that another one holds on to."""


def ours(database: Database) -> set[str]:
    """The tables that are there."""
    return set(inspect(database.engine).get_table_names())


def end_all(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.kill()


def test_a_new_ledger_has_the_tables_of_the_schema(database: Database) -> None:
    open_ledger(database.url).close()

    assert ours(database) == {*metadata.tables, VERSION_TABLE}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": VERSION_TABLE}
        )
        assert compare_metadata(context, metadata) == []
    assert database.scalar(f"SELECT version_num FROM {VERSION_TABLE}") == VERSION


def test_the_version_is_that_of_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(migrations()).get_heads() == [VERSION]


def test_a_first_ledger_is_upgraded_with_all_that_is_in_it(database: Database) -> None:
    ledger_of_version("0001", database)
    database.insert(
        "embedconsole_generations", [{"id": 1, "pipeline": "products", "collection": "c", "space": "{}"}]
    )
    failed = [(1, "size 511, expected 512"), (2, "image unreadable"), (3, "size 400, expected 512")]
    rows = [
        {
            "id": number,
            "generation_id": 1,
            "point": bytes([0] * 8 + [number]),
            "key": str(number),
            "state": State.FAILED.value,
            "due_at": 5,
            "error_class": "item",
            "error": error,
            "failed_at": 5,
        }
        for number, error in failed
    ]
    with database.engine.begin() as connection:
        connection.execute(insert(items), rows)
    database.insert(
        "embedconsole_workers",
        [{"id": "h:1:a", "host": "h", "place": "p", "pid": 1, "version": "0", "started_at": 1, "seen_at": 1}],
    )
    database.insert("embedconsole_events", [{"at": 7000, "level": "info", "kind": "k", "message": "m"}])

    with open_ledger(database.url) as ledger:
        assert [(item.key, item.error) for item in reversed(ledger.failures.page(1))] == [
            (str(number), error) for number, error in failed
        ]
        causes = database.rows("SELECT cause FROM embedconsole_items ORDER BY id")
        assert causes[0] == causes[2] != causes[1] != (None,)
        assert [(found.id, found.role, found.status) for found in ledger.processes.workers()] == [
            ("h:1:a", "", None)
        ]
        assert [event.at for event in ledger.history.events()] == [7.0]
        ledger.orders.give("sync", {}, "anna")
        ledger.processes.announce(Process("h:2:b", "h", "p", 2, "1", role="daemon"))


def test_opening_again_changes_nothing(database: Database) -> None:
    with open_ledger(database.url) as ledger:
        ledger.generations.begin("products", "products", "{}")

    with open_ledger(database.url) as ledger:
        assert ledger.generations.current("products") is not None


@pytest.mark.parametrize("database", ["mysql"], indirect=True)
def test_a_migration_that_was_cut_off_is_taken_up(database: Database) -> None:
    # Only MySQL commits in between; elsewhere the half of it is rolled back.
    open_ledger(database.url).close()
    tables = ours(database)
    database.run(f"UPDATE {VERSION_TABLE} SET version_num = '0001'", "DROP TABLE embedconsole_doubts")

    open_ledger(database.url).close()

    assert ours(database) == tables
    assert database.scalar(f"SELECT version_num FROM {VERSION_TABLE}") == VERSION


def test_a_ledger_beside_the_shops_tables_leaves_them_alone(database: Database) -> None:
    database.run("CREATE TABLE items (id integer)", "INSERT INTO items VALUES (1)")

    open_ledger(database.url).close()

    assert database.scalar("SELECT count(*) FROM items") == 1
    assert {name for name in ours(database) if not name.startswith("embedconsole_")} == {"items"}


def test_processes_that_open_a_new_ledger_at_once_all_get_it(database: Database) -> None:
    with ExitStack() as stack:
        openers = []
        for _ in range(_PROCESSES):
            opener = subprocess.Popen(
                [sys.executable, "-c", _OPENER, database.url],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(opener)
            stack.callback(opener.kill)
            openers.append(opener)
        said = []
        timer = Timer(_TOO_LONG, end_all, [openers])
        stack.callback(timer.cancel)
        timer.start()
        for opener in openers:
            assert opener.stdout is not None
            assert opener.stdout.readline() == "here\n"
        for opener in openers:
            assert opener.stdin is not None
            opener.stdin.write("go\n")
            opener.stdin.flush()
        # Nobody ends before all have it: what the first ones hold must not keep the others waiting.
        for opener in openers:
            assert opener.stdout is not None
            said.append(opener.stdout.readline())
        errors = [opener.communicate("end\n", timeout=60)[1] for opener in openers]

    assert (said, errors) == (["open 0\n"] * _PROCESSES, [""] * _PROCESSES)
    assert database.scalar(f"SELECT count(*) FROM {VERSION_TABLE}") == 1


def test_the_ledger_of_a_newer_version_is_refused(database: Database) -> None:
    open_ledger(database.url).close()
    database.run(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")

    with pytest.raises(ConfigError, match=r"schema 9999, written by a newer embedconsole"):
        open_ledger(database.url)
    with pytest.raises(ConfigError, match=r"Upgrade embedconsole, or name another ledger"):
        ledger_exists(database.url)


def test_looking_for_a_ledger_creates_none(database: Database) -> None:
    assert not ledger_exists(database.url)
    assert ours(database) == set()

    open_ledger(database.url).close()

    assert ledger_exists(database.url)


def test_a_ledger_of_an_older_version_is_there(database: Database) -> None:
    """Or the first `status` after an upgrade would say that nothing has ever run."""
    ledger_of_version("0006", database)

    assert ledger_exists(database.url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_ledger_that_is_no_file_is_refused(url: str) -> None:
    # Every thread would have one of its own.
    with pytest.raises(Refused, match=r"needs a file. Write ledger: sqlite:////PATH"):
        open_ledger(url)


def test_a_ledger_file_is_made_with_its_folder_but_not_by_looking(tmp_path: Path) -> None:
    file = tmp_path / "state" / "deep" / "ledger.db"
    url = f"sqlite:///{file}"

    assert not ledger_exists(url)
    assert not (tmp_path / "state").exists()
    open_ledger(url).close()
    assert file.exists()
