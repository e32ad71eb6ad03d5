"""`status`: backlog, batches in flight, collections and the processes on the ledger."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import anyio
import click

from embedconsole.cli.commands.feed import feed_json, feed_line, feed_of
from embedconsole.cli.exits import Exit
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option
from embedconsole.cli.output import duration, put, put_json, put_table
from embedconsole.collection.build import build_collection
from embedconsole.faults import Fault
from embedconsole.foreign_text import harmless
from embedconsole.ledger.records.items import Counts
from embedconsole.sync.observe.other_processes import SILENT
from embedconsole.sync.observe.process_status import read_status
from embedconsole.sync.resilience.gate import GateState
from embedconsole.sync.run.generations import generation_of
from embedconsole.sync.shared.control import pause_in_force
from embedconsole.sync.shared.fault_text import tried_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import CollectionState
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.processes import Process, SharedGate
    from embedconsole.ledger.records.work import BatchInFlight
    from embedconsole.sync.observe.process_status import ProcessStatus


@click.command("status", cls=Command)
@common_options
@json_option
@click.pass_obj
def status_command(invocation: Invocation) -> None:
    """Show backlog, batches in flight of every process, failures and the collection.

    \b
    Examples:
      embedconsole status
      embedconsole status --json
    """

    sys.exit(show_status(invocation.session(), as_json=invocation.as_json))


def show_status(session: Session, *, as_json: bool) -> Exit:
    """Print backlog, batches in flight of every process, failures, collection and the processes."""
    with session.opened_ledger() as ledger:
        batches = ledger.overview.in_flight() if ledger else []
        last = ledger.history.runs(limit=1) if ledger else []
        waiting = ledger.gates.shut_now() if ledger else []
        workers = ledger.processes.workers() if ledger else []
        pipelines = {
            pipeline.name: (_counts(ledger, pipeline), _collection(pipeline))
            for pipeline in session.pipelines
        }
        building = _building(ledger, session.pipelines) if ledger else {}
        pause = pause_in_force(ledger) if ledger else None
    feeds = {pipeline.name: feed_of(pipeline) for pipeline in session.pipelines if pipeline.catalog.watch}
    if as_json:
        put_json(
            {
                "pipelines": {
                    name: {
                        "backlog": {**asdict(counts), "total": counts.total},
                        "in_flight": [_batch_json(batch) for batch in batches if batch.pipeline == name],
                        "collection": state if isinstance(state, str) else _collection_json(state),
                        **({"feed": feed_json(feeds[name])} if name in feeds else {}),
                        **({"building": building[name].as_json()} if name in building else {}),
                    }
                    for name, (counts, state) in pipelines.items()
                },
                "paused": None if pause is None else {"since": pause.since, "by": pause.by},
                "waiting_for": [_gate_json(gate) for gate in waiting],
                "processes": [process_json(worker) for worker in workers],
                "last_run": asdict(last[0]) if last else None,
            }
        )
    else:
        for name, (counts, state) in pipelines.items():
            _print_pipeline(name, counts, state)
            if name in building:
                put(f"  building    {building[name].words}")
            if name in feeds:
                put(f"  feed        {feed_line(feeds[name])}")
        if pause is not None:
            ago = duration(max(0.0, time.time() - pause.since))
            put(f"Paused by {harmless(pause.by)} for {ago}: embedconsole resume ends it")
        for gate in waiting:
            put(_gate_line(gate))
        _print_batches([batch for batch in batches if batch.pipeline in pipelines])
        print_processes(workers)
    unreachable = any(isinstance(state, str) for _, state in pipelines.values())
    if unreachable:
        return Exit.STOPPED
    in_sync = all(counts.failed == 0 and counts.retrying == 0 for counts, _ in pipelines.values())
    return Exit.IN_SYNC if in_sync else Exit.SOME_FAILED


@dataclass(frozen=True, slots=True)
class _Building:
    """The next collection of a pipeline, and how full it is."""

    collection: str
    counts: Counts

    @property
    def words(self) -> str:
        return (
            f"{self.collection}   {self.counts.synced:,} of {self.counts.total:,} items; "
            "embedconsole reindex continues it"
        )

    def as_json(self) -> dict[str, object]:
        return {"collection": self.collection, **asdict(self.counts), "total": self.counts.total}


def _building(ledger: Ledger, pipelines: Sequence[Pipeline]) -> dict[str, _Building]:
    found = {pipeline.name: ledger.generations.building(pipeline.name) for pipeline in pipelines}
    return {
        name: _Building(generation.target, ledger.overview.counts(generation.id))
        for name, generation in found.items()
        if generation is not None
    }


def _gate_json(gate: SharedGate) -> dict[str, object]:
    return {
        "dependency": gate.name,
        "state": GateState[gate.state.name],
        "for_seconds": round(gate.age, 1),
        "again_in_seconds": max(0.0, round(gate.left, 1)),
        "cause": gate.fault,
    }


def _gate_line(gate: SharedGate) -> str:
    state = GateState[gate.state.name]
    again = "" if state is GateState.PROBING else f", {tried_again(duration(max(0.0, gate.left)))}"
    return f"{gate.name}: {state} for {duration(gate.age)}{again}: {gate.fault}"


def _counts(ledger: Ledger | None, pipeline: Pipeline) -> Counts:
    generation = generation_of(pipeline, ledger) if ledger else None
    return ledger.overview.counts(generation.id) if ledger and generation else Counts()


def _collection(pipeline: Pipeline) -> CollectionState | str | None:
    """The collection's state, None when it does not exist, or why it is not known."""

    async def describe() -> CollectionState | None:
        collection = build_collection(pipeline.collection)
        try:
            return await collection.describe()
        finally:
            await collection.aclose()

    try:
        return anyio.run(describe)
    except Fault as fault:
        return str(fault)


def _print_pipeline(name: str, counts: Counts, state: CollectionState | str | None) -> None:
    put(f"{name}")
    waiting = f"   oldest {duration(counts.oldest_age)}" if counts.oldest_age is not None else ""
    skipped = f"   skipped {counts.skipped:,}" if counts.skipped else ""
    put(
        f"  backlog     pending {counts.pending - counts.retrying:,}   retrying {counts.retrying:,}   "
        f"failed {counts.failed:,}{skipped}   synced {counts.synced:,}{waiting}"
    )
    if state is None:
        put("  collection  does not exist yet")
    elif isinstance(state, str):
        put(f"  collection  {state}")
    else:
        vectors = ", ".join(
            f"{vector + ' ' if vector else ''}{spec.words}" for vector, spec in state.vectors.items()
        )
        put(
            f"  collection  {state.status}   {state.points:,} points   "
            f"{state.indexed_vectors:,} indexed   {state.segments} segments   {vectors}"
        )


def _print_batches(batches: Sequence[BatchInFlight]) -> None:
    if not batches:
        put("no batch in flight")
        return
    put_table(
        ["batch", "pipeline", "work", "stage", "items", "age", "attempt", "worker"],
        [
            [
                f"#{batch.token}",
                batch.pipeline,
                batch.work.name.lower(),
                "expired" if batch.expired else batch.stage,
                f"{batch.items:,}",
                duration(batch.age),
                str(batch.attempt),
                f"{batch.worker}/{batch.slot}",
            ]
            for batch in batches
        ],
        right=[4, 5, 6],
    )


def _batch_json(batch: BatchInFlight) -> dict[str, object]:
    return {**asdict(batch), "work": batch.work.name.lower()}


def _collection_json(state: CollectionState | None) -> dict[str, object] | None:
    return None if state is None else asdict(state)


def print_processes(workers: Sequence[Process]) -> None:
    """A line a process, what all do together, and a sentence for each that is paused."""
    if not workers:
        put("no process is running on this ledger")
        return
    rows = []
    for worker in workers:
        state, rate = _process_state(worker), _process_rate(worker)
        rows.append(
            [
                worker.role or "?",
                worker.host,
                str(worker.pid),
                worker.version,
                state,
                "" if rate is None else f"{rate:,.0f}/s",
                f"{duration(worker.silent_for)} ago",
            ]
        )
    put_table(["process", "host", "pid", "version", "state", "rate", "heard of"], rows, right=[2, 5])
    if len(workers) > 1:
        put(_together(workers))
    for worker in workers:
        status = _believed(worker)
        if status is not None and status.paused_since is not None:
            put(f"{worker.role or worker.id} on {worker.host}: {_paused(status, status.paused_since)}")


def process_json(worker: Process) -> dict[str, object]:
    """A process as JSON; `rate` is in items a second, None when it does no work."""
    return {
        "id": worker.id,
        "role": worker.role,
        "host": worker.host,
        "pid": worker.pid,
        "version": worker.version,
        "up_for": round(worker.up_for, 1),
        "heard_of": round(worker.silent_for, 1),
        "state": _process_state(worker),
        "rate": _process_rate(worker),
        "status": worker.status,
    }


def _believed(worker: Process) -> ProcessStatus | None:
    """The state it reported, unless that is long ago: the process may have ended with its host."""
    return None if worker.silent_for > SILENT else read_status(worker.status)


def _process_state(worker: Process) -> str:
    if worker.silent_for > SILENT:
        return "silent"
    status = _believed(worker)
    return "?" if status is None else status.state


def _process_rate(worker: Process) -> float | None:
    status = _believed(worker)
    return None if status is None else status.rate


def _together(workers: Sequence[Process]) -> str:
    hosts = len({worker.host for worker in workers})
    rates = [rate for worker in workers if (rate := _process_rate(worker)) is not None]
    versions = sorted({worker.version for worker in workers})
    line = f"{len(workers)} processes on {hosts} host{'' if hosts == 1 else 's'}"
    if rates:
        line += f", together {sum(rates):,.0f}/s"
    return f"{line}; versions {', '.join(versions)}" if len(versions) > 1 else line


def _paused(status: ProcessStatus, since: float) -> str:
    by = f" by {status.paused_by}" if status.paused_by else ""
    return f"paused{by} for {duration(max(0.0, time.time() - since))}"
