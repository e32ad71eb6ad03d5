"""The engine of a worker process: opened once, after the fork, with a loop that keeps its connections."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError, Fault
from embedconsole.runtime import prepare_process
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.daemon.order_listener import OrderListener

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.run.engine import Engine

ROLE = "celery"

log = logging.getLogger("embedconsole")


@dataclass(slots=True)
class WorkerProcess:
    """This process, and its engine once it is open."""

    pipelines: Sequence[Pipeline]
    ledger_url: str
    _engine: EngineHandle | None = None
    _open: ExitStack = field(default_factory=ExitStack)
    _one_task: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def engine(self) -> Iterator[EngineHandle]:
        """The engine, for one task at a time; opened where it is not yet.

        Raises:
            ConfigError: a part can't be built as configured, or the ledger is of a newer version.
            Fault: the ledger does not answer, or not to us.
        """
        # Celery's pool of threads has several tasks in one process; an engine has one run.
        with self._one_task:
            yield self._opened()

    def open_early(self) -> None:
        """Be seen before the first task comes; what prevents it is reported again by that task."""
        try:
            with self.engine():
                pass
        except (ConfigError, Fault) as error:
            log.warning("not ready yet: %s", error)

    def close(self) -> None:
        """Leave the ledger and close all connections; nothing happens when none are open."""
        with self._one_task:
            self._engine = None
            self._open.close()

    def _opened(self) -> EngineHandle:
        if self._engine is None:
            prepare_process()
            with ExitStack() as stack:
                engine = stack.enter_context(engine_in_thread(self.pipelines, self.ledger_url, ROLE))
                orders = engine.call(_obey)
                stack.callback(orders.cancel)
                self._open = stack.pop_all()
            self._engine = engine
        return self._engine


async def _obey(engine: Engine) -> None:
    # Between tasks too: a pause that is ordered then is meant for the next one.
    await OrderListener(engine).keep()
