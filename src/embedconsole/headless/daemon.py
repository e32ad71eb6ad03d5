"""`--headless`: the daemon."""

from __future__ import annotations

import logging
import sys
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError, Fault, ungrouped
from embedconsole.headless.exits import Exit
from embedconsole.headless.monitoring.monitor import monitor_of
from embedconsole.headless.progress import progress_view
from embedconsole.headless.signals import interruptible
from embedconsole.headless.summary import print_report
from embedconsole.headless.talk import duration, say
from embedconsole.sync.consequences import stopped
from embedconsole.sync.progress import Outcome, none_ran
from embedconsole.sync.thread import engine_in_thread

if TYPE_CHECKING:
    from embedconsole.headless.session import Session
    from embedconsole.sync.progress import RunReport

_DRAW_EVERY = 0.5

log = logging.getLogger("embedconsole")


def run_daemon(session: Session, *, as_json: bool) -> Exit:
    """Sync every `schedule.every` until a signal comes; print each run's report.

    Raises:
        ConfigError: a pipeline can't run as configured.
    """
    settings = session.loaded.settings
    every = settings.schedule.every
    monitor = monitor_of(session, patience=settings.notify.on.breaker_open_for)

    def on_report(report: RunReport) -> None:
        monitor.ran(report)
        print_report(session, report, as_json=as_json)
        what = "no run began" if report.run is None else f"run {report.run} ended"
        log.info("%s: %s", what, report.outcome, extra={"event": "run", **report.as_json()})

    try:
        with (
            ungrouped(),
            engine_in_thread(session.pipelines, session.ledger_url, "daemon") as handle,
            monitor.keeping(handle),
        ):
            say(
                f"Syncing every {duration(every)}; SIGTERM or ctrl+c drains and ends. Log: {session.log_path}"
            )
            future = handle.serve(every, on_report)
            with (
                interruptible(handle.drain, future.cancel) as interruption,
                progress_view(terminal=sys.stderr.isatty()) as view,
            ):
                while not future.done():
                    try:
                        future.result(timeout=_DRAW_EVERY)
                    except TimeoutError:
                        view.show(handle.snapshot())
                    except CancelledError:
                        break
                handle.wait_ended()
    except Fault as fault:
        say(stopped(fault))
        monitor.after_run(none_ran(session.names, Outcome.ABORTED, stopped(fault)), None)
        return Exit.STOPPED
    except ConfigError as error:
        monitor.after_run(none_ran(session.names, Outcome.ABORTED, str(error)), None)
        raise
    return Exit(128 + interruption.first) if interruption.first is not None else Exit.IN_SYNC
