"""The lines of the collection screen, and of the dashboard's collection panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from embedconsole.console.text import BLANK, Span, counted, left, number, right, words_in, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.console.text import Glyphs, Line, Tone
    from embedconsole.console.views.collection import CollectionPage, Fact, Running, SchemaRow
    from embedconsole.console.views.model import CollectionView


_LABEL = 10
_VALUE = 11
_BESIDE = _LABEL + _VALUE + 4
_BAR = 12
_MISSING = (
    "It does not exist yet. Press i to create it as configured below, or s: the first sync creates it too."
)


def facts_lines(page: CollectionPage, cells: int, glyphs: Glyphs) -> list[Line]:
    """Facts that need attention come first."""
    lines: list[Line] = []
    if page.fault is not None:
        lines += wrapped(page.fault, cells, "alert")
        if page.exists is None:
            return lines
        lines += [*wrapped("What follows is from before that.", cells, "muted"), BLANK]
    if not page.asked:
        return [(Span(" Asking the collection.", "muted"),)]
    if not page.exists:
        return [*lines, *wrapped(_MISSING, cells, "wait")]
    stale = page.fault is not None
    for complaint in page.complaints:
        lines += wrapped(complaint, cells, "alert")
    for fact in page.facts:
        lines += _fact(fact, cells, stale=stale)
        if fact.label == "optimizer":
            lines += [line for one in page.running for line in _running(one, cells, glyphs)]
    return lines


def _fact(fact: Fact, cells: int, *, stale: bool) -> list[Line]:
    """A note that has no room next to its figure continues below it."""
    tone: Tone = "muted" if stale else fact.tone
    first, *rest = words_in(fact.note, max(16, cells - _BESIDE - 1)) or [""]
    head: Line = (
        Span(f" {left(fact.label, _LABEL)}", "muted"),
        Span(right(fact.value, _VALUE), tone),
        Span(f"   {first}" if first else "", "muted" if stale else fact.note_tone),
    )
    return [head, *((Span(" " * _BESIDE + more, "muted" if stale else fact.note_tone),) for more in rest)]


def _running(one: Running, cells: int, glyphs: Glyphs) -> list[Line]:
    head = [Span(f" {left('', _LABEL)}{right(one.name, _VALUE)}   ", "work")]
    if one.part is not None:
        done, rest = glyphs.bar(one.part, _BAR)
        head += [Span(done, "work"), Span(rest, "muted"), Span(f" {one.part:>4.0%}   ".replace("%", " %"))]
    used = sum(len(span.text) for span in head)
    first, *more = words_in(one.what, max(16, cells - used - 1)) or [""]
    return [
        (*head, Span(first, "muted")),
        *((Span(" " * used + line, "muted"),) for line in more),
    ]


_NAMES = (12, 32)
_KIND = 9
_POINTS = 12
_COVERED = 7
_VECTOR = _KIND + _POINTS + _COVERED
_NO_INDEX = "No payload index. Filters then look at every point; name some under collection.indexes."


def schema_lines(page: CollectionPage, cells: int) -> list[Line]:
    """Vectors, then indexes; a remedy goes below what differs."""
    if not (page.vectors or page.indexes):
        return [(Span(" The configured schema appears here next to the present one.", "muted"),)]
    longest = max(cell_len(row.name) for row in (*page.vectors, *page.indexes))
    name = min(_NAMES[1], max(_NAMES[0], longest), max(_NAMES[0], cells // 3))
    vectors = (f" {left('vector', name)} {right('size', 6)}  distance",)
    lines: list[Line] = [_titles(*vectors)]
    for row in page.vectors:
        lines += _schema_row(row, cells, (Span(f" {left(row.name, name)} "), Span(left(row.what, _VECTOR))))
    lines.append(BLANK)
    if not page.indexes:
        return [*lines, *wrapped(_NO_INDEX, cells, "muted")]
    lines.append(_titles(f" {left('index', name)} {left('type', _KIND)}{right('points', _POINTS)}"))
    for row in page.indexes:
        points = "" if row.points is None else number(row.points)
        head = (
            Span(f" {left(row.name, name)} "),
            Span(left(left(row.what, _KIND - 1), _KIND)),
            Span(right(points, _POINTS)),
            Span(right(row.covered, _COVERED), "muted"),
        )
        lines += _schema_row(row, cells, head)
    return lines


def _titles(text: str) -> Line:
    return (Span(text, "muted"),)


def _schema_row(row: SchemaRow, cells: int, head: Sequence[Span]) -> list[Line]:
    """The configured value is next to the row, or below it where there is no room."""
    told = f"{row.configured}: {row.remedy}" if row.remedy else row.configured
    used = sum(cell_len(span.text) for span in head)
    if used + 3 + cell_len(told) <= cells:
        return [(*head, Span(f"   {told}", row.tone))]
    return [tuple(head), *wrapped(told, cells, row.tone, indent="   ")]


_FIGURE_LABEL = 9
_NUMBER = 11
_NOT_YET = "It does not exist yet. The first sync creates it, or press i."
_GONE = "It did not exist then."
_STATUS: dict[str, Tone] = {"green": "plain", "yellow": "wait", "grey": "muted", "red": "alert"}
_MEANING = {"yellow": "optimizing", "grey": "optimizations pending", "red": "failed"}


def collection_lines(view: CollectionView, cells: int, height: int) -> list[Line]:
    """At most `height` lines; those that need attention come first."""
    if view.private:
        text = "It is embedded: only the process that writes to it can look inside."
        return wrapped(text, cells, "muted")[:height]
    if not view.asked:
        text = "It was not looked at then." if view.past else "Asking the collection."
        return wrapped(text, cells, "muted")[:height]
    lines = [] if view.fault is None else _away(view, cells)
    if view.exists is None:
        return lines[:height]
    if not view.exists:
        text = _GONE if view.past else _NOT_YET
        return [*lines, *wrapped(text, cells, "wait")][:height]
    for index, difference in enumerate(view.differences):
        if index == 2:
            more = f"and {counted(len(view.differences) - 2, 'more difference')}; i lists them"
            lines += wrapped(more, cells, "wait")
            break
        lines += wrapped(difference, cells, "alert" if view.blocking else "wait")
    lines += [line for warning in view.warnings[:1] for line in wrapped(warning, cells, "wait")]
    return [*lines, *_figures(view)][:height]


def _away(view: CollectionView, cells: int) -> list[Line]:
    lines = wrapped(view.fault or "", cells, "alert")[:4]
    if view.exists is not None:
        lines += wrapped(f"Figures are from {view.as_of}.", cells, "muted")
    return lines


def _figures(view: CollectionView) -> list[Line]:
    tone: Tone = "muted" if view.fault else "plain"
    meaning = _MEANING.get(view.status, "")
    lines = [
        _figure(
            "status", view.status, meaning, _STATUS.get(view.status, "plain") if not view.fault else "muted"
        ),
        _figure("points", number(view.points), view.disk, tone),
        _figure("indexed", number(view.indexed), counted(view.segments, "segment"), tone),
    ]
    if view.queue:
        lines.append(_figure("queue", number(view.queue), "updates wait in it", "wait"))
    if view.drift:
        lines.append(_figure("drift", view.drift, view.drift_note, view.drift_tone))
    lines += [
        (
            Span(f" {'vector' if index == 0 else '':<{_FIGURE_LABEL}}", "muted"),
            Span(f"  {text}", tone),
        )
        for index, text in enumerate(view.vectors)
    ]
    # The narrow columns of a payload path and its type, as many as there are.
    lines += [
        (
            Span(f" {'indexes' if index == 0 else '':<{_FIGURE_LABEL}}", "muted"),
            Span(f"  {text}", "muted"),
        )
        for index, text in enumerate(view.indexes)
    ]
    return lines


def _figure(label: str, value: str, note: str, tone: Tone) -> Line:
    return (
        Span(f" {label:<{_FIGURE_LABEL}}", "muted"),
        Span(f"{value:>{_NUMBER}}", tone),
        Span(f"   {note}" if note else "", "muted"),
    )
