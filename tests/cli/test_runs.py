"""`embedconsole runs`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from embedconsole.cli.main import cli
from embedconsole.faults import ConfigError
from embedconsole.ledger.ledger import open_ledger

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """\
ledger: sqlite:///{folder}/ledger.db
embedders:
  ml: {{type: hashing}}
pipelines:
  products:
    catalog: {{url: "sqlite:///shop.db", table: products}}
    embed: {{embedder: ml, text: "{{title}}"}}
    collection: {{path: ./qdrant, name: products}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose ledger does not exist yet."""
    path = tmp_path / "embedconsole.yaml"
    path.write_text(CONFIGURATION.format(folder=tmp_path.as_posix()), encoding="utf-8")
    return path


@pytest.fixture
def two_runs(config: Path, tmp_path: Path) -> Path:
    """The first run found something to embed and one bad picture, the second nothing."""
    with open_ledger(f"sqlite:///{tmp_path.as_posix()}/ledger.db") as ledger:
        first = ledger.history.begin_run("web1:1:aa", "force")
        ledger.history.record("products", [("error", "item", "no \x1b[2Jpicture", "7")])
        figures = {"scanned": 2001, "embedded": 2000, "failed": 1, "embed_requests": 20, "embed_items": 2000}
        pipelines = {"products": {**figures, "seconds": 10.0}}
        ledger.history.end_run(first, "partial", {"pipelines": pipelines, "cost": {"products": 1.0}})
        ledger.history.end_run(
            ledger.history.begin_run("web2:1:bb", "sync"), "ok", {"pipelines": {"products": {}}}
        )
    return config


def output_of(config: Path, *arguments: str) -> str:
    """What a command that ends well prints on stdout."""
    done = CliRunner().invoke(cli, ["--config", str(config), *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_before_the_first_run_there_are_none(config: Path) -> None:
    assert output_of(config, "runs") == ""
    assert json.loads(output_of(config, "runs", "--json")) == {"runs": []}


def test_runs_are_listed_newest_first(two_runs: Path) -> None:
    headings, newest, oldest = output_of(two_runs, "runs").splitlines()

    assert headings.split() == [
        *(
            "run",
            "kind",
            "began",
            "took",
            "embedded",
            "payload",
            "deleted",
            "failed",
            "cost",
            "outcome",
            "host",
        )
    ]
    assert newest.split()[:2] == ["2", "sync"]
    assert newest.split()[-3:] == ["in", "sync", "web2"]
    assert oldest.split()[:2] == ["1", "force"]
    assert oldest.split()[5:] == ["2,000", "0", "0", "1", "1.00", "some", "failed", "web1"]
    assert len(output_of(two_runs, "runs", "--limit", "1").splitlines()) == 2


def test_a_run_is_told_in_full(two_runs: Path) -> None:
    told = output_of(two_runs, "runs", "1")

    assert told.startswith("run 1 (force): some failed\n")
    assert "embedded 2,000" in told
    assert "20 embed requests for 2,000 items in 10 s, 200 a second" in told
    assert "cost 1.00" in told
    assert "products  item  7    no \ufffd[2Jpicture" in told
    assert "\x1b" not in told


def test_json_has_the_same(two_runs: Path) -> None:
    run = json.loads(output_of(two_runs, "runs", "1", "--json"))
    listed = json.loads(output_of(two_runs, "runs", "--json"))["runs"]

    assert (run["run"], run["outcome"], run["host"], run["cost"]) == (1, "partial", "web1", 1.0)
    assert run["pipelines"]["products"]["embedded"] == 2000
    assert [event["key"] for event in run["events"]] == ["7"]
    assert listed[1] == {name: value for name, value in run.items() if name != "events"}


def test_a_run_that_there_is_not(two_runs: Path) -> None:
    done = CliRunner().invoke(cli, ["--config", str(two_runs), "runs", "99"])

    assert isinstance(done.exception, ConfigError)
    assert "no run 99" in str(done.exception)


def test_two_runs_side_by_side_show_what_differs(two_runs: Path) -> None:
    text = output_of(two_runs, "diff", "1", "2")

    head, *rows = text.splitlines()
    assert head.split() == ["run", "1", "run", "2"]
    by_name = {row[:26].strip(): row[26:].split() for row in rows}
    assert by_name["kind"] == ["force", "sync"]
    assert by_name["products: embedded"] == ["2,000", "0"]
    assert by_name["products: cost"] == ["1.0"]
    assert "products: payload_updated" not in text, "the same in both"
    assert rows[-1] == "failed only in run 1: products 7"

    told = json.loads(output_of(two_runs, "diff", "2", "1", "--json"))
    assert told["first"]["run"] == 2
    assert {"pipeline": "products", "figure": "failed", "first": 0, "second": 1} in told["differing"]
    assert (told["failed_only_in_first"], told["failed_only_in_second"]) == (
        [],
        [{"pipeline": "products", "key": "7"}],
    )


def test_a_run_that_is_not_kept_has_no_difference(two_runs: Path) -> None:
    done = CliRunner().invoke(cli, ["--config", str(two_runs), "diff", "1", "9"])

    assert isinstance(done.exception, ConfigError)
    assert str(done.exception) == "no run 9; embedconsole runs lists those that are kept"
