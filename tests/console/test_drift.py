"""What verifies found, on the screens: the last one, those before, and one that is asked for."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from console import collection_samples, samples
from console.conftest import console_of, settled, until
from console.fakes import FakeEngine
from embedconsole.console.screens.dialogs import Sheet
from embedconsole.console.views.collection import drift_facts, drift_lines, drift_of
from embedconsole.console.widgets.base import Panel
from embedconsole.faults import Unreachable
from embedconsole.ledger.records.history import AuditRecord
from embedconsole.sync.audit.report import (
    Audit,
    CatalogAudit,
    CollectionAudit,
    NotChecked,
    SchemaAudit,
)
from embedconsole.sync.shared.verdict import Verdict

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from console.conftest import MakeConsole

pytestmark = pytest.mark.anyio

FOUND = Audit(
    CatalogAudit(rows=30, gone=2),
    CollectionAudit(
        exists=True,
        points=25,
        items=27,
        counts={Verdict.AGREES: 22, Verdict.MISSING: 2, Verdict.STALE: 1, Verdict.FOREIGN: 9},
        examples={Verdict.MISSING: ("3", "[bold]4"), Verdict.STALE: ("5",)},
    ),
    SchemaAudit(),
    NotChecked("ask for it with --sample K"),
)


def test_what_was_found_is_told_in_a_line() -> None:
    drift = drift_of(AuditRecord(1000.0, "products", FOUND.as_json()), 8300.0)

    assert (drift.value, drift.ago, drift.tone) == ("5", "2h ago", "alert")
    assert drift.note == "2 missing, 1 stale, 2 gone from it"


def test_what_could_not_be_checked_is_no_zero() -> None:
    away = replace(FOUND, collection=NotChecked("Qdrant is away", failed=True))

    drift = drift_of(AuditRecord(1000.0, "products", away.as_json()), 1010.0)

    assert (drift.value, drift.ago, drift.note) == ("-", "just now", "not checked: Qdrant is away")


@pytest.mark.parametrize("outcome", [{}, {"drift": "many"}, {"drift": 3, "collection": 7}, {"drift": True}])
def test_words_of_another_version_do_no_harm(outcome: dict[str, object]) -> None:
    record = AuditRecord(1000.0, "products", outcome)

    assert drift_of(record, 2000.0).ago == "16m ago"
    assert drift_lines(outcome, 60)
    assert len(drift_facts([record, record], 2000.0, None)) == 2


def text(pilot: Pilot[int], panel: str) -> str:
    return pilot.app.screen_stack[0].query_one(panel, Panel).text


async def test_the_dashboard_shows_the_last_verify(make_console: MakeConsole) -> None:
    view = samples.pipeline_view(audit=collection_samples.AUDITS[0])
    async with make_console(FakeEngine(samples.snapshot(view))).run_test(size=(120, 40)) as pilot:
        await settled(pilot)

        assert "drift             21   2h ago" in text(pilot, "#collection")


def sheet_text(pilot: Pilot[int]) -> str:
    sheet = pilot.app.screen
    return sheet.query_one("#sheet", Panel).text if isinstance(sheet, Sheet) else ""


async def test_a_verify_shows_what_it_found_and_the_screen_looks_again(make_console: MakeConsole) -> None:
    comparing: Future[Audit] = Future()
    client = FakeEngine(samples.in_sync(), answers={"survey": collection_samples.READY, "verify": comparing})
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("3", "c")
        await until(pilot, lambda: "Comparing: 0 rows" in sheet_text(pilot))
        client.answers["survey"] = collection_samples.DRIFTING

        comparing.set_result(FOUND)

        await until(pilot, lambda: "5 differences" in sheet_text(pilot))
        assert "missing: 3, [bold]4" in sheet_text(pilot)
        assert "vectors: not checked: ask for it with --sample K" in sheet_text(pilot).replace("\n ", " ")
        await pilot.press("escape")
        await until(pilot, lambda: "2h ago: 12 missing" in text(pilot, "#facts"))
    assert [name for name, _ in client.lookups if name == "verify"] == ["verify"]


async def test_a_verify_goes_on_when_its_sheet_is_closed(make_console: MakeConsole) -> None:
    comparing: Future[Audit] = Future()
    client = FakeEngine(samples.in_sync(), answers={"survey": collection_samples.READY, "verify": comparing})
    async with make_console(client).run_test(notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("3", "c")
        await until(pilot, lambda: "Comparing" in sheet_text(pilot))
        await pilot.press("escape")
        await pilot.pause()
        assert not comparing.cancelled()

        comparing.set_exception(Unreachable("ledger", "gone"))

        await until(pilot, lambda: any("ledger: gone" in one.message for one in pilot.app._notifications))
        assert console_of(pilot).place is not None


async def test_a_verify_ends_with_the_console(make_console: MakeConsole) -> None:
    """Else leaving would wait for all points to be compared."""
    comparing: Future[Audit] = Future()
    client = FakeEngine(samples.in_sync(), answers={"survey": collection_samples.READY, "verify": comparing})
    async with make_console(client).run_test() as pilot:
        await settled(pilot)
        await pilot.press("3", "c")
        await until(pilot, lambda: "Comparing" in sheet_text(pilot))
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("q")
    assert comparing.cancelled()
