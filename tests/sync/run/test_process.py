"""Which workers are dead: only those that ran where a pid can be looked up, and run no more."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedconsole.sync.run import process as identity
from embedconsole.sync.run.process import dead_among, this_worker

if TYPE_CHECKING:
    from collections.abc import Iterator

ME = this_worker()


@contextmanager
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits; gone at the end."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        try:
            yield started
        finally:
            started.kill()


def dead(pid: int, place: str = ME.place) -> bool:
    worker = replace(ME, id="another", pid=pid, place=place)
    return dead_among([ME, worker], ME) == ["another"]


def test_this_process_has_an_id_that_none_had_before() -> None:
    again = this_worker()

    assert again.id != ME.id
    assert (again.pid, again.host, again.place) == (os.getpid(), ME.host, ME.place)
    assert again.id.startswith(f"{ME.host}:{ME.pid}:")


def test_the_living_are_not_dead() -> None:
    with process() as running:
        assert not dead(running.pid)
        assert not dead(os.getppid())


def test_the_dead_are() -> None:
    with process() as ended:
        ended.kill()
        ended.wait()
        assert dead(ended.pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_zombie_is_dead() -> None:
    with process() as ended:
        ended.kill()
        # Ended, and not noticed by its parent: us.
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert dead(ended.pid)


def test_our_own_number_under_another_id_is_dead() -> None:
    assert dead(os.getpid())


def test_nothing_is_known_of_another_place() -> None:
    with process() as ended:
        ended.kill()
        ended.wait()
        assert not dead(ended.pid, place="another host, or the same one before it was booted")


def test_a_process_of_another_user_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(identity.os, "kill", refuse)  # type: ignore[attr-defined]

    assert not dead(1)


def test_without_a_boot_id_no_place_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", refuse)

    assert this_worker().place != this_worker().place
