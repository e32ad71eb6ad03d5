"""One run, for cron."""

from __future__ import annotations

import sys
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from embedconsole.faults import ConfigError, Fault, ungrouped
from embedconsole.cli.exits import Exit, exit_of
from embedconsole.headless.greening import await_green
from embedconsole.ops.monitor import monitor_of
from embedconsole.cli.progress import progress_view
from embedconsole.headless.signals import interruptible
from embedconsole.cli.run_report import print_report
from embedconsole.cli.output import note
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.run.components import assembled
from embedconsole.sync.run.dry_run import dry_run
from embedconsole.sync.shared.report import Outcome, RunReport, aborted, none_ran

if TYPE_CHECKING:
    from concurrent.futures import Future

    from embedconsole.headless.session import Session
    from embedconsole.headless.signals import Interruption
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.run.leases import Overlap
    from embedconsole.sync.shared.options import RunOptions

_DRAW_EVERY = 0.25


def run_once(
    session: Session, options: RunOptions, *, overlap: Overlap, as_json: bool, kind: str = "sync"
) -> Exit:
    """Run the session's pipelines once, show progress on stderr and the report on stdout.

    Raises:
        ConfigError: a pipeline can't run as configured; nothing was done.
    """
    signal_number: int | None = None
    snapshot: Snapshot | None = None
    # Nobody is there to wait and see whether the ledger comes back.
    monitor = monitor_of(session, patience=0.0 if session.loaded.settings.notify.on.run_failed else None)
    try:
        with ungrouped(), engine_in_thread(session.pipelines, session.ledger_url, "once") as handle:
            future = handle.run(options, kind=kind, overlap=overlap)
            with interruptible(handle.drain, future.cancel) as interruption:
                report = _wait(session, handle, future, interruption)
            snapshot = handle.snapshot()
            signal_number = interruption.first
    except Fault as fault:
        report = _aborted(session, fault)
    except ConfigError as error:
        monitor.after_run(none_ran(session.names, Outcome.ABORTED, str(error)), snapshot)
        raise
    if options.bulk and report.outcome in (Outcome.OK, Outcome.PARTIAL):
        await_green(session)
    print_report(session, report, as_json=as_json)
    monitor.after_run(report, snapshot)
    return exit_of(report, signal_number)


def run_dry(session: Session, options: RunOptions, *, as_json: bool) -> Exit:
    """Count what a run would do, and do nothing.

    Raises:
        ConfigError: a pipeline can't run as configured.
    """

    async def plan() -> RunReport:
        reports = {}
        async with assembled(session.pipelines) as all_components:
            for components in all_components:
                reports[components.pipeline.name] = await anyio.to_thread.run_sync(
                    dry_run, components, session.ledger_url, options
                )
        return RunReport(None, reports)

    try:
        with ungrouped():
            report = anyio.run(plan)
    except Fault as fault:
        report = _aborted(session, fault)
    print_report(session, report, as_json=as_json)
    return exit_of(report, None)


def _wait(
    session: Session, handle: EngineHandle, future: Future[RunReport], interruption: Interruption
) -> RunReport:
    said = 0
    with progress_view(terminal=sys.stderr.isatty()) as view:
        while True:
            try:
                return future.result(timeout=_DRAW_EVERY)
            except TimeoutError:
                view.show(handle.snapshot())
            except CancelledError:
                handle.wait_ended()
                return none_ran(session.names, Outcome.INTERRUPTED, "stopped at once")
            if interruption.count > said:
                said = interruption.count
                note("Finishing what is in flight; once more stops at once." if said == 1 else "Stopping.")


def _aborted(session: Session, fault: Fault) -> RunReport:
    return RunReport(None, dict.fromkeys(session.names, aborted(fault)))
