"""`celery -A embedconsole.celery worker|beat`: the work on a queue that a team runs already.

The ledger stays the truth, and a message says "there is work" and no more: one that is lost, late or doubled
changes nothing. The app is `embedconsole.celery:app`, built on first use.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.foreign_text import harmless

if TYPE_CHECKING:
    from celery import Celery

_USAGE = 2


def __getattr__(name: str) -> Celery:
    # Not at import: a caller that only looks at the package has no configuration, and perhaps not the extra.
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        app = _built()
    except ConfigError as error:
        # Celery would show it at the end of a traceback.
        sys.stderr.write(f"{harmless(str(error))}\n")
        raise SystemExit(_USAGE) from None
    globals()[name] = app
    return app


def _built() -> Celery:
    from embedconsole.config.load import load

    try:
        from embedconsole.celery.build import build_app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "celery":
            raise
        raise ConfigError(
            "this needs the extra `celery`: pip install '.[celery]' in a checkout of embedconsole"
        ) from error
    return build_app(load())
