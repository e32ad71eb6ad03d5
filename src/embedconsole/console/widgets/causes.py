"""The list of causes: what failed, what waits for another try, what is let be."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from embedconsole.console.choosing import Choice
from embedconsole.console.panels.failures import cause_columns, cause_line
from embedconsole.console.screens.failures_model import (
    blame_of_group,
    cause_row,
    group_key,
    moment_of,
    overview_note,
)
from embedconsole.console.widgets.list import Roll
from embedconsole.ledger.records.failures import FailureGroup
from embedconsole.sync.inspect.failures import Chosen, FailureOverview, failures_by_cause

if TYPE_CHECKING:
    from embedconsole.console.desk import ScreenHost
    from embedconsole.console.screens.failures_model import BlameView
    from embedconsole.console.text import Line

_EMPTY = (
    "Nothing needs a look. What an embedder or the collection refuses is listed here by its cause, with what "
    "can be done about it; and what waits for another try, with when."
)
_NO_SUCH = "No key and no error has this in it; esc in the filter (/) ends it."


class CauseList(Roll[FailureGroup]):
    """See the module; `sought` is the text it is filtered by."""

    def __init__(self, desk: ScreenHost) -> None:
        super().__init__(
            "Failures",
            key_of=group_key,
            line_of=self._line,
            columns_of=cause_columns,
            glyphs=desk.glyphs,
            id="causes",
            empty="Asking the ledger.",
        )
        self._desk = desk
        self._overview = FailureOverview()
        self._looked: float | None = None
        self.sought = ""

    async def look(self) -> None:
        """Ask the ledger. Raises as `Desk.ask` does."""
        pipeline, text = self._desk.bridge.pipeline.name, self.sought
        self._overview = await self._desk.ask(partial(failures_by_cause, pipeline=pipeline, text=text))
        self._looked = moment_of(self._desk.bridge).now
        self.show(self._overview.groups, note=self._said, empty=_NO_SUCH if text else _EMPTY)

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
        """What happened to those under the cursor."""
        return blame_of_group(self.current)

    @property
    def choice(self) -> Choice:
        """The marked causes, or the one under the cursor: what of them the filter shows."""
        among = tuple(group.among_with(self.sought) for group in self.chosen)
        return Choice(Chosen(groups=among), sum(group.count for group in self.chosen))

    @property
    def _said(self) -> str:
        return overview_note(self._overview, self._desk.bridge.pipeline.noun, self.sought)

    def _line(self, group: FailureGroup, cells: int) -> Line:
        return cause_line(cause_row(group, moment_of(self._desk.bridge, self._looked)), cells)
