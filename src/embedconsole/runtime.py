"""Settings of the interpreter for a process that syncs; applied once, when it starts."""

from __future__ import annotations

import ctypes
import gc
import sys

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3
"""Parameters of `mallopt`, by the numbers in malloc.h."""
_ARENAS = 2
_OWN_MAPPING_BYTES = 4 << 20
"""Blocks from this size on go back to the system at once; set, it no longer grows with use."""


def prepare_process() -> None:
    """Apply all settings of this module to the process."""
    spare_the_collector()
    return_memory()
    hand_over_sooner()


def spare_the_collector() -> None:
    """Look for reference cycles seldom: a sync makes none.

    Looking for some after every 700 objects, and through all modules now and then, took a fifth of its time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def return_memory() -> None:
    """Have the C library give back what large texts took, and not keep a heap for each thread.

    Without this, a heap for each thread keeps the most that it ever held. Elsewhere than with glibc nothing
    is changed.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt") and hasattr(library, "gnu_get_libc_version"):
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _OWN_MAPPING_BYTES)


def hand_over_sooner() -> None:
    """Have threads that compute give up the interpreter after 1 ms.

    The loop gives it up for every read and write of a socket. The planner above all would keep it for 5 ms
    each time, and the embedder waits with the loop.
    """
    sys.setswitchinterval(0.001)
