"""The lines of the dashboard's panels, its first line and the line of keys."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.cells import cell_len

from embedconsole.console.actions import Group
from embedconsole.console.text import (
    BLANK,
    Span,
    clean,
    coarse,
    counted,
    fit,
    left,
    number,
    rate,
    right,
    share,
    width,
    words_in,
    wrapped,
)
from embedconsole.console.views.model import ErrorsView

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from embedconsole.console.actions import Action
    from embedconsole.console.history import HistoryView, Slot
    from embedconsole.console.text import Glyphs, Line, Tone
    from embedconsole.console.views.model import (
        BacklogView,
        BatchRow,
        ErrorRow,
        HealthRow,
        HealthView,
        HostRow,
        HostsView,
        InFlightView,
        LatestRow,
        LatestView,
        StatusView,
    )


def keys_line(
    actions: Sequence[Action], cells: int, *, disabled: Collection[str], renamed: Mapping[str, str]
) -> Line:
    """ "s sync  space pause  r retry  ...", in the order of the table; disabled ones are in brackets.

    Where not all fit, the screens become one, "0-6 screens": there is a way to all of them, or to none.

    Args:
        disabled: Ids of the actions that can't be used now.
        renamed: Ids to words, for actions that do something else now ("resume").
    """
    shown = [action for action in actions if action.short]
    line = _keys(shown, disabled, renamed)
    if width(line) <= cells:
        return line
    shown = _with_screens_as_one(shown)
    while shown:
        line = _keys(shown, disabled, renamed)
        if width(line) <= cells:
            return line
        shown.remove(max(reversed(shown), key=lambda action: action.rank))
    return ()


def hints_line(hints: Sequence[tuple[str, str]], cells: int) -> Line:
    """Keys and words that are no actions of the table: those of a line that is typed into; as many as fit."""
    line = tuple(
        span
        for index, (key, word) in enumerate(hints)
        for span in (Span("  " if index else " "), Span(key, "strong"), Span(f" {word}", "muted"))
    )
    return line if width(line) <= cells or len(hints) == 1 else hints_line(hints[:-1], cells)


def _with_screens_as_one(actions: Sequence[Action]) -> list[Action]:
    screens = [action for action in actions if action.group is Group.SCREENS]
    if not screens:
        return list(actions)
    first, *others = screens
    one = replace(first, keys=_together([action.key for action in screens]), short="screens", rank=1)
    return [one if action is first else action for action in actions if action not in others]


def _together(keys: Sequence[str]) -> str:
    """ "0-6" for digits without a gap; else the keys one after the other."""
    digits = "".join(sorted(keys))
    return f"{digits[0]}-{digits[-1]}" if digits in "0123456789" else " ".join(keys)


def _keys(actions: Sequence[Action], disabled: Collection[str], renamed: Mapping[str, str]) -> Line:
    spans: list[Span] = []
    for action in actions:
        word = renamed.get(action.id, action.short)
        spans.append(Span("  " if spans else " "))
        if action.id in disabled:
            spans.append(Span(f"({action.key} {word})", "muted"))
        else:
            spans += [Span(action.key, "strong"), Span(f" {word}", "muted")]
    return tuple(spans)


_RATE = 9


def status_name(view: StatusView, cells: int, glyphs: Glyphs) -> Line:
    """ "products → products  2/3": what seldom changes."""
    start = [
        Span(view.pipeline, "strong"),
        Span(f" {glyphs.arrow} ", "muted"),
        Span(view.collection),
    ]
    if view.position is not None:
        start.append(Span(f"  {view.position}", "muted"))
    return fit(tuple(start), cells)


def status_state(view: StatusView) -> Line:
    """ "running  8 workers  231/s"."""
    end = [Span(view.state, view.tone)]
    if view.workers is not None:
        end.append(Span(f"  {counted(view.workers, 'worker')}", "muted"))
    if view.rate is not None:
        end.append(Span(right(rate(view.rate), _RATE), "plain"))
    if view.next_run is not None:
        end.append(Span(f"  next {view.next_run}", "muted"))
    return tuple(end)


_LABEL = 9
_NUMBER = 11
_FULL_HEIGHT = 8
_CHART_HEIGHT = 6


def backlog_lines(view: BacklogView, cells: int, height: int, glyphs: Glyphs) -> list[Line]:
    """At most `height` lines of at most `cells` columns."""
    roomy = height >= _FULL_HEIGHT
    lines = [
        _backlog_row("pending", view, view.pending, _oldest(view), "work" if view.pending else "muted"),
        _backlog_row("retrying", view, view.retrying, "", "wait" if view.retrying else "muted"),
        _backlog_row("failed", view, view.failed, "", _alert(view.failed)),
        _backlog_row("synced", view, view.synced, share(view.synced, view.total), "plain"),
    ]
    if roomy:
        lines.append(BLANK)
    if len(lines) < height:
        lines.append(_progress(view, cells, glyphs))
    if roomy:
        chart_height = min(_CHART_HEIGHT, height - len(lines) - 1)
        lines += [BLANK] * (chart_height > 1 and len(lines) + chart_height + 1 < height)
        lines += _chart(view, cells, chart_height, glyphs)
    return lines[:height]


def _backlog_row(label: str, view: BacklogView, value: int, note: str, tone: Tone) -> Line:
    figure = number(value) if view.known else "-"
    return (
        Span(f" {label:<{_LABEL}}", "muted"),
        Span(f"{figure:>{_NUMBER}}", "muted" if view.stale or not view.known else tone),
        Span(f"   {note}" if view.known else "", "muted"),
    )


def _alert(count: int) -> Tone:
    return "alert" if count else "muted"


def _oldest(view: BacklogView) -> str:
    return f"oldest {view.oldest}" if view.oldest and view.pending else ""


def _progress(view: BacklogView, cells: int, glyphs: Glyphs) -> Line:
    """The run's own progress, known to the moment: the counts above are the ledger's and come a bit later."""
    if view.scanned is not None:
        found = f", {number(view.wanted or 0)} to sync"
        return (Span(" compared ", "muted"), Span(f"{number(view.scanned):>{_NUMBER}}"), Span(found, "muted"))
    if not view.wanted:
        return BLANK
    label = f" {int(100 * view.done / view.wanted)} %"
    done, rest = glyphs.bar(view.done / view.wanted, max(4, cells - 10))
    return (Span(" "), Span(done, "work"), Span(rest, "muted"), Span(label, "muted"))


def _chart(view: BacklogView, cells: int, height: int, glyphs: Glyphs) -> list[Line]:
    """Ten minutes of throughput, newest at the right; an idle chart is one quiet line."""
    peak = max(view.history, default=0.0)
    columns = _folded(view.history, cells - 2)
    lines: list[Line] = [
        (Span(" "), Span(line, "work" if peak else "muted")) for line in glyphs.chart(columns, max(1, height))
    ]
    if not peak:
        lines = lines[-1:]
    label = f" last 10 min, peak {rate(coarse(peak))}" if peak else " no activity in the last 10 min"
    return [*lines, (Span(label, "muted"),)]


def _folded(history: tuple[float, ...], columns: int) -> tuple[float, ...]:
    """The history in at most so many columns, each the mean of its share of the slots."""
    columns = min(columns, len(history))
    edges = [len(history) * column // columns for column in range(columns + 1)] if columns > 0 else []
    return tuple(sum(history[begin:end]) / (end - begin) for begin, end in pairwise(edges))


_NO_BATCH = "Every batch that is read, embedded or written, here or on another host, gets a line."
_BARS_HEIGHT = 14
_ORDER = ("read", "embed", "write")
_STAGES: dict[str, Tone] = {"check": "wait", "embed": "work", "expired": "alert"}


def in_flight_note(view: InFlightView) -> str:
    """The text in the heading."""
    if not view.rows:
        return ""
    if view.more:
        return f"{len(view.rows)} of {counted(len(view.rows) + view.more, 'batch')}"
    hosts = f" on {counted(view.hosts, 'host')}" if view.hosts > 1 else ""
    return f"{counted(view.items, 'item')}{hosts}"


def in_flight_lines(view: InFlightView, cells: int, height: int, glyphs: Glyphs) -> list[Line]:
    """All of them, a line each; an empty panel says what would be here.

    Where there is room, a bar for each stage is above them: where the items are now.
    """
    if not view.rows:
        text = "Paused: nothing new is claimed." if view.paused else "No batch in flight."
        return [(Span(f" {text}", "muted"),), *_teach(view, cells)]
    token = max(len(str(row.token)) for row in view.rows) + 1
    rows = [_batch_line(row, token, stale=view.stale) for row in view.rows]
    return [*_bars(view, cells, glyphs), BLANK, *rows] if height >= _BARS_HEIGHT else rows


def _bars(view: InFlightView, cells: int, glyphs: Glyphs) -> list[Line]:
    """In the order the stages come, as long as their share of all items in flight."""
    stages = [*_ORDER, *sorted({row.stage for row in view.rows} - {*_ORDER})]
    items = {stage: sum(row.items for row in view.rows if row.stage == stage) for stage in stages}
    room = max(4, cells - 20)
    return [
        (
            Span(f" {left(stage, 7)}", "muted"),
            Span(right(f"{count:,}", 8)),
            Span("  "),
            Span(glyphs.full * max(1, round(room * count / max(1, view.items))) if count else "", "work"),
        )
        for stage, count in items.items()
    ]


def _teach(view: InFlightView, cells: int) -> list[Line]:
    if view.paused:
        return wrapped("Space resumes.", cells, "muted")
    return [BLANK, *wrapped(_NO_BATCH, cells, "muted")]


def _batch_line(row: BatchRow, token: int, *, stale: bool) -> Line:
    tone: Tone = "muted" if stale else _STAGES.get(row.stage, "plain")
    # One tone except for emphasis: these lines change with every look, and each tone costs the link.
    spans = [
        Span(f" {right(f'#{row.token}', token)}", "muted" if stale else "plain"),
        Span(f" {left(row.stage, 7)}", tone),
        Span(f"{right(f'{row.items:,}', 5)}{right(row.age, 5)}  {row.where} w{row.slot}", tone),
    ]
    if row.attempt > 1:
        spans.append(Span(f"  try {row.attempt}", "wait"))
    return tuple(spans)


_NAMES = 20
_INDENT = 11
_LINES = 3
_NO_ERRORS = "No errors yet. Refusals, outages and stopped runs appear here."


def errors_with(view: ErrorsView, text: str) -> ErrorsView:
    """Those that have the text in their cause, key or message."""
    sought = text.lower()
    found = (row for row in view.rows if sought in f"{row.kind} {row.key or ''} {row.message}".lower())
    return ErrorsView(tuple(found), text)


def errors_note(view: ErrorsView) -> str:
    """For the heading."""
    return f"with {clean(view.sought)}" if view.sought else ""


def error_lines(view: ErrorsView, cells: int) -> list[Line]:
    """A line each, the newest last."""
    if not view.rows and view.sought:
        return wrapped(
            f"None of the latest errors has {clean(view.sought)}. 6 has all of them.", cells, "muted"
        )
    if not view.rows:
        return wrapped(_NO_ERRORS, cells, "muted")
    return [line for row in view.rows for line in _error_lines(row, cells)]


def _error_lines(row: ErrorRow, cells: int) -> list[Line]:
    """The message begins next to its cause and continues below it: cut off, it would say nothing."""
    tone: Tone = "alert" if row.grave else "wait"
    name = row.kind if row.key is None else f"{row.kind} {row.key}"
    times = f" x{row.count:,}" if row.count > 1 else ""
    head = (
        Span(f" {row.time}  ", "muted"),
        Span(left(name, min(_NAMES, cell_len(name))), tone),
        Span(times, "strong"),
    )
    beside = max(0, cells - width(head) - 2)
    first, rest = _split(row.message, beside)
    below = words_in(rest, max(8, cells - _INDENT - 1))
    if len(below) >= _LINES:
        below = [*below[: _LINES - 2], left(" ".join(below[_LINES - 2 :]), max(8, cells - _INDENT - 1))]
    return [
        fit((*head, Span(f"  {first}")), cells),
        *((Span(" " * _INDENT + line),) for line in below),
    ]


def _split(text: str, cells: int) -> tuple[str, str]:
    """Split a text between words: the part that fits the first line, and the rest."""
    if cell_len(text) <= cells:
        return text, ""
    lines = words_in(text, cells) if cells > 0 else []
    first = lines[0] if lines and " " in text[: cells + 1].strip() else ""
    return first, text[len(first) :].strip() if first else text


_NAME = 20
_STATE = 15
_SINCE = 6
_NO_HEALTH = "The state of ledger, catalog, embedders and collection appears here."


def health_lines(view: HealthView, cells: int) -> list[Line]:
    """A line each; what one that is in trouble said goes below it."""
    if not view.rows:
        return wrapped(_NO_HEALTH, cells, "muted")
    name = min(_NAME, max(len(row.name) for row in view.rows)) + 1
    return [line for row in view.rows for line in _health_row(row, name, cells)]


def _health_row(row: HealthRow, name: int, cells: int) -> list[Line]:
    head: Line = (
        Span(f" {left(row.name, name)}"),
        Span(f" {left(row.state, _STATE)}", row.tone),
        Span(right(row.since, _SINCE), "muted"),
    )
    beside = cells - width(head) - 3
    if row.detail and (row.tone == "muted" or len(row.detail) <= beside):
        return [fit((*head, Span(f"  {row.detail}", "muted")), cells)]
    return [head, *wrapped(row.detail, cells, row.tone, indent="   ")[:3]]


_ROLE = 8
_HOST_STATE = 9
_HOST_RATE = 8
_HEARD = 6
_VERSION = 8
_NO_HOSTS = (
    "Every process on this ledger, on whatever host, gets a line: what it does, how fast, last heard of."
)


def hosts_lines(view: HostsView, cells: int) -> list[Line]:
    """A line each, oneself first."""
    if not view.rows:
        return wrapped(_NO_HOSTS, cells, "muted")
    host = min(24, max(len(row.host) for row in view.rows))
    return [fit(_host_line(row, host), cells) for row in view.rows]


def _host_line(row: HostRow, host: int) -> Line:
    return (
        Span(f" {left(row.host, host)}", "strong" if row.me else "plain"),
        Span(f"  {left(row.role, _ROLE)}", "muted"),
        Span(f" {left(row.state, _HOST_STATE)}", row.tone),
        Span(right("" if row.rate is None else rate(row.rate), _HOST_RATE)),
        Span(right(row.heard, _HEARD), "wait" if row.silent else "muted"),
        Span(f"  {left(row.version, _VERSION)}", "muted"),
    )


_KIND = 6
_BEGAN = 6
_TOOK = 9
_CHANGED = 10
_NO_RUNS = "Every run gets a line: when it began, how long it took, what it changed and how it ended."


def latest_lines(view: LatestView, cells: int) -> list[Line]:
    """The newest first."""
    if not view.rows:
        return wrapped(_NO_RUNS, cells, "muted")
    token = max(len(str(row.number)) for row in view.rows) + 1
    return [fit(_run_line(row, token), cells) for row in view.rows]


def _run_line(row: LatestRow, token: int) -> Line:
    return (
        Span(f" {right(f'#{row.number}', token)}", "muted"),
        Span(f"  {left(row.kind, _KIND)}"),
        Span(f" {right(row.began, _BEGAN)}", "muted"),
        Span(right(row.took, _TOOK)),
        Span(right("" if row.changed is None else number(row.changed), _CHANGED)),
        Span(" changed" if row.changed is not None else "", "muted"),
        Span(f"  {row.outcome}", row.tone),
    )


_APART = 8
"""Columns from one hour of the axis to the next, at least."""

_HOURS = (1, 2, 3, 4, 6, 12)


def history_lines(view: HistoryView, cells: int, height: int, glyphs: Glyphs) -> list[Line]:
    """At most `height` lines: the chart, failures below it where there are any, the axis, a legend."""
    if not view.known:
        asking: Line = (Span(" Asking the ledger.", "muted"),)
        return [asking][:height]
    columns = _columns(view.slots, cells - 2)
    if not columns:
        return []
    rates = tuple(_rate(column) for column in columns)
    peak = max(rates)
    legend: Line = (Span(f" {_legend(view, peak)}", "muted"),)
    axis = _marked(_axis(columns, glyphs), view, columns)
    below = [axis, legend]
    if view.failed:
        below.insert(0, (Span(" "), Span(_failures(columns, glyphs), "alert")))
    room = max(1, height - len(below)) if peak else 1
    tone: Tone = "work" if peak else "muted"
    chart: list[Line] = [(Span(" "), Span(line, tone)) for line in glyphs.chart(rates, room)]
    return [*chart, *below][:height]


def _columns(slots: Sequence[Slot], cells: int) -> list[Sequence[Slot]]:
    """As many columns as fit, each of the same time."""
    for each in range(1, len(slots) + 1):
        if len(slots) % each == 0 and len(slots) // each <= cells:
            return [slots[start : start + each] for start in range(0, len(slots), each)]
    return []


def _rate(column: Sequence[Slot]) -> float:
    return sum(slot.done for slot in column) / sum(slot.seconds for slot in column)


def _failures(columns: Sequence[Sequence[Slot]], glyphs: Glyphs) -> str:
    """A mark where something failed, and nothing where nothing did."""
    counts = tuple(float(sum(slot.failed for slot in column)) for column in columns)
    marks = glyphs.chart(counts, 1)[0]
    return "".join(mark if count else " " for mark, count in zip(marks, counts, strict=True)).rstrip()


def _axis(columns: Sequence[Sequence[Slot]], glyphs: Glyphs) -> str:
    """ "╵06:00      ╵12:00": the mark is where the hour begins."""
    an_hour = len(columns) / 24
    every = next((hours for hours in _HOURS if hours * an_hour >= _APART), 24)
    text = ""
    for at, column in enumerate(columns):
        hour = next((slot.hour for slot in column if slot.hour is not None), None)
        label = f"{glyphs.tick}{hour:02d}:00" if hour is not None and hour % every == 0 else ""
        if label and len(text) <= at and at + len(label) <= len(columns) + 1:
            text = text.ljust(at) + label
    return text


def _marked(axis: str, view: HistoryView, columns: Sequence[Sequence[Slot]]) -> Line:
    """The axis, with a mark below the time that the operator looks back at."""
    if view.mark is None:
        return (Span(f" {axis}", "muted"),)
    at = view.mark * len(columns) // len(view.slots)
    return (
        Span(" " + axis[:at].ljust(at), "muted"),
        Span("^", "wait"),
        Span(axis[at + 1 :], "muted"),
    )


def _legend(view: HistoryView, peak: float) -> str:
    if not peak:
        done = "no activity in the last 24 h"
        return f"{done}, {number(view.failed)} failed" if view.failed else done
    failed = f", {number(view.failed)} failed" if view.failed else ""
    total = sum(slot.done for slot in view.slots)
    return f"last 24 h: {number(total)} done, peak {rate(peak)}{failed}"
