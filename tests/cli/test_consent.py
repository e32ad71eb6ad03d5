"""What destroys or takes over asks; without a terminal it needs `--yes`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from embedconsole.cli import consent
from embedconsole.cli.consent import asked, confirm_option, require
from embedconsole.cli.invocation import Invocation
from embedconsole.cli.main import cli

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

CONFIGURATION = """
ledger: sqlite:///{folder}/ledger.db
embedders: {{words: {{type: hashing, size: 8}}}}
pipelines:
  products:
    catalog: {{url: "sqlite:///{folder}/shop.db", table: products, key: id}}
    embed: {{embedder: words, text: "{{title}}"}}
    collection: {{path: "{folder}/qdrant", name: products}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop:
        shop.execute("CREATE TABLE products (id INTEGER PRIMARY KEY, title TEXT)")
    path = tmp_path / "embedconsole.yaml"
    path.write_text(CONFIGURATION.format(folder=tmp_path), encoding="utf-8")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, obj=Invocation())


@pytest.mark.parametrize(
    "arguments",
    [
        ("reindex", "--drop-old"),
        ("reindex", "--replace"),
        ("adopt", "--unmarked"),
        ("adopt", "--unmarked", "--trust-vectors", "--json"),
    ],
    ids=" ".join,
)
def test_without_a_terminal_it_needs_yes_and_nothing_is_touched(
    config: Path, arguments: tuple[str, ...]
) -> None:
    refused = run(*arguments, "--config", str(config))

    assert refused.exit_code == 2
    assert "Add --yes: " in refused.stderr
    assert sorted(path.name for path in config.parent.iterdir()) == ["embedconsole.yaml", "shop.db"]


def test_a_dry_run_needs_no_answer(config: Path) -> None:
    looked = run("adopt", "--unmarked", "--dry-run", "--config", str(config))
    assert "--yes" not in looked.stderr


@pytest.mark.parametrize("command", [("--headless", "--once"), ("reindex",)], ids=" ".join)
def test_a_budget_without_any_price_is_a_usage_error(config: Path, command: tuple[str, ...]) -> None:
    refused = run(*command, "--max-cost", "5", "--config", str(config))
    assert refused.exit_code != 0
    assert "embedders.words.price_per_1000" in str(refused.exception)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "has_terminal", lambda: True)


def answering(text: str, *, yes: bool = False) -> Result:
    @click.command()
    def command() -> None:
        click.echo(f"said {asked('this drops it', yes=yes)('Drop it?')}")

    return CliRunner().invoke(command, input=text)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("text", "said"), [("y\n", "True"), ("\n", "False"), ("n\n", "False")])
def test_on_a_terminal_it_asks_and_no_is_the_default(text: str, said: str) -> None:
    result = answering(text)
    assert "Drop it? [y/N]" in result.stderr
    assert f"said {said}" in result.stdout


@pytest.mark.usefixtures("terminal")
def test_yes_answers_without_a_question() -> None:
    result = answering("", yes=True)
    assert (result.stdout, result.stderr) == ("said True\n", "")


@pytest.mark.usefixtures("terminal")
def test_what_an_option_says_is_asked_about_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def command() -> None:
        confirm_option("Embed everything again?", yes=False)
        click.echo("done")

    assert CliRunner().invoke(command, input="n\n").exit_code == 1
    monkeypatch.setattr(consent, "has_terminal", lambda: False)
    assert CliRunner().invoke(command, input="").stdout == "done\n"


@pytest.mark.usefixtures("terminal")
def test_a_no_ends_the_command() -> None:
    @click.command()
    def command() -> None:
        require("this drops it", "Drop it?", yes=False)
        click.echo("done")

    refused = CliRunner().invoke(command, input="n\n")
    assert (refused.exit_code, "done" in refused.stdout) == (1, False)
