"""The few characters that draw, and plain ones for terminals that have no others."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What lines, bars and charts are made of.

    Attributes:
        rule, focus: The line in a heading, and in that of the panel that has the focus.
        levels: From empty to full, for charts.
        full, empty: For a bar of progress.
        tick: Where something begins on an axis.
        cursor, mark: Before the row of a list that the cursor is on, and before those that are marked.
    """

    rule: str
    focus: str
    arrow: str
    levels: str
    full: str
    empty: str
    tick: str
    cursor: str
    mark: str
    unicode: bool = True

    def chart(self, values: tuple[float, ...], height: int) -> list[str]:
        """A chart of columns, highest line first; a value above none shows at least a trace."""
        peak = max(values, default=0.0)
        steps = len(self.levels) - 1
        if peak <= 0:
            return [" " * len(values)] * (height - 1) + [self.levels[1] * len(values)]
        filled = [0 if value <= 0 else max(1, round(value / peak * height * steps)) for value in values]
        lines = []
        for row in range(height):
            below = (height - 1 - row) * steps
            lowest = 1 if below == 0 else 0
            lines.append("".join(self.levels[min(steps, max(lowest, level - below))] for level in filled))
        return lines

    def bar(self, share: float, cells: int) -> tuple[str, str]:
        """The done and the open part of a bar; full only when all is done, empty only when nothing is."""
        done = int(share * cells)
        if 0 < share < 1:
            done = min(cells - 1, max(1, done))
        return self.full * done, self.empty * (cells - done)


UNICODE = Glyphs(
    rule="─", focus="━", arrow="→", levels=" ▁▂▃▄▅▆▇█", full="━", empty="─", tick="╵", cursor="›", mark="•"
)
ASCII = Glyphs(
    rule="-",
    focus="=",
    arrow="->",
    levels=" _.-=#",
    full="#",
    empty="-",
    tick="|",
    cursor=">",
    mark="*",
    unicode=False,
)


def glyphs_for(encoding: str | None) -> Glyphs:
    """The glyphs that a terminal of this encoding can show."""
    try:
        "".join(str(part) for part in astuple(UNICODE)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE
