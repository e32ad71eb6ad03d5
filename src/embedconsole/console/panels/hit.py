"""A hit in full: how it is with its item, and its whole payload."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from embedconsole.console.panels.wrapping import words_in, wrapped
from embedconsole.console.text import BLANK, Span, clean, left
from embedconsole.ledger.state import State
from embedconsole.sync.search.presentation import key_of, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.console.text import Line, Tone
    from embedconsole.items import Hit, JsonValue
    from embedconsole.sync.inspect.item import Examined

_INDENT = 2
_LABEL = 24
_LONGEST = 4_000
"""Characters of a value that are shown; how many there are is said."""

_TONES: dict[State, Tone] = {State.SYNCED: "plain", State.FAILED: "alert"}


@dataclass(frozen=True, slots=True)
class HitView:
    """A hit, and what ledger and catalog say of its item once they were asked; or why they do not."""

    hit: Hit
    seen: Examined | None = None
    fault: str | None = None


def hit_lines(view: HitView | None, cells: int) -> list[Line]:
    """All of it, as long as it gets."""
    if view is None:
        return []
    hit = view.hit
    lines = wrapped(f"{clean(key_of(hit))}  {clean(title_of(hit.payload))}", cells, "strong")
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
    """A name and its value; an object goes on below it, indented."""
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
