"""An entry of the log, from a line of the log file or from an event of the ledger: pure functions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedconsole.ledger.records.history import Event

LEVELS = ("debug", "info", "warning", "error")
"""From the least to the gravest."""

_TEXT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ([A-Z]+) (.*)", re.DOTALL)
_NAMES = {"critical": "error", "warn": "warning"}


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that was logged. Its texts are as they came: clean them before they are shown.

    Attributes:
        key: What it is known by.
        at: Seconds since 1970; None where the line does not say.
        level: One of `LEVELS`; empty where the line does not say.
        raw: The line, or the event as a line of the log file would have it.
        fields: What it says beside time, level and message, as names and values.
    """

    key: str
    at: float | None
    level: str
    message: str
    raw: str
    fields: tuple[tuple[str, str], ...] = ()


def entry_of_line(key: str, line: str) -> LogEntry:
    """A line of the log file, in either of its formats or in none."""
    if line.startswith("{"):
        entry = _of_json(key, line)
        if entry is not None:
            return entry
    found = _TEXT.fullmatch(line)
    if found is None:
        return LogEntry(key, None, "", line, line)
    return LogEntry(key, _moment(found[1]), _level(found[2]), found[3], line)


def entry_of_event(event: Event) -> LogEntry:
    """An event of the ledger."""
    what = event.kind if event.key is None else f"{event.kind} {event.key}"
    message = f"{'' if event.pipeline is None else event.pipeline + ' '}{what}: {event.message}"
    moment = datetime.fromtimestamp(event.at, UTC)
    fields = {"pipeline": event.pipeline, "kind": event.kind, "key": event.key, "event": str(event.id)}
    return LogEntry(
        key=str(event.id),
        at=event.at,
        level=_level(event.level),
        message=message,
        raw=f"{moment:%Y-%m-%dT%H:%M:%SZ} {event.level.upper()} {message}".replace("\n", "\\n"),
        fields=tuple((name, value) for name, value in fields.items() if value is not None),
    )


def _of_json(key: str, line: str) -> LogEntry | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    fields = {name: value for name, value in found.items() if name not in ("time", "level", "message")}
    return LogEntry(
        key=key,
        at=_moment(str(found.get("time", ""))),
        level=_level(str(found.get("level", ""))),
        message=str(found.get("message", line)),
        raw=line,
        fields=tuple((name, _pretty(value)) for name, value in fields.items()),
    )


def _pretty(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _level(word: str) -> str:
    level = _NAMES.get(word.lower(), word.lower())
    return level if level in LEVELS else ""


def _moment(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
