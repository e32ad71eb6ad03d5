"""One process a directory: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HOLDER_BYTES = 32
_LOCKED_BYTE = 1024
"""Where Windows locks, away from the holder's number, which others have to be able to read."""


class DirectoryLock:
    """Held from `acquire` until the process ends.

    Args:
        path: The lock's file; made when it is not there, and left behind.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def acquire(self, holder: int) -> str | None:
        """Take the lock.

        Args:
            holder: The process id that others are told.

        Returns:
            None when it is ours now, else the process id of the holder, or "unknown".

        Raises:
            OSError: The file can't be made.
        """
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _try_lock(file):
            known = os.read(file, _HOLDER_BYTES)
            os.close(file)
            return known.decode("ascii", "replace").strip() or "unknown"
        os.ftruncate(file, 0)
        os.write(file, f"{holder}\n".encode())
        self._file = file
        return None


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int) -> bool:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _try_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
