"""docs/upgrading.md, played through with a ledger in a file: kept, migrated, put back, migrated again."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from docs.documents import shown_commands
from embedconsole.ledger.ledger import ledger_schema, open_ledger
from embedconsole.ledger.migrate import VERSION
from ledger.versions import ledger_of_version
from support.databases import Database

if TYPE_CHECKING:
    from pathlib import Path

_VERSION_0_1 = "0006"


def test_the_backup_is_a_way_back(tmp_path: Path) -> None:
    kept, ledger = tmp_path / "backups", tmp_path / "ledger.db"
    kept.mkdir()
    url = f"sqlite:///{ledger}"
    ledger_of_version(_VERSION_0_1, Database(url, "sqlite"))
    lines = [one.line for one in shown_commands("docs/upgrading.md") if one.words[0] in ("cp", "rm")]
    keep, *put_back = (
        line.replace("/var/lib/embedconsole", str(tmp_path)).replace("/var/backups", str(kept))
        for line in lines
    )

    subprocess.run(keep, shell=True, check=True)
    open_ledger(url).close()
    assert ledger_schema(url) == VERSION
    for line in put_back:
        subprocess.run(line, shell=True, check=True)

    assert ledger_schema(url) == _VERSION_0_1
    open_ledger(url).close()
    assert ledger_schema(url) == VERSION
