"""The console is opened on a terminal, and left by the operator or a signal."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from embedconsole.console.app import Console
from embedconsole.console.screens.registry import import_all
from embedconsole.console.signals import interruptible
from embedconsole.console.text import glyphs_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.console.engine_client import EngineClient
    from embedconsole.console.launch import Launch


def run_console(launch: Launch) -> int:
    """Run the console until the operator leaves it.

    Returns:
        The signal that ended it; 0 when the operator did.

    Raises:
        ConfigError: the engine can't be built as configured.
        Fault: the ledger does not answer at the start.
    """
    app = Console(launch, partial(_open_engine, launch), glyphs=glyphs_for(sys.stderr.encoding))
    with interruptible(app):
        ended_by = app.run(mouse=launch.mouse)
    app.poller.finish()
    if app.state.failure is not None:
        raise app.state.failure
    return ended_by or 0


@contextmanager
def _open_engine(launch: Launch) -> Iterator[EngineClient]:
    # Half a second of imports, in the poller's thread: the first picture does not wait for them.
    from embedconsole.console.local_engine import open_local_engine

    with open_local_engine(launch) as client:
        threading.Thread(target=import_all, name="screens", daemon=True).start()
        yield client
