"""The kinds of values in the settings tree: durations, addresses, secrets, paths, templates.

Every scalar of a configuration file arrives as text (see `source.py`), so each kind takes text. Messages
never repeat a value: it may be a secret in the wrong place.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    SecretStr,
    StringConstraints,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError, core_schema

from embedconsole.config.database import database_url
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedconsole.items import JsonObject, JsonValue


_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def text_scalar(text: str) -> str:
    """The text on one line of YAML, wherever it stands."""
    if _WORD.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    quoted: str = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9)
    return quoted.rstrip("\n")


def is_block(text: str) -> bool:
    """Whether the text can stand as lines of its own, after `|`."""
    body = text[:-1] if text.endswith("\n") else text
    lines = body.split("\n")
    return (
        len(lines) > 1
        and all(line.isprintable() for line in lines)
        and bool(lines[0])
        and not lines[0].startswith(" ")
        and bool(lines[-1].strip())
    )


FOLDER = "folder"
"""The key of the validation context that holds the folder relative paths start from."""

_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_CENTURY = 36_525 * 86_400.0
_AUTH_SCHEMES = frozenset({"basic", "bearer", "token", "apikey", "api-key", "key", "digest", "negotiate"})
_UNSENDABLE = re.compile(r"[^\t\x20-\x7e]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def parse_duration(value: object) -> object:
    """Seconds of `90`, `"90"`, `"90s"`, `"1h30m"`, `"1d"`; what is no text is left for the type check.

    Raises:
        PydanticCustomError: Text that is no duration.
    """
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"-?\d+(?:\.\d+)?", text, re.ASCII):
            return float(text)
        parts = _DURATION_PART.findall(text)
        if parts and "".join(number + unit for number, unit in parts) == text:
            return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if isinstance(value, (str, bool)):
        raise PydanticCustomError("duration", "should be a duration such as 90, 90s, 5m, 1h30m or 1d")
    return value


def _empty_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _stripped(value: object) -> object:
    # Secrets come out of files and shells with a newline at their end, which no header may hold.
    return (value.strip() or None) if isinstance(value, str) else value


def _not_bool(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "should be a whole number")
    return value


def _web_address(value: str) -> str:
    text = value.strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise PydanticCustomError("web_address", "should be an address such as http://host:8000/path")
    return text


def _database(value: SecretStr) -> SecretStr:
    try:
        return SecretStr(database_url(value))
    except ConfigError as fault:
        raise ValueError(str(fault)) from None


def _from_folder(value: Path | None, info: ValidationInfo) -> Path | None:
    if value is None:
        return None
    try:
        value = value.expanduser()
    except RuntimeError:
        raise ValueError("begins with ~ but there is no such home directory") from None
    folder = info.context.get(FOLDER) if isinstance(info.context, dict) else None
    return folder / value if isinstance(folder, Path) else value


def _template(value: str | None) -> str | None:
    """Braces only; which columns exist is known to the catalog."""
    if value is not None:
        rest = re.sub(r"\{[^{}]+\}", "", value.replace("{{", "").replace("}}", ""))
        if "{" in rest or "}" in rest:
            raise PydanticCustomError(
                "template",
                "has a brace without its partner; columns are written {title}, a literal brace is doubled",
            )
    return value


def _none_is_empty(value: object) -> object:
    # `${TOKEN:-}` comes out as null; such a header is dropped later, it is not an error.
    if isinstance(value, dict):
        return {name: "" if content is None else content for name, content in value.items()}
    return value


def _sendable(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, secret in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise PydanticCustomError("header", "has a header whose name can't be sent")
        _sendable_value(secret)
    return headers


def _sendable_value(secret: SecretStr | None) -> SecretStr | None:
    if secret is not None and _UNSENDABLE.search(secret.get_secret_value().strip()):
        raise PydanticCustomError(
            "header",
            "has a character that no HTTP header can carry, such as a dash or a line break from a document: "
            "type it again",
        )
    return secret


def sent_headers(headers: Mapping[str, SecretStr]) -> dict[str, str]:
    """Header names to clear-text values, without those that are empty or only an auth scheme ("Bearer").

    So `Authorization: "Bearer ${TOKEN:-}"` sends nothing where there is no token.
    """
    values = {name: secret.get_secret_value().strip() for name, secret in headers.items()}
    return {name: value for name, value in values.items() if value and value.lower() not in _AUTH_SCHEMES}


PayloadMapping: TypeAlias = dict[str, "str | PayloadMapping"]
"""Payload field to the column it comes from; a mapping makes an object."""


def payload_leaves(
    mapping: PayloadMapping, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The values of a payload: the names of the fields that lead to each, and its column."""
    for name, target in mapping.items():
        if isinstance(target, str):
            yield (*above, name), target
        else:
            yield from payload_leaves(target, (*above, name))


def _payload(value: object) -> PayloadMapping:
    """A checked copy. By hand, since a recursive alias needs Python 3.12's `type` to be a pydantic type."""
    if not isinstance(value, dict) or not value:
        raise PydanticCustomError("payload", "should be fields and their columns (field: column)")
    checked: PayloadMapping = {}
    for field, column in value.items():
        if isinstance(column, dict):
            checked[str(field)] = _payload(column)
        elif isinstance(column, str) and column:
            checked[str(field)] = column
        else:
            raise PydanticCustomError(
                "payload", "{field}: should be the name of a column or a mapping", {"field": repr(str(field))}
            )
    return checked


class PayloadCheck:
    """Pydantic annotation: this field is a `PayloadMapping`."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.nullable_schema(core_schema.no_info_plain_validator_function(_payload))


_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_WORDS: dict[str, JsonValue] = {"true": True, "false": False, "null": None}


def _constant(value: object) -> JsonValue:
    """What YAML would have made of a scalar that arrived as text; lists and mappings entry by entry."""
    if isinstance(value, dict):
        return {str(name): _constant(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_constant(entry) for entry in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _constants(value: object) -> JsonObject:
    if not isinstance(value, dict):
        raise PydanticCustomError("constants", "should be names and their values (name: value)")
    return {str(name): _constant(entry) for name, entry in value.items()}


def _reply_path(value: str) -> str:
    path = value.strip()
    if path != "." and not all(path.split(".")):
        raise PydanticCustomError("reply_path", "should be names with dots between them, or a dot alone")
    return path


Seconds: TypeAlias = Annotated[float, Field(ge=0, le=_CENTURY, allow_inf_nan=False)]
Duration: TypeAlias = Annotated[Seconds, BeforeValidator(parse_duration)]
Timeout: TypeAlias = Annotated[Duration, Field(gt=0)]
"""A duration that is not zero: HTTP clients disagree whether zero means "never" or "at once"."""

Positive: TypeAlias = Annotated[int, BeforeValidator(_not_bool), Field(ge=1)]
OptionalSecret: TypeAlias = Annotated[SecretStr | None, BeforeValidator(_stripped)]
OptionalKey: TypeAlias = Annotated[OptionalSecret, AfterValidator(_sendable_value)]
"""A secret that is sent in a header."""
OptionalText: TypeAlias = Annotated[str | None, BeforeValidator(_empty_is_none)]
Template: TypeAlias = Annotated[str, AfterValidator(_template)]
OptionalTemplate: TypeAlias = Annotated[OptionalText, AfterValidator(_template)]
WebAddress: TypeAlias = Annotated[str, AfterValidator(_web_address)]
OptionalWebAddress: TypeAlias = Annotated[WebAddress | None, BeforeValidator(_empty_is_none)]
OptionalPath: TypeAlias = Annotated[
    Path | None, BeforeValidator(_empty_is_none), AfterValidator(_from_folder)
]
DatabaseUrl: TypeAlias = Annotated[SecretStr, AfterValidator(_database)]
OptionalDatabaseUrl: TypeAlias = Annotated[DatabaseUrl | None, BeforeValidator(_empty_is_none)]
Headers: TypeAlias = Annotated[
    dict[str, SecretStr], BeforeValidator(_none_is_empty), AfterValidator(_sendable)
]
Constants: TypeAlias = Annotated[dict[str, Any], PlainValidator(_constants)]
"""Names and JSON values, typed as YAML reads them: `{truncate: true, seed: 7}`."""
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]

Combine: TypeAlias = Literal["mean", "concat"]
"""How a text and a picture that were embedded one by one become one vector."""
ReplyPath: TypeAlias = Annotated[str, AfterValidator(_reply_path)]
"""The way into a JSON reply: `a.b.c`, or `.` for the reply itself."""
Name: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]
"""A name the operator gives: of a pipeline, an embedder, a vector."""
