"""The effective settings as YAML, without secrets, each with the place it comes from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pydantic import SecretStr

from embedconsole.config.interpolate import escape
from embedconsole.config.paths import ledger_url
from embedconsole.config.sections.base import Section
from embedconsole.config.settings import RetryConfig
from embedconsole.config.types import is_block, text_scalar
from embedconsole.config.yaml_source import printable
from embedconsole.redact import MASK, mask_database_url, mask_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedconsole.config.load import Loaded
    from embedconsole.config.yaml_source import KeyPath, Marks


_ADDRESSES = ("url", "results")
"""Settings that are secret for what may be in them: the rest of an address is shown."""


def show(loaded: Loaded, *, environ: Mapping[str, str] = os.environ) -> str:
    """All settings in use, as YAML of the configuration's own form.

    Every secret is `***`, also the password inside an address; durations are in seconds; keys that are not
    set and have no default are left out. A comment tells where each value comes from.
    """
    ledger = mask_database_url(ledger_url(loaded.settings, environ))
    values = {
        "ledger": ledger,
        **{name: value for name, value in _fields(loaded.settings) if name != "ledger"},
    }
    lines = [f"# {printable(str(loaded.path))}"]
    for key, value in values.items():
        lines.extend(_lines(key, value, (key,), loaded.origins, 0))
    return "\n".join(lines) + "\n"


def _fields(section: Section) -> Iterator[tuple[str, object]]:
    """The fields that have a value, `type` first; addresses come out masked."""
    for name in sorted(type(section).model_fields, key=lambda name: name != "type"):
        value: object = getattr(section, name)
        if isinstance(value, SecretStr) and name in _ADDRESSES:
            value = mask_database_url(value.get_secret_value())
        elif isinstance(value, SecretStr) and name == "broker":
            # Celery takes several addresses, one after the other.
            value = ";".join(mask_url(part) for part in value.get_secret_value().split(";"))
        elif isinstance(value, str):
            value = mask_url(value)
        if value is not None:
            yield name, value


def _lines(key: str, value: object, path: KeyPath, origins: Marks, depth: int) -> Iterator[str]:
    start = "  " * depth + text_scalar(key) + ":"
    comment = f"  # {_origin(origins, path)}"
    inner = dict(_fields(value)) if isinstance(value, Section) else value
    if isinstance(value, RetryConfig) and isinstance(inner, dict) and depth:
        # What a pipeline does not say itself comes from the top level, not from the defaults.
        inner = {name: part for name, part in inner.items() if name in value.model_fields_set}
    if isinstance(inner, dict) and inner:
        yield start
        for name, part in inner.items():
            yield from _lines(str(name), part, (*path, str(name)), origins, depth + 1)
    elif isinstance(inner, str) and is_block(inner):
        yield f"{start} {'|' if inner.endswith(chr(10)) else '|-'}{comment}"
        yield from ("  " * (depth + 1) + line if line else "" for line in escape(inner).splitlines())
    else:
        yield f"{start} {_scalar(inner)}{comment}"


def _origin(origins: Marks, path: KeyPath) -> str:
    mark = origins.get(path)
    if mark is None:
        return "default"
    return f"line {mark.line}" if mark.line is not None else mark.source


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, Section):
        return f"{{{', '.join(f'{name}: {_scalar(part)}' for name, part in _fields(value))}}}"
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, SecretStr):
        return f'"{MASK}"'
    return text_scalar(escape(str(value)))
