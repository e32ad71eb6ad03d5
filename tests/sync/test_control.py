"""The switches of a run, and the signal that wakes who waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from embedconsole.sync.control import Control

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio


async def test_the_switches_are_where_they_were_put() -> None:
    control = Control()
    assert (control.paused, control.draining, control.workers) == (False, False, None)

    control.pause()
    control.set_workers(3)
    assert (control.paused, control.workers) == (True, 3)
    control.resume()
    control.set_workers(0)
    assert not control.paused
    assert control.workers == 1, "a run without workers would never end"
    control.drain()
    assert control.draining
    assert control.drained.is_set()


@pytest.mark.parametrize(
    "change",
    [Control.pause, Control.resume, Control.drain, Control.notify, lambda control: control.set_workers(2)],
)
async def test_every_change_wakes_all_who_wait_and_only_once(change: Callable[[Control], None]) -> None:
    control = Control()
    woken = []

    async def wait(number: int) -> None:
        await control.next_change.wait()
        woken.append(number)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(wait, number)
            await anyio.lowlevel.checkpoint()
            assert woken == []
            change(control)
    assert sorted(woken) == [0, 1, 2]
    assert not control.next_change.is_set()


async def test_a_change_between_taking_and_waiting_is_not_missed() -> None:
    control = Control()
    taken = control.next_change

    control.pause()

    with anyio.fail_after(10):
        await taken.wait()
