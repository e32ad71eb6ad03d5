"""Orders from the command line, and the processes that `status` shows."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from embedconsole.cli.commands import control as order_commands
from embedconsole.cli.exits import Exit
from embedconsole.cli.invocation import Invocation
from embedconsole.cli.main import cli
from embedconsole.faults import ConfigError
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.processes import Process
from embedconsole.sync.daemon import orders as giving
from embedconsole.sync.daemon.orders import read_pipelines, read_wish
from embedconsole.sync.observe.process_status import ProcessStatus
from embedconsole.sync.shared.control import pause_in_force

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.processes import Order

_CONFIG = """
ledger: sqlite:///{folder}/ledger.db
embedders: {{ml: {{type: hashing}}}}
pipelines:
  products:
    catalog: {{url: "sqlite:///shop.db", table: products}}
    embed: {{embedder: ml, text: "{{title}}"}}
    collection: {{path: ./qdrant, name: products}}
log: {{path: ./embedconsole.log}}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose ledger is not there yet."""
    monkeypatch.setattr(giving, "PATIENCE", 0.3)
    monkeypatch.setattr(giving, "_ANSWER_PATIENCE", 0.3)
    path = tmp_path / "embedconsole.yaml"
    path.write_text(_CONFIG.format(folder=tmp_path.as_posix()))
    return path


@pytest.fixture
def ledger(config: Path) -> Iterator[Ledger]:
    """Its ledger."""
    with open_ledger(f"sqlite:///{config.parent / 'ledger.db'}") as ledger:
        yield ledger


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--config", str(config)], obj=Invocation())


@contextmanager
def serving(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, answer: str | None = None
) -> Iterator[list[Order]]:
    """A daemon that takes every order, and perhaps answers it."""
    monkeypatch.setattr(giving, "PATIENCE", 30.0)
    taken: list[Order] = []
    over = threading.Event()

    def serve() -> None:
        while not over.wait(0.01):
            for order in ledger.orders.fresh():
                if order.taken_by is None and ledger.orders.take(order.id, "web2:7:abcdef"):
                    taken.append(order)
                    if answer is not None:
                        ledger.orders.answer(order.id, answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("verb", ["sync", "cancel"])
def test_an_order_that_nobody_takes_is_taken_back(config: Path, verb: str) -> None:
    assert run(config, verb).exit_code == Exit.STOPPED, "where nothing has ever run"
    with open_ledger(f"sqlite:///{config.parent / 'ledger.db'}") as ledger:
        result = run(config, verb)

        assert result.exit_code == Exit.STOPPED
        assert "no daemon or console is running on this ledger. Start one: embedconsole --headless" in (
            result.stderr
        )
        assert ledger.orders.latest() == []


@pytest.mark.parametrize(
    ("arguments", "answer", "code", "kinds"),
    [
        ((), "\n", Exit.IN_SYNC, ["sync"]),
        (("--force", "--only", "id=2"), "y\n", Exit.IN_SYNC, ["force"]),
        (("--yes",), "", Exit.IN_SYNC, ["sync"]),
        ((), "n\n", Exit.STOPPED, []),
        (("--json",), "y\n", Exit.STOPPED, []),
    ],
)
def test_on_a_terminal_a_sync_without_a_daemon_offers_to_run(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    answer: str,
    code: Exit,
    kinds: list[str],
) -> None:
    with closing(sqlite3.connect(config.parent / "shop.db")) as shop, shop:
        shop.executescript("CREATE TABLE products (id INTEGER PRIMARY KEY, title TEXT);")
        shop.execute("INSERT INTO products VALUES (1, 'Mug')")
    monkeypatch.setattr(order_commands, "has_terminal", lambda: True)
    monkeypatch.chdir(config.parent)

    result = CliRunner().invoke(
        cli, ["sync", *arguments, "--config", str(config)], obj=Invocation(), input=answer
    )

    assert result.exit_code == code, result.stderr
    with open_ledger(f"sqlite:///{config.parent / 'ledger.db'}") as ledger:
        runs = ledger.history.runs(limit=9)
    assert [run.kind for run in runs] == kinds


def test_a_pause_is_in_force_without_a_process_until_a_resume(config: Path, ledger: Ledger) -> None:
    paused = run(config, "pause")
    assert (paused.exit_code, "No process is running on this ledger" in paused.stdout) == (0, True)
    in_force = pause_in_force(ledger)
    assert in_force is not None
    assert "@" in in_force.by

    assert f"Paused by {in_force.by} for " in run(config, "status").stdout
    assert json.loads(run(config, "status", "--json").stdout)["paused"]["by"] == in_force.by

    run(config, "resume", "--json")
    assert pause_in_force(ledger) is None
    assert "Paused" not in run(config, "status").stdout


def test_a_run_for_cron_is_skipped_during_a_pause_and_says_who_paused(config: Path, ledger: Ledger) -> None:
    run(config, "pause")
    skipped = run(config, "--headless", "--once", "--json")

    told = json.loads(skipped.stdout)
    assert (skipped.exit_code, told["outcome"], told["run"]) == (Exit.HELD, "skipped", None)
    assert told["messages"]["products"].startswith("paused by ")
    assert "embedconsole resume" in told["messages"]["products"]


def test_a_cancel_may_name_pipelines(config: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ledger, monkeypatch) as taken:
        run(config, "cancel", "--pipeline", "products")
        run(config, "cancel")
    assert [read_pipelines(order.arguments) for order in taken] == [("products",), None]


def test_who_took_an_order_is_told(config: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ledger, monkeypatch) as taken:
        forced = run(config, "sync", "--force", "--only", "category=shoes", "--only", "35")
        chosen = run(config, "sync", "--pipeline", "products", "--json")
        paused = run(config, "pause")

    assert (forced.exit_code, forced.stdout) == (Exit.IN_SYNC, "sync: taken by web2:7:abcdef\n")
    told = json.loads(chosen.stdout)
    assert (told["verb"], told["taken_by"], told["answer"]) == ("sync", "web2:7:abcdef", None)
    assert paused.stdout == "pause: taken by web2:7:abcdef\n"
    wishes = [read_wish(order.arguments, order.id) for order in taken]
    assert [(wish.force, wish.only, wish.pipelines) for wish in wishes[:2]] == [
        (True, ("category=shoes", "35"), None),
        (False, (), ("products",)),
    ]
    assert "@" in taken[0].sender


def test_why_an_order_was_not_done_is_told(
    config: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(ledger, monkeypatch, "the query has no column 'nope'"):
        result = run(config, "sync", "--force", "--only", "nope=1")

    assert result.exit_code == Exit.STOPPED
    assert "the query has no column 'nope'" in result.stderr


def test_a_choice_that_means_nothing_is_refused_before_it_is_sent(config: Path, ledger: Ledger) -> None:
    assert isinstance(run(config, "sync", "--force", "--only", "=x").exception, ConfigError)
    assert run(config, "sync", "--only", "35").exit_code == Exit.USAGE
    assert ledger.orders.latest() == []


def test_there_is_nothing_to_cancel_where_a_daemon_rests(config: Path, ledger: Ledger) -> None:
    status = ProcessStatus("idle", serves=True).as_json()
    ledger.processes.announce(Process("web2:7:abcdef", "web2", "p", 7, "0.1", role="daemon", status=status))

    result = run(config, "cancel")

    assert result.exit_code == Exit.IN_SYNC
    assert "No run is in progress" in result.stderr


def test_status_shows_the_processes_and_who_paused_them(config: Path, ledger: Ledger) -> None:
    status = ProcessStatus("paused", rate=231.4, paused_since=1.0, paused_by="anna@shop").as_json()
    ledger.processes.announce(Process("web2:7:abcdef", "web2", "p", 7, "9.9", role="daemon", status=status))
    ledger.processes.announce(Process("zold:8:abcdef", "old", "p", 8, "0.1"))

    text = run(config, "status").stdout
    (process,) = [line.split() for line in text.splitlines() if line.startswith("daemon  ")]
    assert process[:6] == ["daemon", "web2", "7", "9.9", "paused", "231/s"]
    assert process[-1] == "ago"
    assert "daemon on web2: paused by anna@shop for " in text
    assert [line.split()[:5] for line in text.splitlines() if line.startswith("?")] == [
        ["?", "old", "8", "0.1", "?"]
    ]
    found = json.loads(run(config, "status", "--json").stdout)["processes"]
    assert [(one["role"], one["host"], one["version"]) for one in found] == [
        ("daemon", "web2", "9.9"),
        ("", "old", "0.1"),
    ]
    assert found[0]["status"]["paused_by"] == "anna@shop"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--headless", "--once", "--only", "35"], "--only needs --force"),
        (["--headless", "--attach"], "--attach is for the console"),
    ],
)
def test_flags_that_do_not_go_together(config: Path, flags: list[str], message: str) -> None:
    result = run(config, *flags)

    assert result.exit_code == Exit.USAGE
    assert message in result.stderr
