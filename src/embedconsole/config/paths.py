"""Where our own files live unless the configuration says otherwise."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from embedconsole.config.database import database_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.config.model import Settings

STATE_VARIABLE = "EMBEDCONSOLE_STATE_DIR"
LOG_VARIABLE = "EMBEDCONSOLE_LOG_DIR"
_APP = "embedconsole"


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the ledger: $EMBEDCONSOLE_STATE_DIR or the user's state folder. It may not exist yet."""
    named = environ.get(STATE_VARIABLE)
    return Path(named).absolute() if named else platformdirs.user_state_path(_APP, appauthor=False)


def models_dir() -> Path:
    """The folder of downloaded models: ours in the user's cache. It may not exist yet."""
    return platformdirs.user_cache_path(_APP, appauthor=False) / "models"


def log_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the log: $EMBEDCONSOLE_LOG_DIR or the user's log folder. It may not exist yet."""
    named = environ.get(LOG_VARIABLE)
    return Path(named).absolute() if named else platformdirs.user_log_path(_APP, appauthor=False)


def ledger_url(settings: Settings, environ: Mapping[str, str] = os.environ) -> str:
    """The ledger's SQLAlchemy URL, with its password in clear; default a SQLite file in the state folder."""
    if settings.ledger is not None:
        return database_url(settings.ledger)
    return f"sqlite:///{(state_dir(environ) / 'ledger.db').as_posix()}"


def log_path(settings: Settings, environ: Mapping[str, str] = os.environ) -> Path:
    """The log file."""
    return settings.log.path or log_dir(environ) / "embedconsole.log"
