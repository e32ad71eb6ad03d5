"""The tasks: plan finds work and calls workers for it, drain does it and calls again for the rest."""

from __future__ import annotations

import logging
from concurrent.futures import wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread

from embedconsole.celery.messages import drains_wanted, idle_beside
from embedconsole.faults import ConfigError, Fault
from embedconsole.foreign_text import harmless
from embedconsole.sync.daemon.scheduler import something_due
from embedconsole.sync.run.components import components_of
from embedconsole.sync.shared.fault_text import from_outside, stopped
from embedconsole.sync.shared.options import RunOptions
from embedconsole.sync.shared.report import Outcome, PipelineReport, RunReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedconsole.celery.process import WorkerProcess
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.sync.daemon.engine_thread import EngineHandle
    from embedconsole.sync.run.engine import Engine

_CALL_EVERY = 5.0
"""Seconds after which a planner calls idle workers for what it has found so far."""
_NOTHING_DUE = "nothing is scheduled"

log = logging.getLogger("embedconsole")


@dataclass(frozen=True, slots=True)
class Tasks:
    """The two tasks.

    Args:
        drain_seconds: For how long a drain claims.
        send_drain: Sends the message "there is work in this pipeline".
    """

    process: WorkerProcess
    pipelines: Mapping[str, Pipeline]
    drain_seconds: float
    send_drain: Callable[[str], None]

    def plan(self, pipeline: str) -> dict[str, object]:
        """Plan a pipeline unless another process does; returns the report, as `--json` prints it."""
        return self._reported(pipeline, self._plan)

    def drain(self, pipeline: str) -> dict[str, object]:
        """Work on pending items; returns the report, as `--json` prints it."""
        return self._reported(pipeline, self._drain)

    def _reported(self, name: str, task: Callable[[EngineHandle, Pipeline], RunReport]) -> dict[str, object]:
        """A fault outside is a report, too: the worker continues, and the next message tries again."""
        try:
            if name not in self.pipelines:
                raise ConfigError(f"no pipeline {name!r}; known: {', '.join(self.pipelines)}")
            with self.process.engine() as engine:
                report = task(engine, self.pipelines[name])
        except (ConfigError, Fault, ExceptionGroup) as error:
            known = from_outside(error)
            if known is None:
                raise
            said = stopped(known) if isinstance(known, Fault) else str(known)
            report = RunReport(None, {name: PipelineReport(outcome=Outcome.ABORTED, message=said)})
        for pipeline, message in report.messages.items():
            level = logging.ERROR if report.outcome is Outcome.ABORTED else logging.INFO
            log.log(level, "%s: %s", harmless(pipeline), harmless(message))
        return report.as_json()

    def _plan(self, engine: EngineHandle, pipeline: Pipeline) -> RunReport:
        options = RunOptions(pipelines=frozenset({pipeline.name}), limit=0)
        run = engine.call(lambda it: it.run(options, kind="plan"))
        while not wait([run], timeout=_CALL_EVERY).done:
            found = sum(view.progress.found for view in engine.snapshot().pipelines if view.progress)
            self._call(engine, pipeline, found, ourselves=0)
        report = run.result()
        self._call(engine, pipeline, report.pipelines[pipeline.name].pending, ourselves=1)
        return report

    def _drain(self, engine: EngineHandle, pipeline: Pipeline) -> RunReport:
        reason = engine.call(lambda it: _no_work(it, pipeline.name)).result()
        if reason is not None:
            return RunReport(None, {pipeline.name: PipelineReport(message=reason)})
        options = RunOptions(plan=False, pipelines=frozenset({pipeline.name}), seconds=self.drain_seconds)
        report = engine.call(lambda it: it.help(options)).result()
        if report.outcome not in (Outcome.ABORTED, Outcome.INTERRUPTED):
            self._call(engine, pipeline, report.pipelines[pipeline.name].pending, ourselves=1)
        return report

    def _call(self, engine: EngineHandle, pipeline: Pipeline, waiting: int, *, ourselves: int) -> None:
        """Send as many messages as there are workers free for it, and no more than there are batches.

        Args:
            ourselves: 1 where this process is free as soon as it has sent them, else 0.
        """
        if not waiting:
            return
        try:
            idle = ourselves + engine.call(_idle).result()
        except Fault as fault:
            # What the task itself needs of the ledger, it reports itself; a run may still be in progress.
            log.warning("no worker is called: %s", fault)
            return
        for _ in range(drains_wanted(waiting, pipeline.chunk_size, idle)):
            self.send_drain(pipeline.name)


async def _no_work(engine: Engine, pipeline: str) -> str | None:
    if (pause := engine.control.paused_by) is not None:
        return f"paused by {pause.by}" if pause.by else "paused"
    await engine.bury_the_dead()
    if not await something_due(engine, components_of(engine.all_components, pipeline)):
        return _NOTHING_DUE
    return None


async def _idle(engine: Engine) -> int:
    workers = await anyio.to_thread.run_sync(engine.ledger.processes.workers)
    return idle_beside(workers, engine.me.id)
