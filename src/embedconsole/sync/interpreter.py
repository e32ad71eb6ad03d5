"""What a process that syncs wants of the interpreter it runs in; once a process, by whoever starts it."""

from __future__ import annotations

import gc
import sys


def spare_the_collector() -> None:
    """Look for reference cycles seldom: a sync makes none.

    Looking for some after every 700 objects, and through all modules now and then, took a fifth of its time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def hand_over_sooner() -> None:
    """Have threads that compute give up the interpreter after 1 ms.

    The loop gives it up for every read and write of a socket. The planner above all would keep it for 5 ms
    each time, and the embedder waits with the loop.
    """
    sys.setswitchinterval(0.001)
