"""The line above a panel: its title, a rule, and a note at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.text import Span, width

if TYPE_CHECKING:
    from embedconsole.console.glyphs import Glyphs
    from embedconsole.console.text import Line


def heading(title: str, note: str, cells: int, glyphs: Glyphs, *, focused: bool) -> Line:
    """ "Errors ────────── following"; the focused panel's stands out."""
    start = Span(f"{title} ", "focus" if focused else "strong")
    end = Span(f" {note}" if note else "", "muted")
    room = max(0, cells - width((start, end)))
    rule = glyphs.focus if focused else glyphs.rule
    return (start, Span(rule * room, "work" if focused else "muted"), end)
