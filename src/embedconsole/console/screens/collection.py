"""The collection screen: what Qdrant says of it, what that means, and what differs from the configuration."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from embedconsole.console.screens.base import ConsoleScreen
from embedconsole.console.views.collection import (
    CollectionPage,
    collection_page,
    differing,
    drift_facts,
)
from embedconsole.console.views.collection_panels import facts_lines, schema_lines
from embedconsole.console.widgets.base import Panel
from embedconsole.sync.inspect.collection import survey

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.console.views.model import DashboardView
    from embedconsole.sync.inspect.collection import Survey

_FACTS_SHARE = 0.6
"""Largest share of the height for the facts; the schema scrolls."""


class CollectionScreen(ConsoleScreen):
    """Looks at the collection of the pipeline that is shown."""

    CSS_PATH = ["base.tcss", "collection.tcss"]  # noqa: RUF012 - Textual declares it
    AUTO_FOCUS = "#facts"
    place = "collection"

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(host)
        glyphs = host.glyphs
        self._found: dict[str, Survey] = {}
        self._faults: dict[str, str] = {}
        self._page = CollectionPage()
        self._facts = Panel(
            "Collection",
            self._page,
            lambda page, cells, height: facts_lines(page, cells, glyphs),
            glyphs=glyphs,
            id="facts",
            note_of=lambda page: page.place,
        )
        self._schema = Panel(
            "Schema",
            self._page,
            lambda page, cells, height: schema_lines(page, cells),
            glyphs=glyphs,
            id="schema",
            note_of=_schema_note,
        )

    def compose_body(self) -> ComposeResult:
        """Two panels."""
        yield self._facts
        yield self._schema

    async def look(self) -> None:
        """Ask the collection."""
        pipeline = self.host.state.pipeline.name
        self._found[pipeline] = await self.host.ask(partial(survey, pipeline=pipeline))
        self._faults.pop(pipeline, None)
        self._show()

    def look_failed(self, fault: str) -> None:
        """Keep the last data, with the reason why it may be old."""
        self._faults[self.host.state.pipeline.name] = fault
        self._show()

    def show_view(self, view: DashboardView) -> None:
        """The counts may be others."""
        self._show()

    @property
    def restless(self) -> bool:
        """Optimizations go on while the sync rests."""
        return bool(self._page.running)

    def on_resize(self, event: events.Resize) -> None:
        """More or less room."""
        self.call_after_refresh(self._take_room)

    def _show(self) -> None:
        facts, view = self.host.state.pipeline, self.host.state.pipeline_view
        found = self._found.get(facts.name)
        self._page = collection_page(
            found,
            None if view is None else view.counts,
            name=facts.collection,
            target="" if view is None else view.collection,
            fault=self._faults.get(facts.name),
            drift=drift_facts(() if found is None else found.audits, self.host.now(), self.host.state.zone),
        )
        self._facts.show(self._page)
        self._schema.show(self._page)
        self._take_room()

    def _take_room(self) -> None:
        """The facts are as high as they need, if that leaves some room for the schema."""
        room = self.query_one("#body").size.height
        if room <= 0 or self.has_class("-huge"):
            self._facts.styles.height = "100%"
            return
        lines = facts_lines(self._page, self._facts.size.width or self.size.width, self.host.glyphs)
        self._facts.styles.height = max(3, min(len(lines) + 2, int(room * _FACTS_SHARE)))


def _schema_note(page: CollectionPage) -> str:
    count = differing((*page.vectors, *page.indexes))
    if not page.exists or not count:
        return ""
    return "1 differs" if count == 1 else f"{count} differ"
