"""`runs` and `diff`: the runs of all processes, one of them in full, and two side by side."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from embedconsole.cli.exits import Exit
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option, limit_option
from embedconsole.cli.output import duration, note, put, put_json, put_table
from embedconsole.cli.run_report import print_figures
from embedconsole.faults import ConfigError
from embedconsole.sync.observe.run_history import past_runs, run_in_detail, two_runs

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.ledger.records.history import Event
    from embedconsole.sync.observe.run_history import Figure, PastRun, RunPart


@click.command("runs", cls=Command)
@click.argument("number", required=False, type=click.IntRange(min=1), metavar="[RUN]")
@limit_option("Runs to list", 20)
@common_options
@json_option
@click.pass_obj
def runs_command(invocation: Invocation, number: int | None, limit: int) -> None:
    """List the runs of all processes; with a number, show one in full and what went wrong in it.

    \b
    Examples:
      embedconsole runs
      embedconsole runs 42
      embedconsole runs --limit 100 --json
    """

    session = invocation.session()
    if number is None:
        sys.exit(show_runs(session, limit=limit, as_json=invocation.as_json))
    sys.exit(show_run(session, number, as_json=invocation.as_json))


@click.command("diff", cls=Command)
@click.argument("first", type=click.IntRange(min=1), metavar="RUN")
@click.argument("second", type=click.IntRange(min=1), metavar="RUN")
@common_options
@json_option
@click.pass_obj
def diff_command(invocation: Invocation, first: int, second: int) -> None:
    """Show two runs side by side: the figures that differ, and what failed in one of them only.

    \b
    Examples:
      embedconsole runs                       (their numbers)
      embedconsole diff 41 42
    """

    sys.exit(show_difference(invocation.session(), first, second, as_json=invocation.as_json))


_KEYS = 20


def show_runs(session: Session, *, limit: int, as_json: bool) -> Exit:
    """Print the latest runs of all processes, newest first."""
    with session.opened_ledger() as ledger:
        runs = past_runs(ledger, limit=limit) if ledger else ()
    if as_json:
        put_json({"runs": [_run_json(run) for run in runs]})
    elif runs:
        _print_runs(runs)
        note(f"One of them in full: {session.command} runs {runs[0].id}")
    else:
        note(f"No runs yet. The first: {session.command} run")
    return Exit.IN_SYNC


def show_run(session: Session, number: int, *, as_json: bool) -> Exit:
    """Print one run: its figures by pipeline, and what went wrong during it.

    Raises:
        ConfigError: there is no run of that number, or no longer.
    """
    with session.opened_ledger() as ledger:
        seen = run_in_detail(ledger, number) if ledger else None
    if seen is None:
        raise ConfigError(f"no run {number}; {session.command} runs lists those that are kept")
    if as_json:
        put_json({**_run_json(seen.run), "events": [_event_json(event) for event in seen.events]})
        return Exit.IN_SYNC
    run = seen.run
    took = "" if run.seconds is None else f", took {duration(run.seconds)}"
    version = f", embedconsole {run.version}" if run.version else ""
    put(f"run {run.id} ({run.kind}): {run.words}")
    put(f"  began {_moment(run.began)}{took}, by {run.worker}{version}")
    for part in run.parts:
        _print_part(part)
    if seen.events:
        put("")
        put_table(
            ["time", "pipeline", "what", "key", "message"],
            [
                [_moment(event.at), event.pipeline or "", event.kind, event.key or "", event.message]
                for event in seen.events
            ],
        )
    return Exit.IN_SYNC


def show_difference(session: Session, first: int, second: int, *, as_json: bool) -> Exit:
    """Print two runs side by side: what differs.

    Raises:
        ConfigError: there is no run of one of the numbers, or no longer.
    """
    with session.opened_ledger() as ledger:
        seen = two_runs(ledger, first, second) if ledger else first
    if isinstance(seen, int):
        raise ConfigError(f"no run {seen}; {session.command} runs lists those that are kept")
    if as_json:
        put_json(
            {
                "first": _run_json(seen.first),
                "second": _run_json(seen.second),
                "differing": [asdict(one) for one in seen.differing],
                "failed_only_in_first": [{"pipeline": name, "key": key} for name, key in seen.only_first],
                "failed_only_in_second": [{"pipeline": name, "key": key} for name, key in seen.only_second],
            }
        )
        return Exit.IN_SYNC
    runs = (seen.first, seen.second)
    rows = [
        ["kind", *(run.kind for run in runs)],
        ["ended", *(run.words for run in runs)],
        ["began", *(_moment(run.began) for run in runs)],
        ["took", *("" if run.seconds is None else duration(run.seconds) for run in runs)],
        ["by", *(run.worker for run in runs)],
        ["version", *(run.version for run in runs)],
        *(
            [f"{one.pipeline}: {one.figure}", _figure(one.first), _figure(one.second)]
            for one in seen.differing
        ),
    ]
    put_table(["", *(f"run {run.id}" for run in runs)], rows)
    for run, failed in ((seen.first, seen.only_first), (seen.second, seen.only_second)):
        if failed:
            shown = ", ".join(f"{name} {key}" for name, key in failed[:_KEYS])
            more = f" and {len(failed) - _KEYS:,} more" if len(failed) > _KEYS else ""
            put(f"failed only in run {run.id}: {shown}{more}")
    return Exit.IN_SYNC


def _figure(value: Figure) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:,}"


def _print_runs(runs: tuple[PastRun, ...]) -> None:
    priced = any(run.cost is not None for run in runs)
    headings = ["run", "kind", "began", "took", "embedded", "payload", "deleted", "failed"]
    headings += ["cost"] * priced
    put_table(
        [*headings, "outcome", "host"],
        [
            [
                str(run.id),
                run.kind,
                _moment(run.began),
                "" if run.seconds is None else duration(run.seconds),
                *_counts(run),
                *([_money(run.cost)] * priced),
                run.words,
                run.host,
            ]
            for run in runs
        ],
        right=[0, 3, 4, 5, 6, 7, *([8] * priced)],
    )


def _counts(run: PastRun) -> list[str]:
    """Unknown until it has ended: then there is no report."""
    counts = (run.embedded, run.payload_updated, run.deleted, run.failed)
    return [f"{count:,}" for count in counts] if run.parts else [""] * len(counts)


def _print_part(part: RunPart) -> None:
    report = part.report
    put(part.pipeline)
    print_figures(report)
    if report.cost is not None:
        put(f"  cost {_money(report.cost)}")
    if report.message is not None:
        put(f"  {report.message}")


def _run_json(run: PastRun) -> dict[str, object]:
    return {
        "run": run.id,
        "kind": run.kind,
        "outcome": str(run.standing),
        "worker": run.worker,
        "host": run.host,
        "version": run.version or None,
        "began": _moment(run.began),
        "seconds": None if run.seconds is None else round(run.seconds, 3),
        "cost": None if run.cost is None else round(run.cost, 6),
        "pipelines": {
            part.pipeline: {**part.report.as_json(), "cost": part.report.cost, "message": part.report.message}
            for part in run.parts
        },
    }


def _event_json(event: Event) -> dict[str, object]:
    return {
        "at": _moment(event.at),
        "pipeline": event.pipeline,
        "level": event.level,
        "kind": event.kind,
        "key": event.key,
        "message": event.message,
    }


def _moment(epoch: float) -> str:
    """As the log file has it."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _money(cost: float | None) -> str:
    return "" if cost is None else f"{cost:,.2f}"
