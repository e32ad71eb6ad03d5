"""The settings of metrics and probes; a part of the tree in `model.py`."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from embedconsole.config.sections.base import Section
from embedconsole.config.types import OptionalPath

_LISTEN = re.compile(r"(?:(?P<bracketed>\[[0-9a-f:.]+\])|(?P<host>[^\s:/\[\]]*)):(?P<port>\d{1,5})", re.I)


def parse_listen(value: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:9464`, `[::1]:9464` or `:9464` (every address of this host).

    Raises:
        ValueError: it is none of them.
    """
    found = _LISTEN.fullmatch(value.strip())
    if found is None or int(found["port"]) > 65_535:
        raise ValueError("should be an address and a port such as 127.0.0.1:9464")
    return (found["bracketed"] or "").strip("[]") or found["host"] or "0.0.0.0", int(found["port"])


def _listen(value: str | None) -> str | None:
    if value is not None:
        parse_listen(value)
    return value


def _empty_is_none(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() in ("", "off") else value


Listen: TypeAlias = Annotated[str | None, BeforeValidator(_empty_is_none), AfterValidator(_listen)]


class MetricsConfig(Section):
    """Figures for Prometheus."""

    listen: Listen = None
    """Where the daemon answers scrapes and probes, such as `127.0.0.1:9464`; default: nowhere."""
    path: Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9/._~-]*$")] = "/metrics"
    """Where the figures are; /live and /ready stand beside it."""
    file: OptionalPath = None
    """Written at the end of a run of `embedconsole run`, for the node exporter's textfile collector."""
