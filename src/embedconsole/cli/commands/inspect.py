"""`failures KEY`: one item in full."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import ConfigError
from embedconsole.cli.exits import Exit
from embedconsole.cli.commands.status import opened_ledger
from embedconsole.cli.output import duration, put, put_json, say
from embedconsole.ledger.state import State
from embedconsole.sync.inspect.item import examine, why
from embedconsole.sync.run.components import assembled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.headless.session import Session
    from embedconsole.items import JsonValue
    from embedconsole.ledger.records.items import Hashes, LedgerItem
    from embedconsole.sync.inspect.item import Examined

_LABEL = 16


def show_item(session: Session, key: str, *, as_json: bool) -> Exit:
    """Print all that can be told of an item, of each pipeline that has one of this key.

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
            _print(one)
    failed = any(one.known is not None and one.known.state is State.FAILED for one in seen)
    return Exit.SOME_FAILED if failed else Exit.IN_SYNC


def examined(session: Session, key: str) -> list[Examined]:
    """What each pipeline has of an item. Raises Transient, Refused: the ledger does not answer."""

    async def look() -> list[Examined]:
        with opened_ledger(session) as ledger:
            async with assembled(session.pipelines) as all_components:
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
            "desired": None if known is None else _pair(known.desired_embed, known.desired_payload),
            "synced": None if known is None else _pair(known.synced_embed, known.synced_payload),
            "catalog": _hashes(seen.catalog.hashes),
            "point": None if held is None else _hashes(held.holds),
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


def _pair(embed: bytes | None, payload: bytes | None) -> dict[str, str | None]:
    return {"embed": (embed and embed.hex()) or None, "payload": (payload and payload.hex()) or None}


def _hashes(hashes: Hashes | None) -> dict[str, str | None] | None:
    return None if hashes is None else _pair(hashes.embed, hashes.payload)


def _next_try(known: LedgerItem | None) -> float | None:
    """Seconds until it is tried again; None when it does not wait for that."""
    if known is None or known.state in (State.FAILED, State.SKIPPED, State.SYNCED) or not known.attempts:
        return None
    return max(0.0, known.due_in)


def _print(seen: Examined) -> None:
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
    _place(seen.catalog.values, seen.catalog.fault, "no such row")
    put(f"in the collection, point {seen.collection.point}")
    _place(seen.collection.payload, seen.collection.fault, "no such point")
    put("history")
    for event in seen.events:
        put(f"  {event.level}  {event.kind}: {event.message}")


def _compared(wanted: bytes | None, held: bytes | None) -> str:
    same = "the same" if wanted == held else "differ"
    return f"wanted {short(wanted)}, synced {short(held)}: {same}"


def short(value: bytes | None) -> str:
    """The beginning of a hash: enough to tell it from another."""
    return "nothing" if value is None else value[:4].hex()


def _place(values: Mapping[str, JsonValue] | None, fault: str | None, absent: str) -> None:
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
