"""From events of the ledger to rows that tell them: pure functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.console.screens.dashboard_model import ErrorRow
from embedconsole.console.text import clean
from embedconsole.console.words import at_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from embedconsole.ledger.records.history import Event


def error_rows(events: Iterable[Event], zone: tzinfo | None) -> tuple[ErrorRow, ...]:
    """A row each, but one for many with the same cause in a row: a thousand time-outs are one story."""
    rows: list[ErrorRow] = []
    for event in events:
        row = ErrorRow(
            time=at_time(event.at, zone),
            kind=clean(event.kind),
            key=None if event.key is None else clean(event.key),
            message=clean(event.message),
            count=1,
            grave=event.level == "error",
        )
        if rows and _cause(rows[-1]) == _cause(row):
            row = replace(row, count=rows.pop().count + 1)
        rows.append(row)
    return tuple(rows)


def _cause(row: ErrorRow) -> tuple[str, str, bool]:
    return row.kind, row.message, row.grave
