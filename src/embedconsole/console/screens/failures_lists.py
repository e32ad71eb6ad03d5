"""The lists of the failures screen: the causes, and the items of one cause."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from embedconsole.console.screens.base import Choice
from embedconsole.console.text import left
from embedconsole.console.views.failures import (
    BlameView,
    blame_of_group,
    blame_of_item,
    cause_columns,
    cause_line,
    cause_row,
    failed_row,
    group_key,
    item_columns,
    item_line,
    key_cells,
    overview_note,
    page_note,
)
from embedconsole.console.widgets.list import ListPanel
from embedconsole.ledger.records.failures import FailedItem, FailureGroup, FailureKind
from embedconsole.sync.inspect.failures import (
    ChosenFailures,
    FailureOverview,
    failed_items,
    failures_by_cause,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.console.text import Line


_EMPTY = (
    "Nothing has failed. What an embedder or the collection refuses is listed here by its cause, with what "
    "can be done about it; and what waits for another try, with when."
)
_NO_SUCH_CAUSE = "No key and no error has this in it; esc in the filter (/) ends it."


class CauseList(ListPanel[FailureGroup]):
    """The failures by cause; `sought` is the text it is filtered by."""

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(
            "Failures",
            key_of=group_key,
            line_of=self._line,
            columns_of=cause_columns,
            glyphs=host.glyphs,
            id="causes",
            empty="Asking the ledger.",
        )
        self._host = host
        self._overview = FailureOverview()
        self._looked: float | None = None
        self.sought = ""

    async def look(self) -> None:
        """Ask the ledger. Raises as `ScreenHost.ask` does."""
        pipeline, text = self._host.state.pipeline.name, self.sought
        self._overview = await self._host.ask(partial(failures_by_cause, pipeline=pipeline, text=text))
        self._looked = self._host.state.moment().now
        self.show(self._overview.groups, note=self._said, empty=_NO_SUCH_CAUSE if text else _EMPTY)

    def tick(self) -> None:
        """Time has passed."""
        if self._looked is not None:
            self.show(self.rows, note=self._said)

    def fail(self) -> None:
        """It can't be asked now; what is shown stays."""
        if not self.rows:
            self.show((), empty="The ledger does not answer.")

    @property
    def blame(self) -> BlameView:
        """The error of the group under the cursor."""
        return blame_of_group(self.current)

    @property
    def choice(self) -> Choice:
        """The marked causes, or the one under the cursor, as far as the filter shows them."""
        among = tuple(group.among_with(self.sought) for group in self.chosen)
        return Choice(ChosenFailures(groups=among), sum(group.count for group in self.chosen))

    @property
    def _said(self) -> str:
        return overview_note(self._overview, self._host.state.pipeline.noun, self.sought)

    def _line(self, group: FailureGroup, cells: int) -> Line:
        return cause_line(cause_row(group, self._host.state.moment(self._looked)), cells)


_PAGE = 200
_BESIDE_TITLE = 36
_GONE = "None of them is left: they were retried, skipped, or changed."
_NO_SUCH_ITEM = "No key and no error of them has this in it; esc in the filter (/) ends it."


class FailedList(ListPanel[FailedItem]):
    """The failed items of one cause; `sought` is the text it is filtered by."""

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(
            "Failures",
            key_of=lambda item: item.key,
            line_of=self._line,
            columns_of=self._columns,
            glyphs=host.glyphs,
            id="items",
            empty="Asking the ledger.",
        )
        self._host = host
        self._group: FailureGroup | None = None
        self._total = 0
        self._looked: float | None = None
        # Else what was asked before a page came in would take it away again.
        self._one_reads = asyncio.Lock()
        self.sought = ""

    def of(self, group: FailureGroup, sought: str) -> None:
        """Be about the items of another cause."""
        self._group, self.sought, self._total = group, sought, 0
        self.show((), empty="Asking the ledger.")

    async def look(self) -> None:
        """Ask the ledger for as many as were read, at least a page. Raises as `ScreenHost.ask` does."""
        async with self._one_reads:
            await self._read(offset=0, limit=max(_PAGE, len(self.rows)))

    async def look_further(self) -> None:
        """Ask for the next page, where there is one."""
        async with self._one_reads:
            if len(self.rows) < self._total:
                await self._read(offset=len(self.rows), limit=_PAGE)

    async def _read(self, *, offset: int, limit: int) -> None:
        group, pipeline = self._group, self._host.state.pipeline.name
        if group is None:
            return
        among = group.among_with(self.sought)
        page = await self._host.ask(
            partial(failed_items, pipeline=pipeline, among=among, limit=limit, offset=offset)
        )
        self._total, self._looked = page.total, self._host.state.moment().now
        # An item that changed between two pages may be in both.
        before = {item.key for item in self.rows[:offset]}
        rows = (*self.rows[:offset], *(item for item in page.items if item.key not in before))
        self._show(rows)

    def tick(self) -> None:
        """Time has passed."""
        if self._looked is not None:
            self._show(self.rows)

    def fail(self) -> None:
        """It can't be asked now; what is shown stays."""
        if not self.rows:
            self.show((), empty="The ledger does not answer.")

    @property
    def blame(self) -> BlameView:
        """The error of the item under the cursor."""
        return blame_of_item(self.current, self._kind)

    @property
    def choice(self) -> Choice:
        """The marked items, or the one under the cursor."""
        keys = tuple(item.key for item in self.chosen)
        return Choice(ChosenFailures(keys=keys), len(keys))

    @property
    def copyable(self) -> str:
        """The keys of the chosen ones."""
        return "\n".join(item.key for item in self.chosen)

    @property
    def _kind(self) -> FailureKind:
        return FailureKind.FAILED if self._group is None else self._group.kind

    def _show(self, rows: Sequence[FailedItem]) -> None:
        note = page_note(len(rows), self._total, self._host.state.pipeline.noun, self.sought)
        self.show(rows, note=note, title=self._heading, empty=_NO_SUCH_ITEM if self.sought else _GONE)

    @property
    def _heading(self) -> str:
        if self._group is None:
            return "Failures"
        row = cause_row(self._group, self._host.state.moment())
        room = max(10, self.size.width - _BESIDE_TITLE - len(row.kind))
        return f"{row.kind}: {left(row.error, room).rstrip()}" if self._group.cause else row.kind.capitalize()

    def _columns(self, cells: int) -> Line:
        return item_columns(cells, self._key_cells(cells), waiting=self._kind is FailureKind.WAITING)

    def _line(self, item: FailedItem, cells: int) -> Line:
        row = failed_row(item, self._host.state.moment(self._looked))
        return item_line(row, cells, self._key_cells(cells + 1))

    def _key_cells(self, cells: int) -> int:
        return key_cells([item.key for item in self.rows[:_PAGE]], cells)
