"""Who this process is, and which of the workers that the ledger remembers are dead."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from embedconsole import __version__
from embedconsole.ledger.records.processes import Process

if TYPE_CHECKING:
    from collections.abc import Sequence


def this_worker(role: str = "") -> Process:
    """This process, under an id that no other process has or had."""
    host = socket.gethostname()
    pid = os.getpid()
    return Process(
        id=f"{host}:{pid}:{secrets.token_hex(3)}",
        host=host,
        place=_place(host),
        pid=pid,
        version=__version__,
        role=role,
    )


def dead_among(workers: Sequence[Process], me: Process) -> list[str]:
    """The ids of workers that ran where we can look their pid up, and run no more.

    Their leases need not be waited for: a killed run is taken up at once.
    """
    return [
        worker.id
        for worker in workers
        if worker.place == me.place and worker.id != me.id and not _runs(worker.pid, me.pid)
    ]


def _runs(pid: int, own_pid: int) -> bool:
    # Our own pid under another id: that process is gone, and its number came back to us.
    if pid == own_pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether a process has ended and only waits for its parent to notice."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[:1] in (["Z"], ["X"])


def _place(host: str) -> str:
    """The same text only where a pid means the same process: one boot of one host, one pid namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        # Nothing to tell boots apart by: never the same place, so leases are waited for.
        return f"{host}:{secrets.token_hex(8)}"
    return f"{host}:{boot}:{namespace}"
