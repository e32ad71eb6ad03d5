"""What names something that is not there is a usage error, or says so where the rest is done anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.fixtures_shop import Stage


@pytest.fixture
def synced(sqlite_stage: Stage) -> Stage:
    """Five products in sync."""
    sqlite_stage.shop.add(range(1, 6))
    assert sqlite_stage.installation.sync().code == 0
    return sqlite_stage


@pytest.mark.parametrize(
    ("section", "setting", "value", "message"),
    [
        ("catalog", "table", "produkts", "there is no table produkts"),
        ("catalog", "key", "idd", "catalog.key names the column idd"),
        ("embed", "text", "{titel}", "no column 'titel'"),
    ],
)
def test_a_wrong_table_key_or_column_is_a_usage_error_of_every_command(
    synced: Stage, section: str, setting: str, value: str, message: str
) -> None:
    synced.pipeline["catalog"].pop("query", None)
    synced.pipeline["catalog"]["table"] = "products"
    synced.pipeline[section][setting] = value

    for command in ("run", "verify", "verify --repair", "explain 1", "reindex"):
        ended = synced.installation.run(*command.split())

        assert ended.code == 2, (command, ended.out, ended.err)
        assert message in " ".join((ended.out + ended.err).split()), command


def test_choices_that_match_nothing_are_named_each(synced: Stage) -> None:
    chosen = ("--force", "--only", "id=2", "--only", "id=98", "--only", "99")

    dry, done = synced.installation.run("run", "--dry-run", *chosen), synced.installation.run("run", *chosen)

    for ended in (dry, done):
        assert ended.code == 0
        assert ended.err.strip() == "products: No item of the catalog matches --only 99, --only id=98"


def test_a_key_of_no_item_is_named_and_the_others_are_put_back(synced: Stage) -> None:
    synced.shop.edit([4], title="", description="", image_url=None)
    assert synced.installation.sync().code == 1

    back = synced.installation.run("retry", "4", "99")
    synced.installation.sync()
    skipped = synced.installation.run("skip", "99", "4")
    in_sync = synced.installation.run("retry", "1")

    assert (back.code, back.out) == (2, "products: 1 item returned to the queue\n")
    assert "The ledger has no item '99'" in back.err
    assert (skipped.code, skipped.out) == (2, "products: 1 item skipped until the content changes\n")
    assert in_sync.code == 0
    assert "1 item not among the failed ones" in in_sync.err
