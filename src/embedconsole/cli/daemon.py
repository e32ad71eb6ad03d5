"""`--headless`: the daemon."""

from __future__ import annotations

import logging
import sys
import time
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from embedconsole.cli.exits import Ending, Exit, interruptible
from embedconsole.cli.output import duration, note, say
from embedconsole.cli.progress import progress_view
from embedconsole.cli.run_report import print_report
from embedconsole.faults import ConfigError, Fault, Transient, ungrouped
from embedconsole.retry import LEDGER_OPEN
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.shared.fault_text import stopped, waits
from embedconsole.sync.shared.report import Outcome, none_ran

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embedconsole.cli.invocation import Session
    from embedconsole.ops.monitor import Monitor
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.shared.report import RunReport

_DRAW_EVERY = 0.5
_LOOK_EVERY = 0.1

log = logging.getLogger("embedconsole")


def run_daemon(session: Session, *, as_json: bool) -> Exit:
    """Sync every `schedule.every` until a signal comes; print each run's report.

    Raises:
        ConfigError: a part can't be built as configured, or the ledger is of a newer version.
    """
    monitor = session.monitor(patience=session.loaded.settings.notify.on.breaker_open_for)

    def on_report(report: RunReport) -> None:
        monitor.ran(report)
        print_report(session, report, as_json=as_json)
        what = "no run began" if report.run is None else f"run {report.run} ended"
        log.info("%s: %s", what, report.outcome, extra={"event": "run", **report.as_json()})

    ending = Ending()
    try:
        with (
            ungrouped(),
            interruptible(ending.drain, ending.stop) as interruption,
            monitor.keeping(),
            _opened(session, monitor, ending) as handle,
        ):
            if handle is not None:
                _serve(handle, session, on_report, ending)
    except Fault as fault:
        say(stopped(fault))
        monitor.after_run(none_ran(session.names, Outcome.ABORTED, stopped(fault)), None)
        return Exit.STOPPED
    except ConfigError as error:
        monitor.after_run(none_ran(session.names, Outcome.ABORTED, str(error)), None)
        raise
    return Exit(128 + interruption.first) if interruption.first is not None else Exit.IN_SYNC


def _serve(
    handle: EngineHandle, session: Session, on_report: Callable[[RunReport], None], ending: Ending
) -> None:
    every = session.loaded.settings.schedule.every
    note(f"Syncing every {duration(every)}; SIGTERM or ctrl+c drains and ends. Log: {session.log_path}")
    serving = handle.serve(every, on_report)
    ending.watch(handle, serving.cancel)
    with progress_view(terminal=sys.stderr.isatty()) as view:
        while not serving.done():
            try:
                serving.result(timeout=_DRAW_EVERY)
            except TimeoutError:
                view.show(handle.snapshot())
            except CancelledError:
                break
        handle.wait_ended()


@contextmanager
def _opened(session: Session, monitor: Monitor, ending: Ending) -> Iterator[EngineHandle | None]:
    """The engine, as soon as its ledger answers; None when a signal comes first.

    Raises:
        ConfigError, Refused: as `engine_in_thread`: waiting alone does not help.
    """
    failures = 0
    with ExitStack() as stack:
        while not ending.asked:
            try:
                handle = stack.enter_context(
                    engine_in_thread(session.pipelines, session.ledger_url, "daemon")
                )
            except Transient as fault:
                failures += 1
                pause = LEDGER_OPEN.after(failures)
                reason = waits(fault, pause)
                say(f"Not started yet. {reason}")
                log.warning("not started yet: %s", reason, extra={"event": "start"})
                monitor.waits(reason)
                _sleep(pause, ending)
            else:
                stack.enter_context(monitor.following(handle))
                yield handle
                return
        yield None


def _sleep(seconds: float, ending: Ending) -> None:
    until = time.monotonic() + seconds
    while not ending.asked and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK_EVERY))
