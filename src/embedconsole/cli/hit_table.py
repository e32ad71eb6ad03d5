"""Hits as a table on a terminal: score, key, title, the filtered fields, and a link to click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from embedconsole.cli.output import put_drawn
from embedconsole.foreign_text import harmless
from embedconsole.sync.search.presentation import asked_fields, key_of, shown_at

if TYPE_CHECKING:
    from embedconsole.items import Hit
    from embedconsole.sync.search.presentation import HitFormat
    from embedconsole.sync.search.search import SearchResult

_NARROW, _WIDE = 16, 60
_GAP = 2
_SHORTEST_LINK = 14


def put_hits(found: SearchResult, showing: HitFormat) -> None:
    """Write the table to stdout, as wide as the terminal; what does not fit is cut."""
    console = Console(highlight=False, markup=False, emoji=False)
    with console.capture() as drawn:
        console.print(hit_table(found, showing, console.width))
    put_drawn(drawn.get())


def hit_table(found: SearchResult, showing: HitFormat, width: int) -> Table:
    """A row for each hit. The link gets the room that the title leaves; its end says more than its start."""
    asked = asked_fields(found, showing)
    rows = [_cells(hit, showing, asked) for hit in found.hits]
    columns = [*zip(*rows, strict=True)]
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("key", justify="right", no_wrap=True)
    table.add_column("title")
    for field, column in zip(asked, columns[3:], strict=True):
        table.add_column(_cell(field, _NARROW), justify="right" if _are_numbers(column) else "left")
    links = [showing.link_of(hit.payload) for hit in found.hits]
    if any(links):
        table.add_column("link")
        names = ["score", "key", "title", *asked]
        widths = [
            max(min(len(name), _NARROW), *(cell.cell_len for cell in column)) + _GAP
            for name, column in zip(names, columns, strict=True)
        ]
        room = max(_SHORTEST_LINK, width - sum(widths))
        rows = [[*row, _linked(link, room)] for row, link in zip(rows, links, strict=True)]
    for row in rows:
        table.add_row(*row)
    return table


def _cells(hit: Hit, showing: HitFormat, asked: list[str]) -> list[Text]:
    return [
        Text(f"{hit.score:.3f}"),
        _cell(key_of(hit), _NARROW, "dim"),
        _cell(showing.title_of(hit.payload), _WIDE, "bold"),
        *(_cell(shown_at(hit.payload, field), _NARROW) for field in asked),
    ]


def _are_numbers(column: tuple[Text, ...]) -> bool:
    return all(cell.plain.lstrip("-").replace(".", "", 1).isdecimal() for cell in column if cell.plain)


def _cell(text: str, most: int, style: str = "") -> Text:
    """Foreign text on one line, which the table may cut further."""
    cell = Text(" ".join(harmless(text).split()), style=style, no_wrap=True, overflow="ellipsis")
    cell.truncate(most, overflow="ellipsis")
    return cell


def _linked(link: str, room: int) -> Text:
    """A link whose text is the address without its scheme, shortened to the room there is."""
    shown = link.partition("://")[2]
    shown = shown if len(shown) <= room else f"…{shown[1 - room :]}"
    return Text(shown, style=Style(link=link, dim=True) if link else "", no_wrap=True, overflow="ellipsis")
