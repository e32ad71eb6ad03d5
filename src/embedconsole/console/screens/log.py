"""Everything that happened: the ledger's events of all processes, and this machine's log file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual import on, work

from embedconsole.config.paths import state_dir
from embedconsole.console.screens.base import ListScreen
from embedconsole.console.screens.log_source import EVERYTHING, Book, EventSource, LogFileSource
from embedconsole.console.text import clean
from embedconsole.console.views.log import entry_lines, log_line
from embedconsole.console.widgets.base import Panel
from embedconsole.console.widgets.list import ListPanel, Tail
from embedconsole.faults import ConfigError, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult

    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.console.views.log import LogEntry

_EVENTS_EMPTY = "No events yet. Refusals, retries, outages and stopped runs appear here."
_FILE_EMPTY = "The log file is empty. A line for each batch and each failed item appears here."
_TICK = 0.25
_IN_A_BURST = 2.0
_PAGES = 3
"""Screens of entries that are read before the operator scrolls."""


class LogScreen(ListScreen):
    """A book is read from its end; another source, level or pattern is another book."""

    place = "log"
    look_every = 1.0

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(host)
        self._of_file = False
        self._sieve = EVERYTHING
        self._refused = ""
        self._more = False
        self._book: Book | None = None
        self._list: Tail[LogEntry] = Tail(
            "Events of all processes",
            key_of=lambda entry: entry.key,
            line_of=lambda entry, cells: log_line(entry, cells, host.state.zone),
            glyphs=host.glyphs,
            id="list",
            empty="Reading.",
        )
        self._detail: Panel[LogEntry | None] = Panel(
            "Entry",
            None,
            lambda entry, cells, height: entry_lines(entry, cells, host.state.zone),
            glyphs=host.glyphs,
            id="detail",
            note_of=lambda _: "esc goes back",
        )

    def compose_body(self) -> ComposeResult:
        """The entries, and one of them in full."""
        yield self._list
        yield self._detail

    def on_mount(self) -> None:
        """The file grows without anybody telling."""
        super().on_mount()
        self.set_interval(_TICK, self._look_at_it)

    def _look_at_it(self) -> None:
        if self.is_current and time.monotonic() >= self._look_at:
            self.look_again()

    # Looking

    async def look(self) -> None:
        """Read new entries, and older ones as far as the list shows them."""
        try:
            book = self._book or await self._begun()
            before = len(book.entries)
            while not await book.read_on():
                book = await self._begun()
            if len(book.entries) - before >= self.size.height:
                # Faster than anyone can read: a screen of it every other second is enough for the link.
                self._look_at = time.monotonic() + _IN_A_BURST
            if self._list.following:
                book.drop_old()
            self._show(book)
            while self._wants_older(book):
                before = len(book.entries)
                await book.read_back()
                self._more = self._more and len(book.entries) == before
                self._show(book)
        except OSError as error:
            raise ConfigError(f"The log file can't be read: {error.strerror or error}.") from error

    async def _begun(self) -> Book:
        """A new book with its newest piece in it; what was shown stays until then."""
        book = Book(self._source(), self._sieve)
        try:
            await book.read_back()
        except BaseException:
            book.source.close()
            raise
        self._close_book()
        self._book = book
        return book

    def _source(self) -> LogFileSource | EventSource:
        if not self._of_file:
            return EventSource(self.host)
        path = self.host.state.launch.log_path
        if path is None:
            raise ConfigError("This console writes no log file.")
        return LogFileSource(path)

    def _wants_older(self, book: Book) -> bool:
        few = len(book.entries) < _PAGES * max(1, self.size.height)
        return not book.complete and (few or self._more)

    def look_failed(self, fault: str) -> None:
        """In place of the note; what is shown is from before."""
        self._list.show(self._list.rows, note=clean(fault), empty=clean(fault))

    @on(Tail.NearStart, "#list")
    def _ask_for_older(self) -> None:
        if self._book is not None and not self._book.complete:
            self._more = True
            self.look_again()

    # Showing

    def _show(self, book: Book) -> None:
        self._list.show(
            book.entries,
            title="Log file" if self._of_file else "Events of all processes",
            note=self._refused or self._note(book),
            empty=self._empty(book),
        )

    def _note(self, book: Book) -> str:
        parts = [self._sieve.words]
        if self._sieve.words and not book.complete and self._wants_older(book):
            parts.append("searching")
        return ", ".join(part for part in parts if part)

    def _empty(self, book: Book) -> str:
        if not book.complete:
            return "Searching."
        if self._sieve.words:
            return f"Nothing that is kept has {self._sieve.words}."
        return _FILE_EMPTY if self._of_file else _EVENTS_EMPTY

    def _close_book(self) -> None:
        if self._book is not None:
            self._book.source.close()
        self._book = None

    def on_unmount(self) -> None:
        """The console ends."""
        self._close_book()

    # Keys

    def filtered(self, text: str) -> None:
        """By a regular expression; the heading reports an invalid one, and the last valid one stays."""
        try:
            self._sieve = self._sieve.with_pattern(text)
        except ConfigError as error:
            self._refused = clean(str(error))
            self.look_failed(self._refused)
        else:
            self._begin_anew()

    def action_level(self) -> None:
        """Less of it: warnings and errors, errors, or all again."""
        self._sieve = self._sieve.next_level()
        self._begin_anew()

    def action_source(self) -> None:
        """The log file, or the events again."""
        self._of_file = not self._of_file
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._close_book()
        self._refused, self._more = "", False
        self._list.scroll(len(self._list.rows))
        self.look_anew()

    @work(exclusive=True, group="export", exit_on_error=False)
    async def action_export(self) -> None:
        """Write what passes to a file."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path: Path = state_dir() / f"{'log' if self._of_file else 'events'}-{stamp}.txt"
        try:
            count = await self._source().export(self._sieve, path)
        except (OSError, ConfigError, Fault) as error:
            self.host.say(f"The export was not finished: {error}", alarm=True)
        else:
            self.host.say(f"{count:,} lines are in {path}.")

    @on(ListPanel.Chosen, "#list")
    def _open_it(self) -> None:
        if self._list.current is not None:
            self._detail.show(self._list.current)
            self.open_detail()

    @property
    def copyable(self) -> str:
        """The chosen lines as they are in the log, or the entry that is open."""
        if self.in_detail:
            return self._detail.copyable
        return "\n".join(entry.raw for entry in self._list.chosen)
