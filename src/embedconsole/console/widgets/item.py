"""One item in full, and what happened to it: panels that copy what they say, and not how it is wrapped."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from embedconsole.console.choosing import Choice
from embedconsole.console.panels.failures import blame_lines
from embedconsole.console.screens.failures_model import BlameView, blame_of_examined, moment_of
from embedconsole.console.screens.item import ItemView, item_lines, item_note
from embedconsole.console.text import clean, plain
from embedconsole.console.widgets.base import Panel
from embedconsole.sync.inspect.failures import Chosen
from embedconsole.sync.inspect.item import examine_item

if TYPE_CHECKING:
    from embedconsole.console.desk import ScreenHost

_UNWRAPPED = 100_000


class ItemPanel(Panel["ItemView | None"]):
    """All that can be told of an item."""

    def __init__(self, desk: ScreenHost) -> None:
        super().__init__(
            "Item",
            None,
            lambda view, cells, height: item_lines(view, cells),
            glyphs=desk.glyphs,
            id="item",
            note_of=item_note,
        )
        self._desk = desk
        self.key = ""

    def of(self, key: str) -> None:
        """Be about another item."""
        self.key = key
        self.scroll(-_UNWRAPPED)
        self.show(None, title=f"{self._desk.bridge.pipeline.noun.capitalize()} {clean(key)}")

    async def look(self) -> None:
        """Ask ledger, catalog and collection. Raises as `Desk.ask` does."""
        key, pipeline = self.key, self._desk.bridge.pipeline.name
        seen = await self._desk.ask(partial(examine_item, pipeline=pipeline, key=key))
        self.show(ItemView(seen, moment_of(self._desk.bridge)))

    def tick(self) -> None:
        """It is of the moment it was looked at."""

    def fail(self) -> None:
        """It can't be looked up now; what is shown stays."""

    @property
    def blame(self) -> BlameView:
        """What happened to it."""
        return BlameView() if self.view is None else blame_of_examined(self.view.seen)

    @property
    def choice(self) -> Choice:
        """This one."""
        return Choice(Chosen(keys=(self.key,)), 1)

    @property
    def copyable(self) -> str:
        """The whole of it."""
        if self.view is None:
            return ""
        lines = [plain(line).rstrip() for line in item_lines(self.view, _UNWRAPPED)]
        blame = self.blame
        return "\n".join(
            [f"{self._desk.bridge.pipeline.noun} {self.key}", *lines, "", blame.error, blame.remedy]
        )


class BlamePanel(Panel[BlameView]):
    """What happened, in full, and what can be done about it."""

    def __init__(self, desk: ScreenHost) -> None:
        super().__init__(
            "What happened",
            BlameView(),
            blame_lines,
            glyphs=desk.glyphs,
            id="blame",
            note_of=lambda view: view.whose,
        )

    def tell_fault(self, fault: str) -> None:
        """Say why there is nothing newer to show."""
        self.show(BlameView(clean(fault), "It is asked again until it answers.", "no answer", "wait"))

    @property
    def copyable(self) -> str:
        """The error as it came."""
        return self.view.error
