"""Where our own files live unless the configuration says otherwise."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from embedconsole.config.database import database_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedconsole.config.settings import Settings

STATE_VARIABLE = "EMBEDCONSOLE_STATE_DIR"
LOG_VARIABLE = "EMBEDCONSOLE_LOG_DIR"
_APP = "embedconsole"
_WITHOUT_HOME = Path("/var/lib/embedconsole")
"""Where a system service keeps its state, for a user who has no home directory."""


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the ledger: $EMBEDCONSOLE_STATE_DIR or the user's state folder. It may not exist yet."""
    named = environ.get(STATE_VARIABLE)
    if named:
        return Path(named).absolute()
    return _of_user(platformdirs.user_state_path) or _WITHOUT_HOME


def models_dir() -> Path:
    """The folder of downloaded models: ours in the user's cache. It may not exist yet."""
    return (_of_user(platformdirs.user_cache_path) or _WITHOUT_HOME) / "models"


def log_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the log: $EMBEDCONSOLE_LOG_DIR or the user's log folder. It may not exist yet."""
    named = environ.get(LOG_VARIABLE)
    if named:
        return Path(named).absolute()
    return _of_user(platformdirs.user_log_path) or state_dir(environ) / "log"


def config_dir() -> Path | None:
    """The user's folder of configurations; None without a home directory. It may not exist yet."""
    return _of_user(platformdirs.user_config_path)


def _of_user(folder: Callable[..., Path]) -> Path | None:
    """One of the user's folders; None for a user without a home directory, as containers have."""
    try:
        found = folder(_APP, appauthor=False)
    except RuntimeError:
        return None
    # Without HOME and an entry in passwd, `~` stays as it is: that would be a folder of this name right here.
    return found if found.is_absolute() else None


def ledger_url(settings: Settings, environ: Mapping[str, str] = os.environ) -> str:
    """The ledger's SQLAlchemy URL, with its password in clear; default a SQLite file in the state folder."""
    if settings.ledger is not None:
        return database_url(settings.ledger)
    return f"sqlite:///{(state_dir(environ) / 'ledger.db').as_posix()}"


def log_path(settings: Settings, environ: Mapping[str, str] = os.environ) -> Path:
    """The log file."""
    return settings.log.path or log_dir(environ) / "embedconsole.log"
