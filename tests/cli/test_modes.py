"""`embedconsole run`, and how much it tells; the demo is what it runs on."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from embedconsole.cli.exits import Exit
from embedconsole.cli.invocation import Invocation
from embedconsole.cli.main import cli

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "demo"


def demo(folder: Path, *arguments: str) -> Result:
    line = ["demo", "-d", str(folder), "--products", "12", *arguments]
    return CliRunner().invoke(cli, line, obj=Invocation(), prog_name="embedconsole")


def log_of(folder: Path) -> str:
    return (folder / "embedconsole.log").read_text()


def test_a_run_is_what_headless_once_is(folder: Path) -> None:
    first = demo(folder, "run", "-n", "5", "--json")
    rest = demo(folder, "run", "-j")
    other = demo(folder, "--headless", "--once", "--json")

    assert (first.exit_code, rest.exit_code, other.exit_code) == (
        Exit.SOME_FAILED,
        Exit.IN_SYNC,
        Exit.IN_SYNC,
    )
    told = [json.loads(ended.stdout)["pipelines"]["products"] for ended in (first, rest, other)]
    assert [one["embedded"] for one in told] == [5, 7, 0]


def test_a_quiet_run_prints_the_report_only_and_a_verbose_one_the_log(folder: Path) -> None:
    quiet = demo(folder, "run", "--quiet")
    assert (quiet.exit_code, quiet.stderr) == (Exit.IN_SYNC, "")
    assert quiet.stdout.startswith("products: in sync\n")
    said = demo(folder, "run", "--force", "-v", "--log-level", "error")
    assert "INFO Indexed batch" in said.stderr
    assert "Made a sample catalog" in demo(folder.with_name("other"), "run", "--dry-run").stderr, "not quiet"


def test_the_level_of_the_log_can_be_chosen_for_a_run(folder: Path) -> None:
    demo(folder, "--log-level", "error", "run")
    assert log_of(folder) == ""
    demo(folder, "run", "--force", "--log-level", "info")
    assert "INFO Indexed batch" in log_of(folder)


@pytest.mark.parametrize("edit", ["title = 'Edited by hand'", "deleted_at = '2026-01-01'"])
def test_an_edit_by_hand_in_the_sample_shop_is_found_by_the_next_run(folder: Path, edit: str) -> None:
    demo(folder, "run")
    with closing(sqlite3.connect(folder / "shop.db")) as shop, shop:
        shop.execute(f"UPDATE products SET {edit} WHERE id = 3")

    explained = demo(folder, "explain", "3").stdout
    told = json.loads(demo(folder, "run", "--json").stdout)["pipelines"]["products"]

    assert (told["embedded"], told["deleted"]) == ((1, 0) if "title" in edit else (0, 1))
    assert "the next run" in explained
