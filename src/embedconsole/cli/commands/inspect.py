"""`explain KEY` and `failures KEY`: one item in full."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from textwrap import shorten, wrap
from typing import TYPE_CHECKING

import anyio
import click

from embedconsole.cli.exits import Exit
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option
from embedconsole.cli.output import duration, put, put_json, put_text, say
from embedconsole.faults import ConfigError
from embedconsole.items import MARKER
from embedconsole.ledger.state import State
from embedconsole.sync.inspect.item import examine, why
from embedconsole.sync.run.components import open_components

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.items import JsonObject, JsonValue
    from embedconsole.ledger.records.items import Hashes, LedgerItem
    from embedconsole.sync.inspect.item import Examined


@click.command("explain", cls=Command)
@click.argument("key")
@common_options
@json_option
@click.pass_obj
def explain_command(invocation: Invocation, key: str) -> None:
    """Show all of one item: row, what is sent, hashes, ledger, point, and what happens next and why.

    \b
    Examples:
      embedconsole explain 35
      embedconsole explain 35 --json
    """

    sys.exit(explain_item(invocation.session(), key, as_json=invocation.as_json))


_LABEL = 16
_WIDTH = 100
_LINES = 3
_EVENTS = 3


def explain_item(session: Session, key: str, *, as_json: bool) -> Exit:
    """Print what each pipeline has of an item.

    Raises:
        ConfigError: there is no item of this key.
        Transient, Refused: the ledger does not answer.
    """
    seen = [one for one in examined(session, key) if _is_anywhere(one)]
    if not seen:
        raise ConfigError(f"neither the ledger, the catalog nor the collection has an item {key!r}")
    if as_json:
        put_json({"pipelines": {one.pipeline: examined_json(one) for one in seen}})
    else:
        for one in seen:
            _print_explanation(one)
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


def _print_explanation(seen: Examined) -> None:
    put(shorten(f"{seen.pipeline} {seen.key}  {seen.catalog.name}", _WIDTH, placeholder=" ..."))
    for sentence in seen.follows:
        put(f"  {sentence}")
    known = seen.known
    _wrapped_field("ledger", "has no such item" if known is None else _standing(known, seen.tries))
    if known is not None:
        _wrapped_field("reason", why(known))
    if known is not None and known.error is not None:
        _wrapped_field("error", f"{known.error_class}: {known.error}")
        _wrapped_field("remedy", seen.remedy)
    put(f"  {'hashes':<{_LABEL}}{'embed':<10}payload")
    if known is not None:
        _print_hashes("  planned", known.desired_embed, known.desired_payload)
        _print_hashes("  believed", known.synced_embed, known.synced_payload)
    _print_pair("  catalog now", seen.catalog.hashes, seen.catalog.fault)
    held = seen.collection.held
    _print_pair("  point says", None if held is None else held.holds, seen.collection.fault)
    kept = ", ".join(f"{name} {size}".strip() for name, size in seen.kept.items())
    _wrapped_field("kept vectors", kept or "none")
    if seen.catalog.problem is not None:
        _wrapped_field("sends", f"nothing: {seen.catalog.problem}")
    for one in seen.catalog.sent:
        sent = {"text": one.text, "image": one.image, **one.fields}
        _wrapped_field(f"sends {one.vector}".rstrip(), _values(sent))
    _wrapped_field("row", _values_or(seen.catalog.values, seen.catalog.fault, "the catalog has none"))
    _wrapped_field(
        "point",
        f"{seen.collection.point}: "
        + _values_or(_unmarked(seen.collection.payload), seen.collection.fault, "the collection has none"),
    )
    for event in seen.events[-_EVENTS:]:
        _wrapped_field("happened", f"{event.level} {event.kind}: {event.message}")


def _unmarked(payload: JsonObject | None) -> JsonObject | None:
    """The payload without the marker, which is shown with the hashes."""
    return None if payload is None else {name: value for name, value in payload.items() if name != MARKER}


def _standing(known: LedgerItem, tries: int) -> str:
    words = [known.state.name.lower(), f"attempts {known.attempts} of {tries}"]
    if known.batch is not None:
        words.append(f"in batch {known.batch}, leased for {duration(max(0.0, known.due_in))} more")
    elif known.attempts and known.due_in > 0:
        words.append(f"next try in {duration(known.due_in)}")
    return ", ".join(words)


def _print_pair(label: str, hashes: Hashes | None, fault: str | None) -> None:
    if fault is not None:
        _wrapped_field(label, "not known")
    elif hashes is None:
        _print_hashes(label, None, None)
    else:
        _print_hashes(label, hashes.embed, hashes.payload)


def _print_hashes(label: str, embed: bytes | None, payload: bytes | None) -> None:
    put(f"  {label:<{_LABEL}}{short(embed):<10}{short(payload)}")


def _values_or(values: Mapping[str, JsonValue] | None, fault: str | None, absent: str) -> str:
    if fault is not None:
        return f"not known: {fault}"
    return absent if values is None else _values(values)


def _values(values: Mapping[str, JsonValue]) -> str:
    return ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())


def _wrapped_field(label: str, value: str) -> None:
    """Print a few lines of a long value: `--json` and `failures KEY` print all of it."""
    indent = " " * (_LABEL + 2)
    head = f"  {label:<{_LABEL}}"
    lines = wrap(
        value, _WIDTH, initial_indent=head, subsequent_indent=indent, max_lines=_LINES, placeholder=" ..."
    )
    put_text("\n".join(lines) or head.rstrip())


def show_item(session: Session, key: str, *, as_json: bool) -> Exit:
    """Print one item in full, for each pipeline that has one of this key.

    Raises:
        ConfigError: no pipeline has.
        Transient, Refused: the ledger does not answer.
    """
    looked = examined(session, key)
    seen = [one for one in looked if one.known is not None or one.catalog.values is not None]
    if not seen:
        away = [one.catalog.fault for one in looked if one.catalog.fault is not None]
        if away:
            if all(one.catalog.misconfigured for one in looked if one.catalog.fault is not None):
                raise ConfigError(away[0])
            say(f"The ledger has no item {key!r}; whether the catalog has one is not known: {away[0]}")
            return Exit.STOPPED
        raise ConfigError(f"neither the ledger nor the catalog has an item {key!r}")
    if as_json:
        put_json({"pipelines": {one.pipeline: examined_json(one) for one in seen}})
    else:
        for one in seen:
            _print_item(one)
    failed = any(one.known is not None and one.known.state is State.FAILED for one in seen)
    return Exit.SOME_FAILED if failed else Exit.IN_SYNC


def examined(session: Session, key: str) -> list[Examined]:
    """An item in each pipeline. Raises Transient, Refused: the ledger does not answer."""

    async def look() -> list[Examined]:
        with session.opened_ledger() as ledger:
            async with open_components(session.pipelines) as all_components:
                return [await examine(ledger, components, key) for components in all_components]

    return anyio.run(look)


def examined_json(seen: Examined) -> dict[str, object]:
    """The object that `--json` prints for a pipeline."""
    held = seen.collection.held
    known = seen.known
    return {
        "key": seen.key,
        "name": seen.catalog.name,
        "state": None if known is None else known.state.name.lower(),
        "reason": None if known is None or known.reason is None else known.reason.name.lower(),
        "follows": list(seen.follows),
        "attempts": None if known is None else known.attempts,
        "attempts_allowed": seen.tries,
        "next_try": _next_try(known),
        "error_class": None if known is None else known.error_class,
        "error": None if known is None else known.error,
        "remedy": seen.remedy,
        "hashes": {
            "desired": None if known is None else _pair_json(known.desired_embed, known.desired_payload),
            "synced": None if known is None else _pair_json(known.synced_embed, known.synced_payload),
            "catalog": _hashes_json(seen.catalog.hashes),
            "point": None if held is None else _hashes_json(held.holds),
        },
        "batch": None if known is None else known.batch,
        "kept": dict(seen.kept),
        "verdict": seen.verdict,
        "sent": [asdict(one) for one in seen.catalog.sent],
        "catalog": seen.catalog.values,
        "catalog_fault": seen.catalog.fault,
        "point": seen.collection.point,
        "payload": seen.collection.payload,
        "collection_fault": seen.collection.fault,
        "events": [asdict(event) for event in seen.events],
    }


def _pair_json(embed: bytes | None, payload: bytes | None) -> dict[str, str | None]:
    return {"embed": (embed and embed.hex()) or None, "payload": (payload and payload.hex()) or None}


def _hashes_json(hashes: Hashes | None) -> dict[str, str | None] | None:
    return None if hashes is None else _pair_json(hashes.embed, hashes.payload)


def _next_try(known: LedgerItem | None) -> float | None:
    """Seconds until it is retried; None when it does not wait for that."""
    if known is None or known.state in (State.FAILED, State.SKIPPED, State.SYNCED) or not known.attempts:
        return None
    return max(0.0, known.due_in)


def _print_item(seen: Examined) -> None:
    put(f"{seen.pipeline} {seen.key}  {seen.catalog.name}".rstrip())
    for sentence in seen.follows:
        put(f"  {sentence}")
    known = seen.known
    if known is not None:
        _field("reason", why(known))
        ago = "" if known.failed_for is None else f", the last {duration(known.failed_for)} ago"
        _field("attempts", f"{known.attempts} of {seen.tries}{ago}")
        if known.error is not None:
            _field("error", f"{known.error_class}: {known.error}")
        if seen.remedy:
            _field("remedy", seen.remedy)
        _field("embed hash", _compared(known.desired_embed, known.synced_embed))
        _field("payload hash", _compared(known.desired_payload, known.synced_payload))
    put("sent to the embedder")
    if seen.catalog.problem is not None:
        _field("problem", seen.catalog.problem)
    for one in seen.catalog.sent:
        if one.vector:
            _field("vector", one.vector)
        _fields({"text": one.text, "image": one.image, **one.fields})
    put("in the catalog")
    _print_values(seen.catalog.values, seen.catalog.fault, "no such row")
    put(f"in the collection, point {seen.collection.point}")
    _print_values(seen.collection.payload, seen.collection.fault, "no such point")
    put("history")
    for event in seen.events:
        put(f"  {event.level}  {event.kind}: {event.message}")


def _compared(wanted: bytes | None, held: bytes | None) -> str:
    same = "the same" if wanted == held else "differ"
    return f"planned {short(wanted)}, synced {short(held)}: {same}"


def short(value: bytes | None) -> str:
    """The beginning of a hash: enough to compare two by eye."""
    return "nothing" if value is None else value[:4].hex()


def _print_values(values: Mapping[str, JsonValue] | None, fault: str | None, absent: str) -> None:
    if fault is not None:
        put(f"  {fault}")
    elif values is None:
        put(f"  {absent}")
    else:
        _fields(values)


def _fields(values: Mapping[str, JsonValue]) -> None:
    for name, value in values.items():
        _field(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _field(label: str, value: str) -> None:
    put(f"  {label:<{_LABEL}} {value}")
