"""From what a search found to what the search screen shows: pure functions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from embedconsole.collection.qdrant.errors import REMEDY_INIT
from embedconsole.console.text import BLANK, Span, clean, counted, left, right, words_in, wrapped
from embedconsole.faults import Fault
from embedconsole.ledger.state import State
from embedconsole.sync.search.filter_parser import written
from embedconsole.sync.search.presentation import key_of
from embedconsole.sync.search.search import LikeItem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embedconsole.console.text import Line, Tone
    from embedconsole.items import Hit, JsonValue
    from embedconsole.sync.inspect.item import Examined
    from embedconsole.sync.search.presentation import Facts, HitFormat
    from embedconsole.sync.search.search import Query, SearchResult


_HINT = "Type what a customer would. mug where price<20 filters; #35 or similar 35 finds what is like 35."
_MOST_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class HitRow:
    """One hit; `facts` in the order of the page's columns, empty where it lacks one."""

    point: str
    key: str
    score: str
    title: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactColumn:
    """A payload field that hits have; numbers are right-aligned."""

    name: str
    width: int
    numeric: bool


@dataclass(frozen=True, slots=True)
class HitsPage:
    """The hits of a search.

    Attributes:
        told: The result of the search in words, or how to begin one.
    """

    told: str
    tone: Tone = "muted"
    rows: tuple[HitRow, ...] = ()
    columns: tuple[FactColumn, ...] = ()


def no_search_yet(cost: str) -> HitsPage:
    """Before the first search."""
    return HitsPage(f"{_HINT} {cost}".strip())


def searching(page: HitsPage, query: Query) -> HitsPage:
    """While the answer is awaited, the hits of the search before stay."""
    what = f"Searching for what is like {clean(query.key)}." if isinstance(query, LikeItem) else "Searching."
    return HitsPage(what, "work", page.rows, page.columns)


def failed(fault: Exception, query: Query) -> HitsPage:
    """Why there are no hits, and what to do."""
    if isinstance(fault, Fault) and fault.remedy == REMEDY_INIT:
        return HitsPage(f"{clean(fault.message)}: press i to create it, then s to fill it.", "wait")
    words = clean(str(fault))
    if isinstance(query, LikeItem):
        words = f"{words.rstrip('.')}. To search for the words as they are, put them in double quotes."
    return HitsPage(words, "alert")


def unread(fault: Exception) -> HitsPage:
    """A filter that can't be read; what was found before is gone, as it is no answer to it."""
    return HitsPage(clean(str(fault)), "alert")


def hits_page(found: SearchResult, showing: HitFormat, *, noun: str, cost: str) -> HitsPage:
    """The hits, and how long the search took.

    Args:
        noun: What an item is called.
        cost: A sentence about what a search costs; empty where that is not known.
    """
    facts = [showing.facts_of(hit.payload) for hit in found.hits]
    titles = [showing.title_of(hit.payload) for hit in found.hits]
    return HitsPage(
        _told_with_notes(found, noun, cost), rows=_rows(found.hits, titles, facts), columns=_columns(facts)
    )


def cost_note(price_per_1000: float | None) -> str:
    """The price of a search, where one is configured."""
    if not price_per_1000:
        return ""
    return f"A search by text embeds it: {price_per_1000 / 1000:.6f}".rstrip("0").rstrip(".") + " to pay."


def _told_with_notes(found: SearchResult, noun: str, cost: str) -> str:
    return " ".join([*map(clean, found.notes), _told(found, noun, cost)])


def _told(found: SearchResult, noun: str, cost: str) -> str:
    if not found.hits and found.scope.where:
        return f"Nothing was found where {clean(written(found.scope.where))}."
    if not found.hits:
        return "Nothing was found: the collection is empty. s syncs it."
    by = f" by {clean(found.vector)}" if found.vector else ""
    by += f" where {clean(written(found.scope.where))}" if found.scope.where else ""
    took = f"found in {_milliseconds(found.search_seconds)}"
    if isinstance(found.query, LikeItem):
        return f"{counted(len(found.hits), noun)} like {clean(found.query.key)}{by}; {took}."
    if found.embed_seconds is not None:
        took = f"embedded in {_milliseconds(found.embed_seconds)}, {took}"
    return f"{counted(len(found.hits), noun)}{by}; {took}. {cost}".rstrip()


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def _columns(facts: Sequence[Facts]) -> tuple[FactColumn, ...]:
    """The fields that hits have, in the order in which they appear in the payloads."""
    columns = []
    for name in _names(facts):
        values = [one[name] for one in facts if name in one]
        numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
        shown = [_shown(value, _decimals(values)) for value in values]
        columns.append(FactColumn(clean(name), max(len(one) for one in [clean(name), *shown]), numeric))
    return tuple(columns)


def _rows(hits: Sequence[Hit], titles: Sequence[str], facts: Sequence[Facts]) -> tuple[HitRow, ...]:
    names = _names(facts)
    decimals = {name: _decimals([one[name] for one in facts if name in one]) for name in names}
    return tuple(
        HitRow(
            point=str(hit.id),
            key=clean(key_of(hit)),
            score=f"{hit.score:,.3f}",
            title=clean(title),
            facts=tuple(_shown(one[name], decimals[name]) if name in one else "" for name in names),
        )
        for hit, title, one in zip(hits, titles, facts, strict=True)
    )


def _names(facts: Sequence[Facts]) -> list[str]:
    return list(dict.fromkeys(name for one in facts for name in one))


def _decimals(values: Sequence[str | int | float | bool]) -> int:
    """The decimals that a column of numbers needs to align its decimal points."""
    fractions = [f"{value:.{_MOST_DECIMALS}f}".rstrip("0") for value in values if isinstance(value, float)]
    return max((len(one) - one.index(".") - 1 for one in fractions), default=0)


def _shown(value: str | int | float | bool, decimals: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{decimals}f}"
    return clean(str(value))


_INDENT = 2
_LABEL = 24
_LONGEST = 4_000
"""Characters of a value that are shown; how many there are is said."""

_TONES: dict[State, Tone] = {State.SYNCED: "plain", State.FAILED: "alert"}


@dataclass(frozen=True, slots=True)
class HitView:
    """A hit, and what ledger and catalog say of its item once they were asked; or why they do not."""

    hit: Hit
    title: str
    seen: Examined | None = None
    fault: str | None = None


def hit_lines(view: HitView | None, cells: int) -> list[Line]:
    """All of it, as long as it gets."""
    if view is None:
        return []
    hit = view.hit
    lines = wrapped(f"{clean(key_of(hit))}  {clean(view.title)}", cells, "strong")
    if str(hit.id) != key_of(hit):
        lines += wrapped(f"point {hit.id}", cells, "muted")
    lines += _standing(view, cells)
    lines += [BLANK, (Span(" Payload", "strong"),)]
    for name, value in hit.payload.items():
        lines += _value(name, value, 1, cells)
    return lines


def _standing(view: HitView, cells: int) -> list[Line]:
    if view.fault is not None:
        return wrapped(clean(view.fault), cells, "alert")
    if view.seen is None:
        return [(Span(" Asking the ledger.", "muted"),)]
    known = view.seen.known
    tone: Tone = "wait" if known is None else _TONES.get(known.state, "wait")
    return [line for sentence in view.seen.follows for line in wrapped(clean(sentence), cells, tone)]


def _value(name: str, value: JsonValue, indent: int, cells: int) -> Iterator[Line]:
    """A name and its value; an object continues below it, indented."""
    margin = " " * indent
    if isinstance(value, dict) and value:
        yield (Span(f"{margin}{clean(name)}", "muted"),)
        for inner, one in value.items():
            yield from _value(inner, one, indent + _INDENT, cells)
        return
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({len(text):,} characters)"
    shown = clean(name)
    label = f"{margin}{left(shown, min(_LABEL, cell_len(shown)))}  "
    first, *rest = words_in(clean(text), max(12, cells - len(label) - 1)) or [""]
    yield (Span(label, "muted"), Span(first, "muted" if value is None else "plain"))
    for line in rest:
        yield (Span(" " * len(label) + line),)


_TITLE = (20, 48)
_KEY = 16
_FACT = 18
_GAP = 2


@dataclass(frozen=True, slots=True)
class HitLayout:
    """How wide what is; `facts` are the indexes and widths of the fields shown."""

    score: int
    key: int
    title: int
    facts: tuple[tuple[int, int], ...]


def hit_layout(page: HitsPage, cells: int) -> HitLayout:
    """The widths for these hits: the title gives way to two fields, then it takes what is left."""
    score = max((len(row.score) for row in page.rows), default=5)
    key = min(_KEY, max((cell_len(row.key) for row in page.rows), default=3))
    wanted = min(_TITLE[1], max((cell_len(row.title) for row in page.rows), default=0))
    room = cells - 1 - score - key - 2 * _GAP
    title = max(5, min(wanted, max(_TITLE[0], room - 24), room))
    left_over = room - title
    facts = []
    for index, column in enumerate(page.columns):
        width = min(_FACT, column.width)
        if width + _GAP <= left_over:
            facts.append((index, width))
            left_over -= width + _GAP
    return HitLayout(score, max(key, 3), title, tuple(facts))


def hit_columns(page: HitsPage, cells: int) -> Line:
    """The titles above the hits."""
    layout = hit_layout(page, cells)
    spans = [f"  {right('score', layout.score)}{_gap(right('key', layout.key))}"]
    spans.append(_gap(left("title" if any(row.title for row in page.rows) else "", layout.title)))
    spans += [_gap(_aligned(page.columns[at], page.columns[at].name, width)) for at, width in layout.facts]
    return (Span("".join(spans).rstrip(), "muted"),)


def hit_line(row: HitRow, page: HitsPage, cells: int) -> Line:
    """One hit."""
    layout = hit_layout(page, cells)
    return (
        Span(f" {right(row.score, layout.score)}"),
        Span(_gap(right(row.key, layout.key)), "muted"),
        Span(_gap(left(row.title, layout.title)), "strong"),
        *(
            Span(_gap(_aligned(page.columns[at], row.facts[at], width)), "muted")
            for at, width in layout.facts
        ),
    )


def _aligned(column: FactColumn, text: str, width: int) -> str:
    return right(text, width) if column.numeric else left(text, width)


def _gap(text: str) -> str:
    return " " * _GAP + text
