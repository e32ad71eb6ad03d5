"""Events wait for a ledger that is away, and are in it when it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import Transient
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.shared.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path


def test_what_happened_while_the_ledger_was_away_is_told_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal("products", None)
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        with monkeypatch.context() as away:

            def refuse(*args: object) -> None:
                raise Transient("ledger", "connection refused")

            away.setattr(type(ledger.history), "record", refuse)
            for number in range(3000):
                journal.note("warning", "transient", f"event {number}")
                if number % 1000 == 0:
                    with pytest.raises(Transient):
                        journal.flush(ledger)
            with pytest.raises(Transient):
                journal.flush(ledger)
        journal.note("info", "ledger", "back")

        journal.flush(ledger)

        told = [event.message for event in ledger.history.events(limit=5000)]
    assert told == [*(f"event {number}" for number in range(2000, 3000)), "back"]
