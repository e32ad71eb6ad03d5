"""The Celery app of a configuration: its tasks, its schedule, when a process opens and closes its engine."""

from __future__ import annotations

import logging
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from celery import Celery
from celery.signals import beat_init, worker_process_init, worker_process_shutdown, worker_shutdown
from kombu.exceptions import OperationalError

from embedconsole.celery.process import WorkerProcess
from embedconsole.celery.tasks import Tasks
from embedconsole.config.paths import ledger_url
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.faults import ConfigError
from embedconsole.foreign_text import harmless
from embedconsole.ledger.items.claim import LEASE_SECONDS

if TYPE_CHECKING:
    from embedconsole.config.load import Loaded
    from embedconsole.config.settings import Settings

PLAN = "embedconsole.plan"
DRAIN = "embedconsole.drain"

_LOOK_EVERY = 60.0
"""Seconds after which beat has a worker look for retries, for what dead workers held, and after an outage."""
_REPORT_BYTES = 4096
_OPEN_SECONDS = 60.0

log = logging.getLogger("embedconsole")


def build_app(loaded: Loaded) -> Celery:
    """The app; nothing is connected yet.

    Raises:
        ConfigError: the client of the broker is not installed.
    """
    settings = loaded.settings
    for note in loaded.notes:
        log.warning("%s", note)
    app = Celery("embedconsole")
    app.conf.update(_configuration(settings))
    pipelines = {pipeline.name: pipeline for pipeline in resolve_pipelines(settings)}
    process = WorkerProcess(tuple(pipelines.values()), ledger_url(settings))
    send = partial(send_drain, app, _stale_after(settings))
    tasks = Tasks(process, pipelines, settings.celery.drain_seconds, send)

    @app.task(name=PLAN)
    def plan(pipeline: str) -> dict[str, object]:
        """Compare a pipeline's catalog with the ledger, and call workers for what is to be done."""
        return tasks.plan(pipeline)

    @app.task(name=DRAIN)
    def drain(pipeline: str) -> dict[str, object]:
        """Work on a pipeline's pending items, for `celery.drain_seconds` at most."""
        return tasks.drain(pipeline)

    def plan_all(**_: object) -> None:
        # As the daemon does: not only after the first `schedule.every`.
        for name in pipelines:
            app.send_task(PLAN, (name,), expires=settings.schedule.every)

    def open_early(**_: object) -> None:
        process.open_early()

    def close(**_: object) -> None:
        process.close()

    beat_init.connect(plan_all, weak=False)
    # After the fork: neither connections nor threads survive one.
    worker_process_init.connect(open_early, weak=False)
    worker_process_shutdown.connect(close, weak=False)
    worker_shutdown.connect(close, weak=False)  # of pools that do not fork
    return app


def send_drain(app: Celery, expires: float, pipeline: str) -> None:
    """Say that there is work; a broker that does not answer costs no work: beat says it again."""
    try:
        app.send_task(DRAIN, (pipeline,), expires=expires)
    except OperationalError as error:
        log.warning("the broker does not answer, no worker is called: %s", harmless(str(error)))


def _configuration(settings: Settings) -> dict[str, object]:
    """Celery's own settings."""
    ours = settings.celery
    broker = ours.broker.get_secret_value()
    redis = broker.partition("://")[0] in ("redis", "rediss", "sentinel")
    if redis and find_spec("redis") is None:
        raise ConfigError(
            "celery.broker is Redis, whose client is missing: "
            "pip install '.[celery]' in a checkout of embedconsole"
        )
    return {
        "broker_url": broker,
        "broker_connection_retry_on_startup": True,
        # Redis hands a message that is not acknowledged by then to another worker. Where the first one
        # lives after all, its leases keep the other from its items.
        "broker_transport_options": {"visibility_timeout": visibility_timeout(ours.drain_seconds)}
        if redis
        else {},
        "result_backend": None if ours.results is None else ours.results.get_secret_value(),
        "task_default_queue": ours.queue,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_track_started": True,
        "task_send_sent_event": True,
        "worker_send_task_events": True,
        "worker_prefetch_multiplier": 1,
        # Celery kills a process that is not ready by then; ours may wait for a ledger that does not answer.
        "worker_proc_alive_timeout": _OPEN_SECONDS,
        "resultrepr_maxsize": _REPORT_BYTES,
        "beat_schedule": _schedule(settings),
    }


def visibility_timeout(drain_seconds: float) -> int:
    """Seconds: longer than a drain, and than the lease of what it had in flight when its process died."""
    return round(drain_seconds + 2 * LEASE_SECONDS)


def _stale_after(settings: Settings) -> float:
    # Messages may not pile up where all workers are busy: draining workers continue without a message.
    return max(2 * _LOOK_EVERY, 2 * settings.celery.drain_seconds)


def _schedule(settings: Settings) -> dict[str, dict[str, object]]:
    """Beat's: plan as often as the daemon would, and look for what has become due in between."""
    entries: dict[str, dict[str, object]] = {}
    for task, every in ((PLAN, settings.schedule.every), (DRAIN, _LOOK_EVERY)):
        for name in settings.pipelines:
            entries[f"{task} {name}"] = {
                "task": task,
                "args": (name,),
                "schedule": every,
                "options": {"expires": every},
            }
    return entries
