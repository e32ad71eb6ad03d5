"""`run`: one run, for cron."""

from __future__ import annotations

import sys
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import click

from embedconsole.cli.consent import confirm_option, require
from embedconsole.cli.exits import Ending, Exit, exit_of, interruptible
from embedconsole.cli.group import Command
from embedconsole.cli.invocation import logging_to_file
from embedconsole.cli.options import RunFlags, common_options, json_option, run_options
from embedconsole.cli.output import note, say
from embedconsole.cli.progress import progress_view, wait_for
from embedconsole.cli.run_report import print_report
from embedconsole.collection.wait_indexed import until_green
from embedconsole.faults import ConfigError, Fault, ungrouped
from embedconsole.ops.traces import tracing
from embedconsole.runtime import prepare_process
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.run.components import open_components
from embedconsole.sync.run.dry_run import dry_run
from embedconsole.sync.shared.budget import check_prices
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome, RunReport, aborted, none_ran
from embedconsole.sync.shared.selection import parse_selection

if TYPE_CHECKING:
    from concurrent.futures import Future

    from embedconsole.cli.exits import Interruption
    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.observe.snapshot import Snapshot
    from embedconsole.sync.run.engine import Engine
    from embedconsole.sync.run.leases import Overlap


_DRAW_EVERY = 0.25


@click.command("run", cls=Command)
@run_options
@common_options
@json_option
@click.pass_obj
def run_command(invocation: Invocation, /, **flags: object) -> None:
    """Run once: find what changed, embed it, write it, delete what is gone; then exit (for cron).

    Ends with 0 when all is in sync, with 1 when items failed or a limit left some.

    \b
    Examples:
      embedconsole run
      embedconsole run --dry-run --json
      embedconsole run -p products -n 100
      embedconsole run --force --batch-size 250
      embedconsole run --force --only category=shoes --only id=35
    """
    sys.exit(one_run(invocation, RunFlags(headless=True, once=True, **flags)))  # type: ignore[arg-type]


def one_run(invocation: Invocation, flags: RunFlags) -> Exit:
    """Run once, or count what a run would do, as the flags say.

    Raises:
        click.UsageError: flags that do not go together.
        ConfigError: the configuration can't be used.
    """
    flags.check()
    prepare_process()
    session = invocation.session(
        chunk_size=flags.batch_size, workers=flags.workers, metrics_file=flags.metrics_file
    )
    if flags.max_cost is not None:
        check_prices(session.pipelines)
    options = RunOptions(
        full=flags.full,
        force=flags.force,
        only=parse_selection(flags.only),
        limit=flags.limit,
        max_cost=flags.max_cost,
        bulk=flags.bulk,
        allow_deletes=flags.allow_deletes,
        take_over=flags.take_over,
    )
    if flags.dry_run:
        return run_dry(session, options, as_json=invocation.as_json)
    if options.from_scratch:
        confirm_option("Embed every item again, and pay for it?", yes=flags.yes)
    if options.take_over:
        require(
            "--take-over overwrites points of other programs",
            "Overwrite points of others that have the ids of items?",
            yes=flags.yes,
        )
    with tracing(say):
        return run_once(
            logging_to_file(invocation, session, flags.log_format),
            options,
            overlap=flags.overlap,
            as_json=invocation.as_json,
            kind="force" if flags.force else "sync",
        )


def run_once(
    session: Session, options: RunOptions, *, overlap: Overlap, as_json: bool, kind: str = "sync"
) -> Exit:
    """Run the session's pipelines once, show progress on stderr and the report on stdout.

    Raises:
        ConfigError: a pipeline can't run as configured; nothing was done.
    """
    ending = Ending()
    signal_number: int | None = None
    snapshot: Snapshot | None = None
    # The process ends before it could see whether the ledger comes back.
    patience = 0.0 if session.loaded.settings.notify.on.run_failed else None
    monitor = session.monitor(patience=patience)
    try:
        with (
            ungrouped(),
            interruptible(ending.drain, ending.stop) as interruption,
            engine_in_thread(session.pipelines, session.ledger_url, "once") as handle,
        ):
            future = handle.run(options, kind=kind, overlap=overlap)
            ending.watch(handle, future.cancel)
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
        async with open_components(session.pipelines) as all_components:
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
                note(
                    "Finishing what is in flight; a second signal stops at once."
                    if said == 1
                    else "Stopping."
                )


def _aborted(session: Session, fault: Fault) -> RunReport:
    return RunReport(None, dict.fromkeys(session.names, aborted(fault)))


def await_green(session: Session) -> None:
    """Wait until the collections are indexed; a signal ends the wait, not the indexing."""
    lines: dict[str, str] = {}

    async def work(engine: Engine) -> None:
        for components in engine.all_components:
            async for line in until_green(components.collection):
                lines[components.pipeline.name] = f"{components.pipeline.name}: {line}"
            lines.pop(components.pipeline.name, None)

    try:
        wait_for(session, "once", work, lambda: "; ".join(lines.values()))
    except Fault as fault:
        say(f"Did not wait for the index: {fault}")
