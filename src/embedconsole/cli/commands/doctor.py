"""`doctor`: one text to paste into a report, cleaned of every secret."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import anyio
import click

from embedconsole import __version__
from embedconsole.cli.exits import Exit
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option
from embedconsole.cli.output import duration, put_json, put_text
from embedconsole.config.load import VARIABLE, places
from embedconsole.config.paths import LOG_VARIABLE, STATE_VARIABLE, log_dir, state_dir
from embedconsole.config.secrets import secrets_of
from embedconsole.config.show import show
from embedconsole.faults import ConfigError, Fault
from embedconsole.foreign_text import harmless, one_line
from embedconsole.ledger.ledger import ledger_schema, open_ledger
from embedconsole.ledger.migrate import VERSION
from embedconsole.redact import hide, mask_database_url, mask_text
from embedconsole.sync.inspect.checks import check_assembly, check_for_free
from embedconsole.sync.observe.process_status import read_status
from embedconsole.sync.run.components import open_components

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.sync.inspect.checks import Check
    from embedconsole.sync.run.components import Components

    Checks: TypeAlias = Callable[[Components], AsyncIterator[Check]]
    from collections.abc import Callable, Iterator, Mapping

    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.history import Event
    from embedconsole.ledger.records.processes import Process


@click.command("doctor", cls=Command)
@click.option("--embed", is_flag=True, help="Make one real embedding with each embedder; it may cost money.")
@common_options
@json_option
@click.pass_obj
def doctor_command(invocation: Invocation, *, embed: bool) -> None:
    """Gather versions, configuration, states and the last errors into one text to paste into a report.

    Passwords, tokens and keys are masked. What can't be read says why; nothing is changed.

    \b
    Examples:
      embedconsole doctor
      embedconsole doctor --embed > report.txt
      embedconsole doctor --json
    """

    session, problem = None, None
    try:
        session = invocation.session()
    except ConfigError as error:
        problem = str(error)
    sys.exit(report(session, problem, embed=embed, as_json=invocation.as_json))


_SETTINGS = (VARIABLE, STATE_VARIABLE, LOG_VARIABLE)


def report(session: Session | None, problem: str | None, *, embed: bool, as_json: bool) -> Exit:
    """Print the report. It has every part_of, whatever is broken.

    Args:
        session: None when there is no usable configuration.
        problem: Why there is none.
        embed: Make one real embedding with each embedder, which may cost money.
    """
    if session is None:
        hide(secrets_of(None, os.environ))
    checks = check_assembly if embed else check_for_free
    sections = [_cleaned(part) for part in _sections(session, problem, checks)]
    if as_json:
        put_json({part.name: {**part.facts, "problem": part.problem} for part in sections})
        return Exit.IN_SYNC
    put_text("\n\n".join("\n".join(part.lines()) for part in sections))
    return Exit.IN_SYNC


def _sections(session: Session | None, problem: str | None, checks: Checks) -> Sequence[ReportPart]:
    found = [part_of("versions", versions)]
    if session is None:
        broken = problem or "there is none"
        # Without a configuration it is not known which words of the log are secret.
        return [
            *found,
            ReportPart("configuration", _searched(), broken),
            ReportPart("ledger", {}, "the configuration names it"),
            ReportPart("dependencies", {}, "the configuration names them"),
            ReportPart("log", {}, "the configuration says where it is, and what in it is secret"),
            part_of("disk", lambda: disks({"state": state_dir(), "log": log_dir()})),
        ]
    return [
        *found,
        part_of("configuration", lambda: _configuration(session)),
        part_of("ledger", lambda: ledger_facts(session)),
        part_of("dependencies", lambda: _dependencies(session.pipelines, checks)),
        part_of("log", lambda: log_facts(session.log_path)),
        part_of("disk", lambda: disks(_written_to(session))),
    ]


def _searched() -> Facts:
    return {
        "searched": ["--config", f"${VARIABLE}", *map(str, places(Path.cwd()))],
        "environment": [f"{name}={os.environ[name]}" for name in _SETTINGS if name in os.environ],
    }


def _configuration(session: Session) -> Facts:
    overrides = sorted({mark.source for mark in session.loaded.origins.values() if mark.line is None})
    return {
        "path": str(session.loaded.path),
        "notes": list(session.loaded.notes),
        "overrides": overrides,
        "settings": show(session.loaded).splitlines(),
    }


def _dependencies(pipelines: Sequence[Pipeline], checks: Checks) -> Facts:
    async def tried(pipeline: Pipeline) -> list[str]:
        lines: list[str] = []
        try:
            async with open_components([pipeline]) as (components,):
                lines.extend([_line(check) async for check in checks(components)])
        except (ConfigError, Fault) as error:
            lines.append(f"FAIL  {error}")
        return lines

    async def all_tried() -> dict[str, list[str]]:
        return {pipeline.name: await tried(pipeline) for pipeline in pipelines}

    return anyio.run(all_tried)


def _line(check: Check) -> str:
    mark = "ok  " if check.ok else "FAIL"
    return f"{mark}  {check.subject}: {check.detail} ({check.seconds * 1000:.0f} ms)"


def _written_to(session: Session) -> dict[str, Path]:
    found = {"state": state_dir(), "log": session.log_path.parent}
    for pipeline in session.pipelines:
        if pipeline.collection.path is not None:
            found[f"collection of {pipeline.name}"] = pipeline.collection.path
    return found


def _cleaned(part: ReportPart) -> ReportPart:
    def clean(text: str) -> str:
        return harmless(mask_text(text)).replace("\n", "\\n")

    def cleaned(fact: Fact) -> Fact:
        if isinstance(fact, str):
            return clean(fact)
        return [clean(line) for line in fact] if isinstance(fact, (list, tuple)) else fact

    facts = {clean(name): cleaned(fact) for name, fact in part.facts.items()}
    return ReportPart(part.name, facts, part.problem and "\n  ".join(map(clean, part.problem.split("\n"))))


Fact: TypeAlias = "str | Sequence[str] | None"
"""A value, or lines."""
Facts: TypeAlias = "Mapping[str, Fact]"


@dataclass(frozen=True, slots=True)
class ReportPart:
    """One part of the report: the facts about one subject.

    Attributes:
        problem: Why there are no facts; None when there are.
    """

    name: str
    facts: Facts
    problem: str | None = None

    def lines(self) -> Iterator[str]:
        """The part_of as text."""
        yield f"== {self.name}"
        if self.problem is not None:
            yield f"not known: {self.problem}"
        for name, fact in self.facts.items():
            if isinstance(fact, (list, tuple)):
                yield f"{name}:" + ("" if fact else " none")
                yield from (f"  {line}" for line in fact)
            else:
                yield f"{name}: {'none' if fact is None else fact}"


def part_of(name: str, gather: Callable[[], Facts]) -> ReportPart:
    """Gather a part of the report; an error in doing so becomes its problem."""
    try:
        return ReportPart(name, gather())
    except Exception as error:  # noqa: BLE001  (whatever it is, the rest of the report is worth having)
        return ReportPart(name, {}, str(error) or type(error).__name__)


_OURS = "embedconsole"
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_GIGABYTE = 1e9


def versions() -> Facts:
    """Ours, Python's, the platform's, those of all packages we need, and which extras are there."""
    needed, extras = _requirements()
    return {
        "embedconsole": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}",
        "platform": platform.platform(),
        "sqlite": sqlite3.sqlite_version,
        "packages": [f"{name} {_version(name)}" for name in sorted(needed)],
        "extras": [f"{extra}: {_installed(names)}" for extra, names in sorted(extras.items())],
    }


def disks(places: Mapping[str, Path]) -> Facts:
    """Free disk space where we write, by what is there."""
    return {name: _room(path) for name, path in places.items()}


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """The packages we always need, and those of each extra."""
    needed: list[str] = []
    extras: dict[str, list[str]] = {}
    for requirement in metadata.requires(_OURS) or []:
        name = _REQUIREMENT.match(requirement)
        extra = _EXTRA.search(requirement)
        if name is not None:
            (extras.setdefault(extra[1], []) if extra else needed).append(name[1])
    extras.pop("dev", None)
    return needed, extras


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "MISSING"


def _installed(names: list[str]) -> str:
    missing = [name for name in names if _version(name) == "MISSING"]
    if missing:
        return f"not installed (without {', '.join(missing)})"
    return ", ".join(f"{name} {_version(name)}" for name in names)


def _room(path: Path) -> str:
    there = next(part for part in (path, *path.absolute().parents) if part.exists())
    usage = shutil.disk_usage(there)
    note = "" if there == path else " (does not exist yet)"
    return f"{path}{note}: {usage.free / _GIGABYTE:,.1f} GB free of {usage.total / _GIGABYTE:,.1f} GB"


_EVENTS = 2_000
"""How far back errors are looked for."""
_ERRORS = 20
_RUNS = 5
_LOG_LINES = 30
_LOG_BYTES = 64_000


def ledger_facts(session: Session) -> Facts:
    """Kind, schema, clock, counts, processes, runs and the last errors; reads only, and migrates nothing."""
    schema = ledger_schema(session.ledger_url)
    facts: dict[str, str | list[str]] = {"url": mask_database_url(session.ledger_url)}
    if schema is None:
        return {**facts, "schema": "none: no run yet"}
    if schema != VERSION:
        return {**facts, "schema": f"{schema}; the next command that opens it migrates it to {VERSION}"}
    with open_ledger(session.ledger_url) as ledger:
        return {
            **facts,
            "kind": ledger.database.dialect,
            "schema": schema,
            "clock": _clock(ledger),
            "items": [_counts(ledger, pipeline.name) for pipeline in session.pipelines],
            "processes": [_process(worker) for worker in ledger.processes.workers()],
            "waiting for": [f"{gate.name}: {gate.fault}" for gate in ledger.gates.shut_now()],
            "last runs": [
                f"{_time(run.started_at)} #{run.id} {run.kind} by {run.worker}: {run.outcome or 'not ended'}"
                for run in ledger.history.runs(limit=_RUNS)
            ],
            "last errors": [
                _event(event) for event in ledger.history.events(limit=_EVENTS) if event.level != "info"
            ][-_ERRORS:],
        }


def log_facts(path: Path) -> Facts:
    """Where the log is, and its last lines."""
    if not path.exists():
        return {"path": str(path), "lines": "none: nothing has been logged here"}
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LOG_BYTES))
        text = file.read().decode("utf-8", "replace")
    lines = text.splitlines()
    # The first one of a piece is half a line.
    whole = lines[1:] if size > _LOG_BYTES else lines
    return {
        "path": str(path),
        "size": f"{size:,} bytes, written {_time(path.stat().st_mtime)}",
        "lines": whole[-_LOG_LINES:],
    }


def _clock(ledger: Ledger) -> str:
    before = time.time()
    database = ledger.overview.now()
    after = time.time()
    difference = database - (before + after) / 2
    return f"{difference:+.2f} s against this machine's (asked in {(after - before) * 1000:.0f} ms)"


def _counts(ledger: Ledger, pipeline: str) -> str:
    generation = ledger.generations.current(pipeline)
    if generation is None:
        return f"{pipeline}: never run"
    counts = ledger.overview.counts(generation.id)
    oldest = "" if counts.oldest_age is None else f", oldest {duration(counts.oldest_age)}"
    return (
        f"{pipeline}: synced {counts.synced:,}, pending {counts.pending:,}, retrying {counts.retrying:,}, "
        f"in flight {counts.in_flight:,}, failed {counts.failed:,}, skipped {counts.skipped:,}{oldest}"
    )


def _process(worker: Process) -> str:
    status = read_status(worker.status)
    state = "?" if status is None else status.state
    return (
        f"{worker.role or '?'} on {worker.host}, pid {worker.pid}, version {worker.version}: {state}, "
        f"heard of {duration(worker.silent_for)} ago"
    )


def _event(event: Event) -> str:
    item = f" item {event.key}" if event.key is not None else ""
    where = f" {event.pipeline}" if event.pipeline else ""
    return one_line(f"{_time(event.at)} {event.level} {event.kind}{where}{item}: {event.message}")


def _time(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
