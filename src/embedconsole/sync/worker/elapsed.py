"""A clock for leases: it goes forward whatever the wall clock does, and also while the machine is asleep.

`time.monotonic` stops then on Linux, and a worker that wakes up would take its lease to be good.
"""

from __future__ import annotations

import time

_BOOT_TIME = getattr(time, "CLOCK_BOOTTIME", None)


def elapsed() -> float:
    """Seconds since some moment."""
    return time.monotonic() if _BOOT_TIME is None else time.clock_gettime(_BOOT_TIME)
