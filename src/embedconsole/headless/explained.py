"""`explain KEY`: all of one item on one screen: what is where, and what happens next and why."""

from __future__ import annotations

import json
from textwrap import shorten, wrap
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.cli.commands.inspect import examined, examined_json, short
from embedconsole.cli.exits import Exit
from embedconsole.cli.output import duration, put, put_json, put_text
from embedconsole.items import MARKER
from embedconsole.sync.inspect.item import why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.headless.session import Session
    from embedconsole.items import JsonObject, JsonValue
    from embedconsole.ledger.records.items import Hashes, LedgerItem
    from embedconsole.sync.inspect.item import Examined

_LABEL = 16
_WIDTH = 100
_LINES = 3
_EVENTS = 3


def explain_item(session: Session, key: str, *, as_json: bool) -> Exit:
    """Print what each pipeline has of an item.

    Raises:
        ConfigError: nobody has any of this key.
        Transient, Refused: the ledger does not answer.
    """
    seen = [one for one in examined(session, key) if _is_anywhere(one)]
    if not seen:
        raise ConfigError(f"neither the ledger, the catalog nor the collection has an item {key!r}")
    if as_json:
        put_json({"pipelines": {one.pipeline: examined_json(one) for one in seen}})
    else:
        for one in seen:
            _print(one)
    if any(
        one.collection.fault is not None or (one.catalog.fault is not None and not one.catalog.misconfigured)
        for one in seen
    ):
        return Exit.STOPPED
    return Exit.USAGE if any(one.catalog.misconfigured for one in seen) else Exit.IN_SYNC


def _is_anywhere(seen: Examined) -> bool:
    places = (seen.known, seen.catalog.values, seen.collection.payload)
    # What can't be asked may have it.
    faults = (seen.catalog.fault, seen.collection.fault)
    return any(one is not None for one in (*places, *faults))


def _print(seen: Examined) -> None:
    put(shorten(f"{seen.pipeline} {seen.key}  {seen.catalog.name}", _WIDTH, placeholder=" ..."))
    for sentence in seen.follows:
        put(f"  {sentence}")
    known = seen.known
    _field("ledger", "has no such item" if known is None else _standing(known, seen.tries))
    if known is not None:
        _field("reason", why(known))
    if known is not None and known.error is not None:
        _field("error", f"{known.error_class}: {known.error}")
        _field("remedy", seen.remedy)
    put(f"  {'hashes':<{_LABEL}}{'embed':<10}payload")
    if known is not None:
        _hashes("  wanted", known.desired_embed, known.desired_payload)
        _hashes("  believed", known.synced_embed, known.synced_payload)
    _pair("  catalog now", seen.catalog.hashes, seen.catalog.fault)
    held = seen.collection.held
    _pair("  point says", None if held is None else held.holds, seen.collection.fault)
    kept = ", ".join(f"{name} {size}".strip() for name, size in seen.kept.items())
    _field("kept vectors", kept or "none")
    if seen.catalog.problem is not None:
        _field("sends", f"nothing: {seen.catalog.problem}")
    for one in seen.catalog.sent:
        sent = {"text": one.text, "image": one.image, **one.fields}
        _field(f"sends {one.vector}".rstrip(), _values(sent))
    _field("row", _place(seen.catalog.values, seen.catalog.fault, "the catalog has none"))
    _field(
        "point",
        f"{seen.collection.point}: "
        + _place(_unmarked(seen.collection.payload), seen.collection.fault, "the collection has none"),
    )
    for event in seen.events[-_EVENTS:]:
        _field("happened", f"{event.level} {event.kind}: {event.message}")


def _unmarked(payload: JsonObject | None) -> JsonObject | None:
    """Without the marker, which stands among the hashes."""
    return None if payload is None else {name: value for name, value in payload.items() if name != MARKER}


def _standing(known: LedgerItem, tries: int) -> str:
    words = [known.state.name.lower(), f"attempts {known.attempts} of {tries}"]
    if known.batch is not None:
        words.append(f"in batch {known.batch}, leased for {duration(max(0.0, known.due_in))} more")
    elif known.attempts and known.due_in > 0:
        words.append(f"next try in {duration(known.due_in)}")
    return ", ".join(words)


def _pair(label: str, hashes: Hashes | None, fault: str | None) -> None:
    if fault is not None:
        _field(label, "not known")
    elif hashes is None:
        _hashes(label, None, None)
    else:
        _hashes(label, hashes.embed, hashes.payload)


def _hashes(label: str, embed: bytes | None, payload: bytes | None) -> None:
    put(f"  {label:<{_LABEL}}{short(embed):<10}{short(payload)}")


def _place(values: Mapping[str, JsonValue] | None, fault: str | None, absent: str) -> str:
    if fault is not None:
        return f"not known: {fault}"
    return absent if values is None else _values(values)


def _values(values: Mapping[str, JsonValue]) -> str:
    return ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())


def _field(label: str, value: str) -> None:
    """Few lines, however long what it says is: all of it is for --json and for `failures KEY`."""
    indent = " " * (_LABEL + 2)
    head = f"  {label:<{_LABEL}}"
    lines = wrap(
        value, _WIDTH, initial_indent=head, subsequent_indent=indent, max_lines=_LINES, placeholder=" ..."
    )
    put_text("\n".join(lines) or head.rstrip())
