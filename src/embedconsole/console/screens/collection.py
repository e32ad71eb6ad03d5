"""The collection screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.screens.place import Place
from embedconsole.console.widgets.panel import Panel

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Collection(Place):
    """Still to come."""

    place = "collection"

    def compose_body(self) -> ComposeResult:
        """A hint."""
        hint = f"Still to come. Until then: {self.desk.bridge.launch.command} status"
        yield Panel(
            "Collection",
            hint,
            lambda text, cells, height: wrapped(text, cells, "muted"),
            glyphs=self.desk.glyphs,
            id="hint",
        )
