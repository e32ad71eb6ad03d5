"""The search screen: what the shop's customers would find, and what is like what."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Container

from embedconsole.console.screens.base import ListScreen
from embedconsole.console.text import Span, clean, width, wrapped_to
from embedconsole.console.views.dashboard_panels import hints_line
from embedconsole.console.views.search import (
    HitView,
    cost_note,
    failed,
    hit_columns,
    hit_line,
    hit_lines,
    hits_page,
    no_search_yet,
    searching,
    unread,
)
from embedconsole.console.widgets.base import Lines, Panel
from embedconsole.console.widgets.input import SearchBox
from embedconsole.console.widgets.list import ListPanel
from embedconsole.faults import ConfigError, Fault
from embedconsole.filters import EVERYTHING
from embedconsole.sync.inspect.item import examine_item
from embedconsole.sync.search.presentation import key_of, showing_of
from embedconsole.sync.search.search import ByText, LikeItem, parse_asked, search_engine, vector_for

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.console.text import Line
    from embedconsole.console.views.search import HitRow, HitsPage
    from embedconsole.filters import Scope
    from embedconsole.items import Hit
    from embedconsole.sync.search.search import Query, SearchResult

_FIRST, _MORE = 30, 50
_TYPING = (
    ("enter", "search"),
    ("esc", "to the hits"),
    ("up", "earlier searches"),
    ("where price<50", "filters"),
    ("ctrl+p", "palette"),
)
_TYPING_VECTORS = (*_TYPING[:2], ("ctrl+n", "next vector"), *_TYPING[2:])
_EMPTY = "The hits appear here: score, key, title and some of the payload. / goes to the line above."


class SearchScreen(ListScreen):
    """Searches when asked to; looks nothing up by itself."""

    CSS_PATH = ["base.tcss", "search.tcss"]  # noqa: RUF012 - Textual declares it
    AUTO_FOCUS = "#query"
    place = "search"

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(host)
        self._pipeline = host.state.pipeline.name
        self._vector: str | None = None
        self._query: Query | None = None
        self._found: SearchResult | None = None
        self._asking = False
        self._page: HitsPage = no_search_yet(self._cost)
        self._box = SearchBox(id="query")
        self._prompt = Lines(id="prompt")
        self._told = Lines(id="told")
        self._hits: ListPanel[HitRow] = ListPanel(
            "Hits",
            key_of=lambda row: row.point,
            line_of=lambda row, cells: hit_line(row, self._page, cells),
            columns_of=lambda cells: hit_columns(self._page, cells),
            glyphs=host.glyphs,
            id="list",
            empty=_EMPTY,
        )
        self._hit: Panel[HitView | None] = Panel(
            "Hit",
            None,
            lambda view, cells, height: hit_lines(view, cells),
            glyphs=host.glyphs,
            id="detail",
            note_of=lambda view: "" if view is None else f"score {view.hit.score:.3f}",
        )

    def compose_body(self) -> ComposeResult:
        """The search line, its result, and the hits or one of them."""
        with Container(id="asking"):
            yield self._prompt
            yield self._box
        yield self._told
        yield self._hits
        yield self._hit

    def on_mount(self) -> None:
        """Ready to be typed into."""
        # `ListScreen` focuses the list, also when it is mounted.
        self.call_later(self._box.focus)

    def chosen(self) -> None:
        """What follows the screen's key is text."""
        self._box.focus()

    # Asking

    def on_search_box_asked(self, event: SearchBox.Asked) -> None:
        """Search for the typed text."""
        if event.text:
            self._search_typed(event.text)

    def on_search_box_left(self) -> None:
        """The letters are keys again."""
        (self._hit if self.in_detail else self._hits).focus()

    def action_query(self) -> None:
        """Type."""
        self._box.focus()

    def action_similar(self) -> None:
        """More like the hit under the cursor, or the one that is open."""
        hit = self._current
        if hit is not None:
            self._box.hold(f"#{key_of(hit)}")
            self._search(LikeItem(key_of(hit)), _FIRST, EVERYTHING)

    def action_vector(self) -> None:
        """By the next vector, and the same search by it."""
        names = list(self._settings.vectors)
        if len(names) == 1:
            self.host.say("There is only one vector.")
            return
        self._vector = names[(names.index(self._by) + 1) % len(names)]
        self._draw_page(self._page)
        if self._query is not None:
            # An embedding is of one vector's space.
            self._search_typed(self._box.value)

    @on(ListPanel.NearEnd, "#list")
    def _more(self) -> None:
        if self._found is not None and not self._found.whole and not self._asking:
            self._search(self._found.query, self._found.limit + _MORE, self._found.scope)

    def _search_typed(self, text: str) -> None:
        try:
            query, scope = parse_asked(text, self._settings.collection.indexes)
        except ConfigError as fault:
            self.workers.cancel_group(self, "search")
            self._found = None
            self._draw_page(unread(fault))
        else:
            self._search(query, _FIRST, scope)

    def _search(self, query: Query, limit: int, scope: Scope) -> None:
        self._query = query
        asking = self._ask(query, limit, scope)
        self.run_worker(asking, group="search", exclusive=True, exit_on_error=False)

    async def _ask(self, query: Query, limit: int, scope: Scope) -> None:
        self._asking = True
        more = self._found is not None and limit > _FIRST
        if not more:
            self._draw_page(searching(self._page, query))
        ask = partial(search_engine, pipeline=self._pipeline, query=query, vector=self._by, limit=limit)
        try:
            found = await self.host.ask(partial(ask, scope=scope))
        except (Fault, ConfigError) as fault:
            self._found = None
            self._draw_page(failed(fault, query))
            # What there is to do about it is done by keys.
            self._show_hits()
        else:
            self._found = found
            noun = self.host.state.pipeline.noun
            self._draw_page(hits_page(found, showing_of(self._settings), noun=noun, cost=self._cost))
            if not more:
                self._hits.scroll(-len(found.hits))
                self._show_hits()
        finally:
            self._asking = False

    def _show_hits(self) -> None:
        typing = self._box.typing
        self._swap(in_detail=False)
        if typing:
            self._box.focus()

    # Showing

    def _draw_page(self, page: HitsPage) -> None:
        self._page = page
        cells = self.size.width - 2
        by = f" by {clean(self._by)}" if len(self._settings.vectors) > 1 else ""
        prompt = (Span(f"Search{by}  ", "strong"),)
        self._prompt.styles.width = width(prompt)
        self._prompt.draw([prompt])
        self._told.draw(wrapped_to(page.told, cells, 2, page.tone))
        self._hits.show(page.rows)

    def on_resize(self, event: events.Resize) -> None:
        """More or less room."""
        self.call_after_refresh(lambda: self._draw_page(self._page))

    async def look(self) -> None:
        """Another pipeline has other hits."""
        if self._pipeline != self.host.state.pipeline.name:
            self._pipeline = self.host.state.pipeline.name
            self._vector = self._query = self._found = None
            self._draw_page(no_search_yet(self._cost))

    @on(ListPanel.Chosen, "#list")
    async def _open(self) -> None:
        hit = self._current
        if hit is None:
            return
        self._hit.scroll(-1_000_000)
        view = HitView(hit, showing_of(self._settings).title_of(hit.payload))
        self._hit.show(view)
        self.open_detail()
        self.run_worker(self._examine(view), group="examine", exclusive=True, exit_on_error=False)

    async def _examine(self, view: HitView) -> None:
        key = key_of(view.hit)
        try:
            seen = await self.host.ask(partial(examine_item, pipeline=self._pipeline, key=key))
        except (Fault, ConfigError) as fault:
            self._hit.show(replace(view, fault=str(fault)))
        else:
            self._hit.show(replace(view, seen=seen))

    def keys_here(self, cells: int) -> Line:
        """While it is typed, letters are letters."""
        if self._box.has_focus:
            return hints_line(_TYPING_VECTORS if len(self._settings.vectors) > 1 else _TYPING, cells)
        return super().keys_here(cells)

    def on_descendant_focus(self) -> None:
        """Other keys."""
        self._draw_lines()

    def on_descendant_blur(self) -> None:
        """The same."""
        self._draw_lines()

    @property
    def _current(self) -> Hit | None:
        row = self._hits.current
        hits = () if self._found is None else self._found.hits
        return next((hit for hit in hits if row is not None and str(hit.id) == row.point), None)

    @property
    def _settings(self) -> Pipeline:
        return next(one for one in self.host.state.launch.pipelines if one.name == self._pipeline)

    @property
    def _by(self) -> str:
        """The vector that is searched by: the chosen one, or the first that is made of text."""
        return vector_for(self._settings, ByText(""), self._vector)

    @property
    def _cost(self) -> str:
        settings = self._settings
        return cost_note(settings.embedders[settings.vectors[self._by].embedder].price_per_1000)
