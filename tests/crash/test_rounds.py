"""Killed at every point and restarted: nothing lost, twice or stale, and only what was in flight paid again.

pytest tests/crash/test_rounds.py --soak 3000       # rounds in all; prints the report
"""

from __future__ import annotations

import random
from itertools import islice
from typing import TYPE_CHECKING

from crash.rounds import CrashTest, ends
from support.databases import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows

_ROUNDS = 24  # every chosen point, and every moment
_SEED = 7


def test_killed_in_every_round(
    stage: Stage, ledger: LedgerRows, soak: int, record_property: Callable[[str, object], None]
) -> None:
    stage.pipeline["catalog"]["writeback"] = {"flag": "needs_embedding", "synced_at": "embedding_synced_at"}
    collection = stage.pipeline["collection"]
    # Some products have values in these columns that other programs stumble over.
    collection["payload"] |= {"made": "created_at", "count": "size_options"}
    collection["indexes"] |= {"made": "datetime", "count": "integer"}
    # A busy shop: the guard against mass deletion has tests of its own.
    stage.installation.settings["max_delete_fraction"] = 0.9
    # The rounds are dealt out to the databases: each kills at other points.
    dialect = stage.shop.database.dialect
    dealt = islice(ends(_SEED), DIALECTS.index(dialect), soak or _ROUNDS, len(DIALECTS))
    crash_test = CrashTest(stage, ledger, random.Random(_SEED))

    report = crash_test.play(list(dealt))

    record_property("soak report", f"{dialect}: {report}")
    assert (report.lost, report.duplicated, report.stale) == (0, 0, 0)
    assert report.paid_again <= report.in_flight + report.forced
    assert report.ends.total() >= report.rounds * 3 // 4
