"""The settings of notifications: the targets, the events and how often they are repeated."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from embedconsole.config.sections.base import Section
from embedconsole.config.types import Timeout, parse_duration

_OFF = frozenset({"off", "false", "no", "never"})
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://.", re.IGNORECASE)


def _off(value: object) -> object:
    return None if value is False or (isinstance(value, str) and value.strip().lower() in _OFF) else value


def _off_or_duration(value: object) -> object:
    return None if _off(value) is None else parse_duration(value)


def _given(value: object) -> object:
    # `${SLACK_URL:-}` is empty where there is no target.
    if isinstance(value, list):
        return [one for one in value if one is not None and str(one).strip()]
    return value


def _address(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not _SCHEME.match(text):
        raise ValueError("should be an address as apprise speaks them, such as slack://... or mailto://...")
    return SecretStr(text)


Span: TypeAlias = Annotated[
    Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, BeforeValidator(_off_or_duration)
]
"""A duration, or `off`."""

Threshold: TypeAlias = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_off)]
"""A count, or `off`."""

Address: TypeAlias = Annotated[SecretStr, AfterValidator(_address)]
"""Where apprise sends to; a secret as a whole, for the token may be anywhere in it."""


class NotifyRules(Section):
    """The events that are reported. Times and counts may be `off`."""

    run_failed: bool = True
    """A run was stopped, or can't begin."""
    run_partial: bool = True
    """A run came to its end and left items that failed or wait for another attempt."""
    breaker_open_for: Span = 300.0
    """A dependency has been away for so long."""
    oldest_pending: Span = 3600.0
    """An item has been due for so long."""
    failures_above: Threshold = 50
    """More items than this have failed."""
    recovered: bool = True
    """What was told of is over."""


class NotifyConfig(Section):
    """Notifications through apprise."""

    to: Annotated[list[Address], BeforeValidator(_given)] = []
    """Addresses such as `slack://...` and `mailto://...`; secrets. Empty: no notifications."""
    on: NotifyRules = NotifyRules()
    """The events that are reported."""
    repeat_after: Timeout = 21_600.0
    """An incident that lasts is reported again after so long, and not before."""
    timeout: Annotated[Timeout, Field(le=300)] = 10.0
    """How long one target has to take a message."""


def scheme_of(address: SecretStr) -> str:
    """What an address begins with, which is all of it that may be shown: `slack`, `mailto`, `json`."""
    found = _SCHEME.match(address.get_secret_value())
    return found[1].lower() if found else ""
