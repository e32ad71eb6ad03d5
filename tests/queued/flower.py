"""Flower as a team runs it, and what it has seen."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from support.installation import Installation


@contextmanager
def flower(installation: Installation) -> Iterator[str]:
    """`celery -A embedconsole.celery flower`; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (_, config) = installation.command()
    with (installation.folder / "flower.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "embedconsole.celery"),
                *("flower", "--address=127.0.0.1", f"--port={port}"),
            ],
            # Its interface for programs is closed to those who do not log in, unless one says so.
            env={
                **installation.environ,
                "EMBEDCONSOLE_CONFIG": config,
                "FLOWER_UNAUTHENTICATED_API": "true",
            },
            cwd=installation.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(address), "Flower answers", 120)
        yield address
    finally:
        process.kill()
        process.wait()


def tasks_seen(address: str) -> Mapping[str, int]:
    """Task name to how many of them have succeeded."""
    with urlopen(f"{address}/api/tasks?limit=10000", timeout=30) as answer:
        tasks = json.load(answer)
    return Counter(task["name"] for task in tasks.values() if task["state"] == "SUCCESS")


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/healthcheck", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False
