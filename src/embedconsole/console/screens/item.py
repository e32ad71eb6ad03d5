"""One item in full: what follows, its hashes, what is sent for it, its row, its point, its history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from embedconsole.console.screens.base import Choice
from embedconsole.console.text import (
    BLANK,
    Span,
    age,
    at_minute,
    at_time,
    clean,
    left,
    number,
    plain,
    words_in,
    wrapped,
)
from embedconsole.console.views.failures import BlameView, blame_lines, blame_of_examined
from embedconsole.console.widgets.base import Panel
from embedconsole.ledger.state import State
from embedconsole.sync.inspect.failures import ChosenFailures
from embedconsole.sync.inspect.item import examine_item, why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.console.text import Line, Tone
    from embedconsole.console.views.failures import Moment
    from embedconsole.items import JsonValue
    from embedconsole.ledger.records.history import Event
    from embedconsole.ledger.records.items import LedgerItem
    from embedconsole.sync.inspect.item import Examined, InCatalog, InCollection


_LABEL = 14
_TIME = 15
_KIND = 10
_SHORT_HASH = 4
_LONGEST = 2_000
"""Characters of a value that are shown; how many there are is said."""

_DAY = 86_400.0
_STATES: dict[State, tuple[str, Tone]] = {
    State.FAILED: ("failed", "alert"),
    State.SKIPPED: ("skipped", "muted"),
    State.SYNCED: ("in sync", "plain"),
}


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item and the moment it is looked at."""

    seen: Examined
    moment: Moment


def item_note(view: ItemView | None) -> str:
    """The heading: the state of the item."""
    known = None if view is None else view.seen.known
    if known is None:
        return ""
    return _STATES.get(known.state, ("to do", "work"))[0]


def item_lines(view: ItemView | None, cells: int) -> list[Line]:
    """All of it, as long as it gets."""
    if view is None:
        return [(Span(" Looking it up.", "muted"),)]
    seen = view.seen
    lines = wrapped(clean(seen.catalog.name), cells, "strong")
    for sentence in seen.follows:
        lines += wrapped(clean(sentence), cells, "plain")
    if seen.known is not None:
        lines += [BLANK, *_hash_lines(seen.known, seen.catalog, seen.tries, view.moment, cells)]
    lines += [BLANK, *_sent_lines(seen.catalog, cells)]
    lines += [BLANK, *_catalog_lines(seen.catalog, cells)]
    lines += [BLANK, *_point_lines(seen.collection, cells)]
    return [*lines, BLANK, *_history_lines(seen.events, view.moment, cells)]


def _hash_lines(known: LedgerItem, catalog: InCatalog, tries: int, moment: Moment, cells: int) -> list[Line]:
    last = "" if known.failed_for is None else f", the last {age(known.failed_for + moment.since)} ago"
    lines = _field("reason", why(known), cells)
    lines += _field("attempts", f"{known.attempts} of {tries}{last}", cells)
    if known.attempts and known.due_in > 0 and known.state not in (State.FAILED, State.SKIPPED):
        lines += _field("next try", at_minute(moment.looked + known.due_in, moment.zone), cells)
    now = catalog.hashes
    for label, wanted, held, edited in (
        ("embed hash", known.desired_embed, known.synced_embed, now.embed if now else None),
        ("payload hash", known.desired_payload, known.synced_payload, now.payload if now else None),
    ):
        words = (
            f"planned {_short(wanted)}, synced {_short(held)}: {'the same' if wanted == held else 'differ'}"
        )
        if edited is not None and edited != wanted:
            words += f"; now {_short(edited)}"
        lines += _field(label, words, cells, "plain" if wanted == held else "wait")
    return lines


def _sent_lines(catalog: InCatalog, cells: int) -> list[Line]:
    lines = [_title("Sent to the embedder")]
    if catalog.fault is not None:
        return [*lines, *wrapped("Not known while the catalog can't be read.", cells, "muted")]
    if catalog.problem is not None:
        return [*lines, *wrapped(clean(catalog.problem), cells, "alert")]
    if not catalog.sent:
        return [*lines, *wrapped("Nothing: the catalog does not have it.", cells, "muted")]
    for one in catalog.sent:
        if one.vector:
            lines += _field("vector", one.vector, cells, "strong")
        lines += _field("text", one.text, cells)
        lines += _field("image", one.image, cells)
        for name, value in one.fields.items():
            if value and value != one.text:
                lines += _field(name, value, cells)
    return lines


def _catalog_lines(catalog: InCatalog, cells: int) -> list[Line]:
    lines = [_title("In the catalog now")]
    if catalog.fault is not None:
        return [*lines, *wrapped(clean(catalog.fault), cells, "alert")]
    if catalog.values is None:
        return [*lines, *wrapped("No such row.", cells, "muted")]
    return lines + _fields(catalog.values, cells)


def _point_lines(collection: InCollection, cells: int) -> list[Line]:
    lines = [_title(f"In the collection, point {collection.point}")]
    if collection.fault is not None:
        return [*lines, *wrapped(clean(collection.fault), cells, "alert")]
    if collection.payload is None:
        return [*lines, *wrapped("No such point.", cells, "muted")]
    return lines + _fields(collection.payload, cells)


def _history_lines(events: tuple[Event, ...], moment: Moment, cells: int) -> list[Line]:
    lines = [_title("History")]
    if not events:
        return [*lines, *wrapped("No event of it is kept.", cells, "muted")]
    for event in events:
        head = (
            Span(f" {left(_when(event.at, moment), _TIME)}", "muted"),
            Span(left(clean(event.kind), _KIND), "alert" if event.level == "error" else "wait"),
        )
        lines += _beside(head, clean(event.message), cells, 1 + _TIME + _KIND, "plain")
    return lines


def _fields(values: Mapping[str, JsonValue], cells: int) -> list[Line]:
    return [line for name, value in values.items() for line in _field(name, value, cells)]


def _field(label: str, value: JsonValue, cells: int, tone: Tone = "plain") -> list[Line]:
    """A label and its value, which continues below it where it is long; absent values are grey."""
    if value is None:
        tone, text = "muted", "null"
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({number(len(text))} characters)"
    head = (Span(f" {left(clean(label), _LABEL)} ", "muted"),)
    lines: list[Line] = []
    for part in text.split("\n"):
        lines += _beside(head, clean(part), cells, _LABEL + 2, tone)
        head = (Span(" " * (_LABEL + 2)),)
    return lines


def _beside(head: Line, text: str, cells: int, indent: int, tone: Tone) -> list[Line]:
    first, *rest = words_in(text, max(8, cells - indent - 1)) or [""]
    return [(*head, Span(first, tone)), *((Span(" " * indent + line, tone),) for line in rest)]


def _title(text: str) -> Line:
    return (Span(f" {clean(text)}", "strong"),)


def _short(value: bytes | None) -> str:
    return "nothing" if value is None else value[:_SHORT_HASH].hex()


def _when(at: float, moment: Moment) -> str:
    """The time of day, and of what is older how long ago."""
    if moment.now - at < _DAY:
        return at_time(at, moment.zone)
    return f"{at_minute(at, moment.zone)}, {age(moment.now - at)} ago"


_UNWRAPPED = 100_000


class ItemPanel(Panel["ItemView | None"]):
    """All that is known of an item."""

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(
            "Item",
            None,
            lambda view, cells, height: item_lines(view, cells),
            glyphs=host.glyphs,
            id="item",
            note_of=item_note,
        )
        self._host = host
        self.key = ""

    def of(self, key: str) -> None:
        """Be about another item."""
        self.key = key
        self.scroll(-_UNWRAPPED)
        self.show(None, title=f"{self._host.state.pipeline.noun.capitalize()} {clean(key)}")

    async def look(self) -> None:
        """Ask ledger, catalog and collection. Raises as `ScreenHost.ask` does."""
        key, pipeline = self.key, self._host.state.pipeline.name
        seen = await self._host.ask(partial(examine_item, pipeline=pipeline, key=key))
        self.show(ItemView(seen, self._host.state.moment()))

    def tick(self) -> None:
        """It is of the moment it was looked at."""

    def fail(self) -> None:
        """It can't be looked up now; what is shown stays."""

    @property
    def blame(self) -> BlameView:
        """The error of the item."""
        return BlameView() if self.view is None else blame_of_examined(self.view.seen)

    @property
    def choice(self) -> Choice:
        """This one."""
        return Choice(ChosenFailures(keys=(self.key,)), 1)

    @property
    def copyable(self) -> str:
        """The whole of it."""
        if self.view is None:
            return ""
        lines = [plain(line).rstrip() for line in item_lines(self.view, _UNWRAPPED)]
        blame = self.blame
        return "\n".join(
            [f"{self._host.state.pipeline.noun} {self.key}", *lines, "", blame.error, blame.remedy]
        )


class BlamePanel(Panel[BlameView]):
    """An error in full, and its remedy."""

    def __init__(self, host: ScreenHost) -> None:
        super().__init__(
            "What happened",
            BlameView(),
            blame_lines,
            glyphs=host.glyphs,
            id="blame",
            note_of=lambda view: view.whose,
        )

    def tell_fault(self, fault: str) -> None:
        """Say why there is nothing newer to show."""
        self.show(BlameView(clean(fault), "Retried until it answers.", "no answer", "wait"))

    @property
    def copyable(self) -> str:
        """The error as it came."""
        return self.view.error
