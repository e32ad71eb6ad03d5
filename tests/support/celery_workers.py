"""Real `celery` worker processes on a real broker, each a process group of its own as a host would be.

`EMBEDCONSOLE_TEST_REDIS_URL` and `EMBEDCONSOLE_TEST_RABBITMQ_URL` name the brokers; without them tests skip.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import pytest
from kombu import Queue
from redis import Redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celery import Celery

    from support.installation import Installation

Broker: TypeAlias = Literal["redis", "rabbitmq"]

_BROKERS: dict[Broker, str] = {
    "redis": "EMBEDCONSOLE_TEST_REDIS_URL",
    "rabbitmq": "EMBEDCONSOLE_TEST_RABBITMQ_URL",
}


def broker_url(broker: Broker) -> str:
    """The address of a test broker; skips the test without one."""
    url = os.environ.get(_BROKERS[broker])
    if not url:
        pytest.skip(f"{_BROKERS[broker]} is not set")
    return url


class CeleryWorker:
    """`celery -A embedconsole.celery worker` with one process that works."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self._process = process
        self._output = output

    def holds(self, worker: str) -> bool:
        """Whether a worker id of the ledger is that of a process of ours."""
        with suppress(ProcessLookupError):
            return os.getpgid(int(worker.split(":")[1])) == self._process.pid
        return False

    def kill(self) -> None:
        """kill -9 of the parent and its child at once, as when the host goes down."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill_child(self) -> None:
        """kill -9 of the process that works alone; its parent lives."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        for child in children.split():
            os.kill(int(child), signal.SIGKILL)

    def stop(self) -> int:
        """A warm shutdown; how it ended."""
        self._process.terminate()
        return self._process.wait(60)

    @property
    def log(self) -> str:
        """What it has written."""
        return self._output.read_text(encoding="utf-8", errors="replace")


@contextmanager
def celery_worker(installation: Installation, name: str) -> Iterator[CeleryWorker]:
    """A worker of the installation's configuration, killed at the end if it still runs."""
    (_, config) = installation.command()
    output = installation.folder / f"{name}.log"
    command = [
        *(sys.executable, "-m", "celery", "-A", "embedconsole.celery", "worker", "--concurrency", "1"),
        *("--loglevel", "info", "--hostname", f"{name}@%h", "--without-mingle", "--without-gossip"),
    ]
    with output.open("wb") as log:
        process = subprocess.Popen(
            command,
            env={**installation.environ, "EMBEDCONSOLE_CONFIG": config},
            cwd=installation.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    worker = CeleryWorker(process, output)
    try:
        yield worker
    finally:
        worker.kill()


@contextmanager
def own_queue(installation: Installation, broker: Broker) -> Iterator[Celery]:
    """The installation's app on a queue that nobody else uses; nothing of it is left in the broker."""
    from embedconsole.celery.build import build_app
    from embedconsole.config.load import load

    queue = f"embedconsole-test-{uuid.uuid4().hex}"
    installation.settings["celery"] = {"broker": broker_url(broker), "queue": queue, "drain_seconds": 3}
    installation.command()
    app = build_app(load(installation.config, environ=installation.environ))
    try:
        yield app
    finally:
        with app.connection_for_write() as connection:
            Queue(queue, channel=connection.default_channel).delete()
        if broker == "redis":
            _forget_unacknowledged(broker_url(broker), queue)
        app.close()


def _forget_unacknowledged(url: str, queue: str) -> None:
    """What a killed worker had taken; the others of this database keep theirs."""
    with Redis.from_url(url, decode_responses=True) as redis:
        redis.delete(f"_kombu.binding.{queue}", f"_kombu.binding_permanent.{queue}")
        for tag, message in redis.hgetall("unacked").items():
            if queue in message:
                redis.hdel("unacked", tag)
                redis.zrem("unacked_index", tag)
