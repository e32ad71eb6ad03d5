"""The log file: rotating, a line a batch and a line a failed item, for people or for machines."""

from __future__ import annotations

import json
import logging
import logging.handlers
import time
from typing import TYPE_CHECKING

from embedconsole.foreign_text import harmless
from embedconsole.redact import redacted, redacted_value
from embedconsole.telemetry import whereabouts

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.config.settings import LogConfig
    from embedconsole.config.types import LogLevel

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


_IDS = ("run", "batch")


class _Whereabouts(logging.Filter):
    """Gives every record, that of a library too, the run and the batch in which it was written."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, number in whereabouts().items():
            if name not in vars(record):
                setattr(record, name, number)
        return True


class _TextFormatter(logging.Formatter):
    """`2026-01-31T12:00:00Z INFO message [run 7 batch 12]`, always one line."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        line = harmless(super().format(record)).replace("\n", "\\n")
        found = [f"{name} {value}" for name in _IDS if (value := vars(record).get(name)) is not None]
        return f"{line} [{' '.join(found)}]" if found else line


class _JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, message, and the fields of the record."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(redacted_value(line), default=lambda value: redacted(str(value)))


def open_log(
    config: LogConfig, path: Path, *, form: str | None = None, level: LogLevel | None = None
) -> None:
    """Send the log to a rotating file.

    Args:
        form: "text" or "json" instead of the configured one.
        level: Instead of the configured one.

    Raises:
        OSError: the file can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=config.max_bytes, backupCount=config.keep, encoding="utf-8", errors="backslashreplace"
    )
    handler.setLevel((level or config.level).upper())
    handler.addFilter(_Whereabouts())
    handler.setFormatter(_JsonFormatter() if (form or config.format) == "json" else _TextFormatter())
    # A full disk costs lines of the log; neither the sync nor the terminal gets an error for each.
    logging.raiseExceptions = False
    log = logging.getLogger("embedconsole")
    log.addHandler(handler)
    # Each handler has its own level; another one may take more than the file does.
    log.setLevel(min(log.level or handler.level, handler.level))
    log.propagate = False
    # Warnings of the libraries (a connection pool that lost its server) belong here, not on the terminal.
    logging.getLogger().addHandler(handler)
