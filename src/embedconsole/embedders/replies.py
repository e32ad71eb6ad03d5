"""JSON of requests and replies: what orjson is too strict for, and what it must not let through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import orjson

from embedconsole.embedders.batching import Row
from embedconsole.embedders.errors import fault_in
from embedconsole.faults import BadAnswer, Fault, Refused, Transient

if TYPE_CHECKING:
    from embedconsole.config.embedder import HttpReply
    from embedconsole.embedders.errors import Service
    from embedconsole.items import JsonObject, JsonValue

_BYTES_PER_NUMBER = 32
"""A number in full precision is 25 characters long; the rest is for indented JSON."""
_LARGEST_SIZE = 16_384
_ERROR_NAMES = ("error", "message", "detail", "reason")
_SMALLEST_LIMIT = 1 << 16


def reply_limit(count: int, expected_size: int | None) -> int:
    """Bytes that a reply with `count` vectors may have; several times what it should have.

    A service with vectors of a wrong size should be told so, rather than that its reply is too long.
    """
    size = _LARGEST_SIZE if expected_size is None else max(4096, 4 * expected_size)
    return _SMALLEST_LIMIT + count * size * _BYTES_PER_NUMBER


def encode(body: JsonObject) -> bytes:
    """A request as JSON; lone surrogates become question marks, integers may be of any length."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(_without_surrogates(body), ensure_ascii=False).encode()


def _without_surrogates(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_without_surrogates(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _without_surrogates(entry) for name, entry in value.items()}
    return value


def decode(service: Service, data: bytes) -> object:
    """The JSON of a reply; NaN and Infinity, as many Python services write them, are let through.

    Raises:
        Transient: It is no JSON: cut short, a proxy's page.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    # Not from here on for a reply that was cut short: half a megabyte would be parsed for nothing.
    if data.rstrip().endswith((b"}", b"]")):
        try:
            return json.loads(data)  # takes 1e999 for infinity, too
        except (ValueError, RecursionError):
            pass
    start = service.clean(data[:200].decode("utf-8", "replace"))
    what = "a page instead of JSON" if start.startswith("<") else "something that is not JSON"
    raise Transient(service.source, f"answered {what}: {start}" if start else "answered nothing")


def value_at(service: Service, reply: object, path: str, *, remedy: str | None) -> object:
    """What a reply holds at a path such as `data.vectors`; a dot alone is the reply itself.

    Args:
        remedy: What to check when there is no such place; None when it was there in an earlier reply: then
            it may be there in the next one.

    Raises:
        BadAnswer, Refused: It is not there.
        Throttled, Transient, BadInput: The reply is an error instead.
    """
    value = reply
    for name in _names(path):
        if not isinstance(value, dict) or not value.get(name):
            told = fault_in(service, reply)
            if told is not None:
                raise told
        if not isinstance(value, dict) or name not in value:
            fault: type[Fault] = BadAnswer if remedy is None else Refused
            got = f"but {', '.join(map(repr, value))}" if isinstance(value, dict) else "and no object at all"
            raise fault(service.source, service.clean(f"answered no {path!r} {got}"), remedy=remedy)
        value = value[name]
    return value


def entry_of(entry: object, places: HttpReply, *, said: str | None) -> Row:
    """The vector in an item's entry of a reply, or what the service says instead.

    Args:
        entry: The vector itself, null, or an object that holds one or an error.
        said: What a list of errors beside the vectors says of the item.
    """
    if not isinstance(entry, dict):
        return Row(entry, said)
    error = _at(entry, places.error)
    return Row(_at(entry, places.vector), _text(error) or said)


def errors_beside(reply: object, path: str) -> dict[int, str]:
    """The list of errors beside the vectors, by position: texts and nulls, or objects with an `index`."""
    found: dict[int, str] = {}
    entries = _at(reply, path)
    for position, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict) and isinstance(entry.get("index"), int):
            found[entry["index"]] = _text(entry) or "the service names it among its errors"
        elif text := _text(entry):
            found[position] = text
    return found


def _names(path: str) -> list[str]:
    return [] if path == "." else path.split(".")


def _at(value: object, path: str) -> object:
    for name in _names(path):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(error: object) -> str | None:
    """An error as a service writes it: a text, or an object with one in it."""
    if isinstance(error, dict):
        error = next((error[name] for name in _ERROR_NAMES if error.get(name)), None)
    if error is None or error is False or error == "":
        return None
    return error if isinstance(error, str) else str(error)
