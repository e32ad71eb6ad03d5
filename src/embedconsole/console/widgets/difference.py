"""What of a line has to be sent again: a style that is sent costs a slow link as much as twenty letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from embedconsole.console.text import Span, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embedconsole.console.text import Line, Tone

    Letters = Sequence[tuple[str, Tone]]


def merged(line: Line) -> Line:
    """The same line with neighbours of one tone as one span."""
    spans: list[Span] = []
    for span in line:
        if spans and spans[-1].tone == span.tone:
            spans[-1] = Span(spans[-1].text + span.text, span.tone)
        else:
            spans.append(span)
    return tuple(spans)


def differing(old: Line, new: Line) -> tuple[int, int]:
    """The columns, from and up to, outside of which both lines look the same."""
    before, after = _letters(old), _letters(new)
    begin = _same(zip(before, after, strict=False))
    # A letter without width of its own changes the one before it.
    while begin and any(_has_no_width(line, begin) for line in (before, after)):
        begin -= 1
    first = _columns(after[:begin])
    if width(old) != width(new):
        return first, max(width(old), width(new))
    rest = zip(reversed(before[begin:]), reversed(after[begin:]), strict=False)
    return first, width(new) - _columns(after[len(after) - _same(rest) :])


def _letters(line: Line) -> Letters:
    return [(letter, span.tone) for span in line for letter in span.text]


def _same(pairs: Iterable[tuple[tuple[str, Tone], tuple[str, Tone]]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _has_no_width(line: Letters, index: int) -> bool:
    return index < len(line) and cell_len(line[index][0]) == 0


def _columns(letters: Letters) -> int:
    return cell_len("".join(letter for letter, _ in letters))
