"""The first rows of a table, drawn on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from embedconsole.foreign_text import one_line
from embedconsole.setup.guess import is_secret

if TYPE_CHECKING:
    from embedconsole.catalog.discovery import Look
    from embedconsole.items import JsonValue

ROWS = 5
_NAME = 24
_NARROWEST = 16
_WIDEST = 40


def show_rows(look: Look) -> None:
    """Draw the first rows on stderr, turned round: a line a column, one row beside the other.

    A table of many columns has room that way in any terminal, for as many rows as it is wide.
    """
    # Imported with the first preview: no other command of this kind draws.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True, highlight=False, emoji=False, markup=False)
    names = min(_NAME, max(len(name) for name in look.names))
    room = max(1, (console.width - names) // (_NARROWEST + 2))
    rows = look.rows[: min(ROWS, room)]
    width = min(_WIDEST, (console.width - names) // len(rows) - 2)
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False)
    table.add_column("column", no_wrap=True, overflow="ellipsis", min_width=names, max_width=_NAME)
    for number in range(1, len(rows) + 1):
        table.add_column(f"row {number}", no_wrap=True, overflow="ellipsis", max_width=width)
    for at, name in enumerate(look.names):
        hidden = is_secret(name)
        cells = ["(not shown)" if hidden else _shown(row[at]) for row in rows]
        table.add_row(Text(one_line(name)), *map(Text, cells))
    console.print(table)
    sys.stderr.flush()


def _shown(value: JsonValue) -> str:
    return "-" if value is None else one_line(str(value))
