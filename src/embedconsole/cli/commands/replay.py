"""`replay`: the console at a past moment, or that moment as JSON."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from embedconsole.cli.commands.status import process_json
from embedconsole.cli.exits import Exit
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option
from embedconsole.cli.output import put_json
from embedconsole.cli.screen import draw_console
from embedconsole.faults import ConfigError
from embedconsole.sync.observe.past import Seek, replayed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.history import Event, RunRecord
    from embedconsole.sync.observe.past import Replayed
    from embedconsole.sync.observe.snapshot import PipelineView
    from embedconsole.sync.resilience.gate import GateHealth


EXAMPLES = '"2h ago", "02:14", "yesterday 22:00", "2026-11-22 02:14:30" or "2026-11-22T02:14:30Z"'

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_AMOUNT = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*(s|m|h|d)(?:(?<=s)ec(?:ond)?s?|(?<=m)in(?:ute)?s?|(?<=h)(?:r|our)s?|(?<=d)ays?)?(?![a-z])"
)
_DAY = re.compile(r"(?:(today|yesterday)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?")


def _parsed_moment(_: click.Context, __: click.Parameter, value: str) -> float:
    try:
        return parse_moment(value, datetime.now(UTC))
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("replay", cls=Command)
@click.option(
    "--from",
    "moment",
    required=True,
    callback=_parsed_moment,
    metavar="MOMENT",
    help=f"For example {EXAMPLES}.",
)
@common_options
@json_option
@click.pass_obj
def replay_command(invocation: Invocation, moment: float) -> None:
    """Look back: the console as it was at a past moment, read-only; arrows step, esc is now.

    What is shown is the latest that was recorded up to that moment. Times are those of this machine.

    \b
    Examples:
      embedconsole replay --from "2h ago"
      embedconsole replay --from "yesterday 22:00"
      embedconsole replay --from 02:14 --json
    """
    if invocation.as_json:
        sys.exit(print_past(invocation.session(), moment))
    sys.exit(draw_console(invocation, otherwise="add --json", read_only=True, replay_from=moment))


def print_past(session: Session, moment: float) -> Exit:
    """Print what was recorded last up to a moment, or first after it; what was not recorded is null.

    Raises:
        ConfigError: nothing is recorded.
    """
    collections = {pipeline.name: pipeline.collection.name for pipeline in session.pipelines}
    with session.opened_ledger() as ledger:
        seen = None if ledger is None else _found(ledger, collections, moment)
    if seen is None:
        daemon = f"{session.command} --headless"
        raise ConfigError(f"nothing is recorded yet; a daemon records what happens: {daemon}")
    put_json(_replayed_json(seen, moment))
    return Exit.IN_SYNC


def _found(ledger: Ledger, collections: Mapping[str, str], moment: float) -> Replayed | None:
    """By the pictures of the first pipeline that has any."""
    found = (replayed(ledger, collections, name, Seek(moment)) for name in collections)
    return next((seen for seen in found if seen is not None), None)


def _replayed_json(seen: Replayed, moment: float) -> dict[str, object]:
    snapshot = seen.snapshot
    pause = snapshot.pause
    return {
        "at": _iso(seen.at),
        "asked": _iso(moment),
        "state": str(snapshot.state),
        "run": snapshot.run,
        "next_run": None if snapshot.next_run is None else _iso(snapshot.next_run),
        "paused": None if pause is None else {"since": _iso(pause.since), "by": pause.by},
        "pipelines": {view.name: _pipeline_json(view, seen) for view in snapshot.pipelines},
        "runs": [_run_json(run) for run in snapshot.runs],
        "events": [_event_json(event) for event in snapshot.events],
        "processes": [process_json(worker) for worker in snapshot.workers],
    }


def _pipeline_json(view: PipelineView, seen: Replayed) -> dict[str, object]:
    known = view.name in seen.batches
    flying = [batch for batch in seen.snapshot.in_flight if batch.pipeline == view.name]
    collection = view.seen
    return {
        "state": str(view.state) if known else None,
        "counts": None if view.counts is None else asdict(view.counts),
        "progress": None if view.progress is None else asdict(view.progress),
        "rate": view.rate,
        "eta": view.eta,
        "workers": view.workers if known else None,
        "batches": seen.batches.get(view.name),
        "in_flight": [{**asdict(batch), "work": batch.work.name.lower()} for batch in flying],
        "dependencies": [_dependency_json(one) for one in view.dependencies],
        "collection": None
        if collection is None
        else {
            "state": None if collection.state is None else asdict(collection.state),
            "differences": list(collection.differences),
            "fault": collection.fault,
        },
    }


def _dependency_json(one: GateHealth) -> dict[str, object]:
    return {
        "dependency": one.name,
        "state": str(one.state),
        "since": _iso(one.since),
        "until": None if one.until is None else _iso(one.until),
        "cause": one.fault,
    }


def _run_json(run: RunRecord) -> dict[str, object]:
    return {
        "run": run.id,
        "kind": run.kind,
        "outcome": run.outcome,
        "worker": run.worker,
        "began": _iso(run.started_at),
        "ended": None if run.ended_at is None else _iso(run.ended_at),
    }


def _event_json(event: Event) -> dict[str, object]:
    return {**asdict(event), "at": _iso(event.at)}


def _iso(epoch: float) -> str:
    """As the log file has it."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse_moment(text: str, now: datetime, zone: tzinfo | None = None) -> float:
    """The moment in seconds since 1970.

    Args:
        now: With its zone; a time of day without a day is the latest that has been.
        zone: The operator's time zone; None for the machine's.

    Raises:
        ValueError: it is no moment, or none of the past; the message has examples.
    """
    words = text.strip()
    try:
        moment = _ago(words.lower(), now) or _of_day(words.lower(), now, zone) or _of_iso(words, zone)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a moment; write for example {EXAMPLES}") from error
    if moment > now:
        raise ValueError(f"{text!r} is in the future; write for example {EXAMPLES}")
    return moment.timestamp()


def _ago(words: str, now: datetime) -> datetime | None:
    if not words.endswith("ago"):
        return None
    amounts = words.removesuffix("ago")
    if not amounts.strip() or _AMOUNT.sub("", amounts).strip():
        raise ValueError(words)
    # By the clock, not by the calendar: an hour is an hour, also where summer time begins in between.
    passed = sum((_UNITS[unit] * float(amount) for amount, unit in _AMOUNT.findall(amounts)), timedelta())
    return now.astimezone(UTC) - passed


def _of_day(words: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    found = _DAY.fullmatch(words)
    if found is None:
        return None
    day, hour, minute, second = found.groups()
    today = now.astimezone(zone).date()
    clock = time(int(hour), int(minute), int(second or 0))
    moment = _in(zone, datetime.combine(today, clock))
    if day == "yesterday" or (day is None and moment > now):
        return _in(zone, datetime.combine(today - timedelta(days=1), clock))
    return moment


def _of_iso(text: str, zone: tzinfo | None) -> datetime:
    moment = datetime.fromisoformat(text)
    return _in(zone, moment) if moment.tzinfo is None else moment


def _in(zone: tzinfo | None, moment: datetime) -> datetime:
    """The machine's own zone knows summer from winter, which a fixed offset does not."""
    return moment.astimezone() if zone is None else moment.replace(tzinfo=zone)
