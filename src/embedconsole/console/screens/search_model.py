"""From what a search found to what the search screen shows: pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.collection.qdrant.errors import REMEDY_INIT
from embedconsole.console.text import clean
from embedconsole.console.words import counted
from embedconsole.faults import Fault
from embedconsole.sync.search.filter_parser import written
from embedconsole.sync.search.presentation import facts_of, key_of, title_of
from embedconsole.sync.search.search import LikeItem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.console.text import Tone
    from embedconsole.items import Hit
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
    """What was found.

    Attributes:
        told: What came of the search, or how to begin one.
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


def hits_page(found: SearchResult, *, noun: str, cost: str) -> HitsPage:
    """What was found, and how long it took.

    Args:
        noun: What an item is called.
        cost: A sentence about what a search costs; empty where that is not known.
    """
    return HitsPage(told=_told(found, noun, cost), rows=_rows(found.hits), columns=_columns(found.hits))


def cost_note(price_per_1000: float | None) -> str:
    """What a search costs, where a price is configured."""
    if not price_per_1000:
        return ""
    return f"A search by text embeds it: {price_per_1000 / 1000:.6f}".rstrip("0").rstrip(".") + " to pay."


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


def _columns(hits: Sequence[Hit]) -> tuple[FactColumn, ...]:
    """The fields that hits have, in the order in which they appear in the payloads."""
    names = dict.fromkeys(name for hit in hits for name in facts_of(hit.payload))
    columns = []
    for name in names:
        values = [value for hit in hits if (value := facts_of(hit.payload).get(name)) is not None]
        numeric = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
        shown = [_shown(value, _decimals(values)) for value in values]
        columns.append(FactColumn(clean(name), max(len(one) for one in [clean(name), *shown]), numeric))
    return tuple(columns)


def _rows(hits: Sequence[Hit]) -> tuple[HitRow, ...]:
    facts = [facts_of(hit.payload) for hit in hits]
    names = list(dict.fromkeys(name for one in facts for name in one))
    decimals = {name: _decimals([one[name] for one in facts if name in one]) for name in names}
    return tuple(
        HitRow(
            point=str(hit.id),
            key=clean(key_of(hit)),
            score=f"{hit.score:,.3f}",
            title=clean(title_of(hit.payload)),
            facts=tuple(_shown(one[name], decimals[name]) if name in one else "" for name in names),
        )
        for hit, one in zip(hits, facts, strict=True)
    )


def _decimals(values: Sequence[str | int | float | bool]) -> int:
    """How many decimals a column of numbers needs, so that their points stand below each other."""
    fractions = [f"{value:.{_MOST_DECIMALS}f}".rstrip("0") for value in values if isinstance(value, float)]
    return max((len(one) - one.index(".") - 1 for one in fractions), default=0)


def _shown(value: str | int | float | bool, decimals: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{decimals}f}"
    return clean(str(value))
