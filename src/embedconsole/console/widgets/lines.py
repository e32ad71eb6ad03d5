"""A widget made of lines, which sends to the terminal only what differs from what is there.

Textual resends the whole widget at every refresh; over a slow link that is what makes a console sluggish.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from embedconsole.console.text import BLANK, fit, plain
from embedconsole.console.theme import tone_styles
from embedconsole.console.widgets.difference import differing, merged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.style import Style
    from textual.geometry import Size

    from embedconsole.console.text import Line, Tone


class Lines(Widget):
    """Lines of toned text, cut at its size."""

    def __init__(
        self,
        lines: Sequence[Line] = (),
        *,
        id: str | None = None,  # noqa: A002 - as every widget names it
    ) -> None:
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = tuple(lines)
        self._bright: int | None = None
        self._tones: Mapping[Tone, Style] | None = None

    @property
    def text(self) -> str:
        """What is drawn, without its tones."""
        return "\n".join(plain(line) for line in self._lines)

    def draw(self, lines: Sequence[Line], *, bright: int | None = None) -> None:
        """Show these lines; the one at `bright` stands out as a whole."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines) and self.styles.is_auto_height:
            self.refresh(layout=True)
            return
        if bright != self._bright:
            for y in (self._bright, bright):
                if y is not None and y < self.size.height:
                    self.refresh(Region(0, y, max(1, self.size.width), 1))
            self._bright = bright
        for y, (old, new) in enumerate(zip_longest(before, self._lines, fillvalue=BLANK)):
            if old != new and y < self.size.height:
                begin, end = differing(old, new)
                self.refresh(Region(begin, y, max(1, min(self.size.width, end) - begin), 1))

    def render_line(self, y: int) -> Strip:
        """One line, as Textual wants it."""
        if self._tones is None:
            self._tones = tone_styles(self.app.theme_variables, ansi=self.app.native_ansi_color)
        line = self._lines[y] if y < len(self._lines) else BLANK
        base = self.rich_style
        if y == self._bright:
            base += self._tones["bright"]
        spans = merged(fit(line, self.size.width))
        segments = [Segment(span.text, base + self._tones[span.tone]) for span in spans]
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many as there are lines."""
        return len(self._lines)

    def notify_style_update(self) -> None:
        """The theme may have changed."""
        super().notify_style_update()
        self._tones = None
