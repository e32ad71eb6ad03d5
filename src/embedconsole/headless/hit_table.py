"""Hits as a table on a terminal: score, key, title, what was asked about, and a link to click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from embedconsole.foreign import harmless
from embedconsole.headless.talk import put_drawn
from embedconsole.sync.hits import asked_fields, key_of, shown_at

if TYPE_CHECKING:
    from embedconsole.items import Hit
    from embedconsole.sync.searching import Found
    from embedconsole.sync.showing import Showing

_NARROW, _WIDE = 16, 60


def put_hits(found: Found, showing: Showing) -> None:
    """Write the table to stdout, as wide as the terminal; what does not fit is cut."""
    console = Console(highlight=False, markup=False, emoji=False)
    with console.capture() as drawn:
        console.print(hit_table(found, showing))
    put_drawn(drawn.get())


def hit_table(found: Found, showing: Showing) -> Table:
    """A line a hit."""
    asked = asked_fields(found.scope)
    links = [showing.link_of(hit.payload) for hit in found.hits]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("key", justify="right", no_wrap=True)
    table.add_column("title")
    for field in asked:
        table.add_column(_cell(field, _NARROW))
    if any(links):
        table.add_column("link")
    for hit, link in zip(found.hits, links, strict=True):
        table.add_row(*_cells(hit, showing, asked), *([_linked(link)] if any(links) else []))
    return table


def _cells(hit: Hit, showing: Showing, asked: list[str]) -> list[Text]:
    return [
        Text(f"{hit.score:.3f}"),
        _cell(key_of(hit), _NARROW, "dim"),
        _cell(showing.title_of(hit.payload), _WIDE, "bold"),
        *(_cell(shown_at(hit.payload, field), _NARROW) for field in asked),
    ]


def _cell(text: str, most: int, style: str | Style = "") -> Text:
    """Foreign text on one line, which the table may cut further."""
    cell = Text(" ".join(harmless(text).split()), style=style, no_wrap=True, overflow="ellipsis")
    cell.truncate(most, overflow="ellipsis")
    return cell


def _linked(link: str) -> Text:
    """The address without what all have in common; all of it is behind it."""
    return _cell(link.partition("://")[2], _WIDE, Style(link=link, dim=True) if link else "")
