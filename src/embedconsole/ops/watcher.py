"""Reads the state of the ledger at intervals, next to the engine, for notifications and metrics.

It has its own thread and connection: neither a ledger nor a target that hangs delays a run.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError, Fault
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.observe.ledger_overview import observe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ops.notifier import Notifier
    from embedconsole.sync.observe.ledger_overview import LedgerOverview
    from embedconsole.sync.shared.report import RunReport

LOOK_EVERY = 10.0
_REST = 20
"""Counting a huge ledger takes a while: the pause before the next look is so many times as long."""

_LAST_LOOK_SECONDS = 15.0
_UNJUDGED = 1000
"""Reports that wait for a ledger that is away, at most: the latest ones."""

log = logging.getLogger("embedconsole")


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The latest observation of the ledger; times on the monotonic clock.

    Attributes:
        began: When the latest look began.
        at: When the ledger last answered; None when it never has.
        every: Seconds between two looks.
        fault: Why it did not answer the last time; None when it did.
    """

    began: float
    at: float | None = None
    every: float = LOOK_EVERY
    observed: LedgerOverview | None = None
    fault: str | None = None


@dataclass(slots=True)
class Watcher:
    """Observes the ledger at intervals; `keep` runs in its own thread.

    Args:
        patience: Seconds for which the ledger may be away before operators are notified; None: for ever.
    """

    pipelines: Sequence[Pipeline]
    ledger_url: str
    notifier: Notifier | None = None
    patience: float | None = None
    clock: Callable[[], float] = time.monotonic
    ledger_view: LedgerView = field(init=False)
    _reports: queue.SimpleQueue[RunReport | None] = field(default_factory=queue.SimpleQueue)
    _unjudged: deque[RunReport] = field(default_factory=lambda: deque(maxlen=_UNJUDGED))
    _ledger: Ledger | None = None
    _away_since: float | None = None
    _over: bool = False

    def __post_init__(self) -> None:
        self.ledger_view = LedgerView(self.clock())

    def ran(self, report: RunReport) -> None:
        """A run has ended."""
        self._reports.put(report)

    def end(self) -> None:
        """Look one last time, then end."""
        self._over = True
        self._reports.put(None)

    def keep(self) -> None:
        """Look until the end."""
        while not self._over:
            self._try_to_look()
            self._wait()
        self._try_to_look()
        self.close()

    def _try_to_look(self) -> None:
        try:
            self.look()
        # An error of our own must not silence all later notifications.
        except Exception as error:
            fault = f"an error of embedconsole itself ({type(error).__name__}: {error})"
            if fault != self.ledger_view.fault:
                log.exception("a look at the ledger failed: %s", fault)
            self.ledger_view = replace(self.ledger_view, every=LOOK_EVERY, fault=fault)

    def _wait(self) -> None:
        with suppress(queue.Empty):
            self._take(self._reports.get(timeout=self.ledger_view.every))

    def _take(self, report: RunReport | None) -> None:
        if report is not None:
            self._unjudged.append(report)

    def look(self) -> None:
        """Observe the ledger now, and send the notifications that follow."""
        while not self._reports.empty():
            self._take(self._reports.get())
        began = self.clock()
        last = self.ledger_view
        self.ledger_view = replace(last, began=began)
        try:
            if self._ledger is None:
                self._ledger = open_ledger(self.ledger_url).at_once()
            observed = observe(self._ledger, self.pipelines)
            now = self.clock()
            self.ledger_view = LedgerView(began, now, max(LOOK_EVERY, _REST * (now - began)), observed)
            if self.notifier is not None:
                self.notifier.look(self._ledger, observed, self._unjudged)
        except (Fault, ConfigError) as fault:
            self.ledger_view = replace(last, began=began, every=LOOK_EVERY, fault=str(fault))
            self._away(fault)
        else:
            self._away_since = None
            self._unjudged.clear()

    def _away(self, fault: Exception) -> None:
        now = self.clock()
        self._away_since = now if self._away_since is None else self._away_since
        silent = now - self._away_since
        if self.notifier is not None and self.patience is not None and silent >= self.patience:
            self.notifier.ledger_is_away(str(fault))

    def close(self) -> None:
        """Close the ledger."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None


def look_once(watcher: Watcher) -> None:
    """Look once, after a run, with a time limit; what is seen later is lost."""
    watcher.end()
    _started(watcher).join(_limit(watcher))


@contextmanager
def watching(watcher: Watcher | None) -> Iterator[None]:
    """Look at intervals while the block runs; the last look at its end has a time limit."""
    if watcher is None:
        yield
        return
    thread = _started(watcher)
    try:
        yield
    finally:
        watcher.end()
        thread.join(_limit(watcher))


def _started(watcher: Watcher) -> threading.Thread:
    thread = threading.Thread(target=watcher.keep, name="watcher", daemon=True)
    thread.start()
    return thread


def _limit(watcher: Watcher) -> float:
    # A look may send three messages: new incidents, open ones, closed ones.
    messages = 0.0 if watcher.notifier is None else 3 * watcher.notifier.config.timeout
    return _LAST_LOOK_SECONDS + messages
