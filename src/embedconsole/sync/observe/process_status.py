"""Status of a process, kept in the ledger so that every process can show it.

Times in here are seconds since 1970 by the clock of the process that tells them.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedconsole.items import JsonObject
    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot
    from embedconsole.sync.resilience.gate import GateHealth

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DependencyStatus:
    """A dependency as a run sees it; `state` in the words of `flow.GateState`."""

    name: str = ""
    state: str = ""
    since: float = 0.0
    until: float | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class PipelineStatus:
    """A pipeline in a run; `found` and `done` are the run's items to work on and those done with."""

    name: str = ""
    state: str = ""
    found: int = 0
    done: int = 0
    rate: float | None = None
    eta: float | None = None
    dependencies: tuple[DependencyStatus, ...] = ()
    run: int | None = None
    next_run: float | None = None


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """A process.

    Attributes:
        state: In the words of `snapshot.EngineState`.
        serves: Whether it takes orders.
        rate: Items a second in all pipelines; None when nothing is being done.
        workers: Batches that may embed at the same time, in all pipelines.
        next_run: When the next scheduled run of any of its pipelines begins; None without one.
        paused_since: None when it is not paused.
        pipelines: Those it works on; their progress only during a run.
    """

    state: str = ""
    serves: bool = False
    rate: float | None = None
    workers: int = 0
    next_run: float | None = None
    paused_since: float | None = None
    paused_by: str = ""
    run: int | None = None
    pipelines: tuple[PipelineStatus, ...] = field(default=())

    def as_json(self) -> JsonObject:
        """The status as JSON for the ledger."""
        return asdict(self)


def status_of(snapshot: Snapshot, *, serves: bool) -> ProcessStatus:
    """The status of an engine."""
    epoch = time.time() - snapshot.taken_at
    rates = [view.rate for view in snapshot.pipelines if view.rate is not None]
    pause = snapshot.pause
    return ProcessStatus(
        state=str(snapshot.state),
        serves=serves,
        rate=sum(rates) if rates else None,
        workers=sum(view.workers for view in snapshot.pipelines),
        next_run=None if snapshot.next_run is None else snapshot.next_run + epoch,
        paused_since=None if pause is None else pause.since,
        paused_by="" if pause is None else pause.by,
        run=snapshot.run,
        pipelines=tuple(_pipeline(view, epoch) for view in snapshot.pipelines),
    )


def read_status(told: Mapping[str, object] | None) -> ProcessStatus | None:
    """The status that a process reported, as far as this version knows the words; None when it has none."""
    if told is None:
        return None
    known = _known(ProcessStatus, told)
    known["pipelines"] = tuple(_read_pipeline(one) for one in known.get("pipelines", ()))
    return ProcessStatus(**known)


def dependencies_of(health: Iterable[GateHealth], epoch: float) -> tuple[DependencyStatus, ...]:
    """Dependencies with their times since 1970; `epoch` is when the monotonic clock was zero."""
    return tuple(
        DependencyStatus(
            name=one.name,
            state=str(one.state),
            since=one.since + epoch,
            until=None if one.until is None else one.until + epoch,
            fault=one.fault,
        )
        for one in health
    )


def _pipeline(view: PipelineView, epoch: float) -> PipelineStatus:
    progress = view.progress
    return PipelineStatus(
        name=view.name,
        state=str(view.state),
        found=0 if progress is None else progress.found,
        done=0 if progress is None else progress.done,
        rate=view.rate,
        eta=view.eta,
        dependencies=dependencies_of(view.dependencies, epoch),
        run=view.run,
        next_run=None if view.next_run is None else view.next_run + epoch,
    )


def _read_pipeline(told: Mapping[str, Any]) -> PipelineStatus:
    known = _known(PipelineStatus, told)
    known["dependencies"] = tuple(
        DependencyStatus(**_known(DependencyStatus, one)) for one in known.get("dependencies", ())
    )
    return PipelineStatus(**known)


def _known(record: type[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The status of another version, without the words that this one does not know."""
    return {one.name: told[one.name] for one in fields(record) if one.name in told}
