"""Keys as text, and back to what the database compares with.

The ledger and the collection know a key only as text. What the database returned decides the kind, and the
kind turns the text back for a read by key.

SQLite does not check that text is UTF-8. Bytes that are not reach us as lone surrogates (`text_factory` in
`connect`), and are written `\\xff` in a key; so does NUL, which PostgreSQL can't store in our ledger.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, cast
from uuid import UUID

from embedconsole.faults import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_UINT64_END = 1 << 64
_INT64_END = 1 << 63


class KeyKind(StrEnum):
    """The kind of values in the key column."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    UUID = "uuid"
    BYTES = "bytes"
    TEXT = "text"


_KINDS: Mapping[type, KeyKind] = MappingProxyType(
    {
        int: KeyKind.INTEGER,
        Decimal: KeyKind.DECIMAL,
        float: KeyKind.FLOAT,
        UUID: KeyKind.UUID,
        bytes: KeyKind.BYTES,
        bytearray: KeyKind.BYTES,
        memoryview: KeyKind.BYTES,
        str: KeyKind.TEXT,
    }
)


def key_kinds(values: Iterable[object]) -> frozenset[KeyKind]:
    """The kinds of some keys: one kind, but for SQLite columns without a type.

    Raises:
        Misconfigured: A type that can't be a key, such as a date.
    """
    types = set(map(type, values))
    unknown = types - _KINDS.keys()
    if unknown:
        name = sorted(kind.__name__ for kind in unknown)[0]
        raise Misconfigured(
            "catalog",
            f"the key column holds {name} values, which can't be keys",
            remedy="Cast the key to text in catalog.query",
        )
    return frozenset(_KINDS[kind] for kind in types)


def key_texts(values: Sequence[object], kinds: frozenset[KeyKind]) -> list[str]:
    """The keys as text: integers in decimal, 16 bytes as a UUID, other bytes in hex."""
    if kinds == {KeyKind.TEXT}:
        texts = cast("list[str]", list(values))
        return texts if _storable("".join(texts)) else list(map(storable_text, texts))
    if kinds == {KeyKind.INTEGER} or kinds == {KeyKind.UUID}:
        return list(map(str, values))
    return [_key_text(value) for value in values]


def native_keys(texts: Sequence[str], kinds: frozenset[KeyKind], *, dialect: str) -> list[object]:
    """The values to query for, to find these keys. Texts that can't be a key of any kind are left out.

    Args:
        texts: Keys as text.
        kinds: The kinds that the column is known to hold.
        dialect: SQLAlchemy's name of the database, since drivers refuse what it can't hold.
    """
    found: list[object] = []
    for kind in kinds:
        convert = _NATIVE[kind]
        for text in texts:
            native = convert(text)
            if native is not None and _can_be_bound(native, dialect):
                found.append(native)
        if kind is KeyKind.TEXT:
            found += [raw for text in texts for raw in _escaped_texts(text) if _can_be_bound(raw, dialect)]
    return found


def is_bindable(key: object) -> bool:
    """Whether a driver takes the key as it gave it: SQLite's does not take text that is no UTF-8."""
    return not isinstance(key, str) or _is_utf8(key)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable_text(text: str) -> str:
    """The text with `\\xff` for bytes that are no UTF-8, and for NUL."""
    if _storable(text):
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def _storable(text: str) -> bool:
    return "\0" not in text and _is_utf8(text)


def _escaped_texts(text: str) -> Iterable[str]:
    """The texts that `storable_text` may have changed into this one."""
    if "\\x" not in text or not _is_utf8(text):
        return ()
    raw = _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode())
    original = raw.decode("utf-8", "surrogateescape")
    return (original,) if original != text and storable_text(original) == text else ()


def _key_text(value: object) -> str:
    if isinstance(value, Decimal):
        if value.is_finite() and value == value.to_integral_value():
            return format(value.to_integral_value(), "f")
        return format(value, "f")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        return str(UUID(bytes=raw)) if len(raw) == 16 else raw.hex()
    return storable_text(str(value))


def _native_integer(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


def _native_decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _native_float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _native_uuid(text: str) -> UUID | None:
    return UUID(text) if _UUID.fullmatch(text) else None


def _native_bytes(text: str) -> bytes | None:
    if _UUID.fullmatch(text):
        return UUID(text).bytes
    return bytes.fromhex(text) if _HEX.fullmatch(text) else None


def _native_text(text: str) -> str | None:
    return text if _is_utf8(text) else None


_NATIVE: Mapping[KeyKind, Callable[[str], object | None]] = MappingProxyType(
    {
        KeyKind.INTEGER: _native_integer,
        KeyKind.DECIMAL: _native_decimal,
        KeyKind.FLOAT: _native_float,
        KeyKind.UUID: _native_uuid,
        KeyKind.BYTES: _native_bytes,
        KeyKind.TEXT: _native_text,
    }
)


def _can_be_bound(native: object, dialect: str) -> bool:
    if isinstance(native, int):
        return -_INT64_END <= native < (_INT64_END if dialect == "sqlite" else _UINT64_END)
    if isinstance(native, str) and dialect != "sqlite":
        return _is_utf8(native) and (dialect != "postgresql" or "\x00" not in native)
    return True
