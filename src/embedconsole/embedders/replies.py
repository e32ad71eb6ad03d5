"""JSON of requests and replies: what orjson is too strict for, and what it must not let through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import orjson

from embedconsole.faults import BadInput, Fault, Refused, Transient

if TYPE_CHECKING:
    from embedconsole.embedders.errors import Service
    from embedconsole.items import JsonObject, JsonValue

_BYTES_PER_NUMBER = 32
"""A number in full precision is 25 characters long; the rest is for indented JSON."""
_LARGEST_SIZE = 16_384
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
    if data.rstrip().endswith(b"}"):
        try:
            return json.loads(data)  # takes 1e999 for infinity, too
        except (ValueError, RecursionError):
            pass
    start = service.clean(data[:200].decode("utf-8", "replace"))
    what = "a page instead of JSON" if start.startswith("<") else "something that is not JSON"
    raise Transient(service.source, f"answered {what}: {start}" if start else "answered nothing")


def field_of(service: Service, parsed: object, field: str, shape: str, *, proved: bool) -> object:
    """The one field of a reply that holds what was asked for.

    Args:
        proved: Whether it was there in an earlier reply: then its lack is about the input.

    Raises:
        BadInput, Refused: It is not there.
    """
    if isinstance(parsed, dict) and field in parsed:
        return parsed[field]
    fault: type[Fault] = BadInput if proved else Refused
    got = f"but {', '.join(map(repr, parsed))}" if isinstance(parsed, dict) else "and no object at all"
    raise fault(
        service.source,
        service.clean(f"answered no {field!r} {got}"),
        remedy=None if proved else f"Check embedders.{service.name}.url, and that its shape is {shape}",
    )
