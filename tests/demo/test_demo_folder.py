"""The demo's folder: what it makes there, and what it never touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.demo.setup import prepare_demo, reset_demo
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_reset_deletes_what_the_demo_made_and_nothing_else(tmp_path: Path) -> None:
    prepare_demo(tmp_path, 20)
    (tmp_path / "qdrant" / "products").mkdir(parents=True)
    (tmp_path / "qdrant" / "products" / "collection.json").write_text("{}")
    (tmp_path / "qdrant" / "mine").mkdir()
    (tmp_path / "embedconsole.log.1").write_text("")
    (tmp_path / "ledger.db-wal").write_text("")
    (tmp_path / "thesis.txt").write_text("years of work")

    reset_demo(tmp_path)

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine", "qdrant", "thesis.txt"]
    assert prepare_demo(tmp_path, 30).made


def test_a_reset_refuses_a_folder_that_the_demo_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_text("mine")
    with pytest.raises(ConfigError, match=r"Name an empty folder with --dir"):
        reset_demo(tmp_path)
    (tmp_path / "embedconsole.yaml").write_text("ledger: sqlite:///ledger.db\n")
    with pytest.raises(ConfigError, match=r"files of others"):
        reset_demo(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["embedconsole.yaml", "shop.db"]


def test_the_demo_runs_no_configuration_of_others(tmp_path: Path) -> None:
    (tmp_path / "embedconsole.yaml").write_text("ledger: sqlite:///ledger.db\n")
    with pytest.raises(ConfigError, match=r"files of others"):
        prepare_demo(tmp_path, 20)
    assert [path.name for path in tmp_path.iterdir()] == ["embedconsole.yaml"]


@pytest.mark.parametrize("there", [True, False])
def test_an_empty_or_missing_folder_needs_no_reset(tmp_path: Path, there: bool) -> None:
    reset_demo(tmp_path if there else tmp_path / "new")
