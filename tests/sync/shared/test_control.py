"""The switches of a run, and the signal that wakes who waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from embedconsole.sync.shared.control import Control, RunControl

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
    [
        Control.pause,
        Control.resume,
        Control.drain,
        Control.cancel,
        Control.notify,
        lambda control: control.set_workers(2),
    ],
)
async def test_every_change_wakes_all_who_wait_and_only_once(change: Callable[[Control], None]) -> None:
    control = Control()
    woken = []

    async def wait(run: RunControl, number: int) -> None:
        await run.next_change.wait()
        woken.append(number)

    with control.running(["products"]) as one, control.running(["pictures"]) as other, anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for number, run in enumerate((one, one, other)):
                group.start_soon(wait, run, number)
            await anyio.lowlevel.checkpoint()
            assert woken == []
            change(control)
        assert sorted(woken) == [0, 1, 2]
        assert not one.next_change.is_set()


async def test_a_change_between_taking_and_waiting_is_not_missed() -> None:
    control = Control()
    with control.running(["products"]) as run:
        taken = run.next_change

        control.pause()

        with anyio.fail_after(10):
            await taken.wait()


async def test_a_cancel_ends_the_runs_of_the_named_pipelines_that_take_place_now() -> None:
    control = Control()
    with control.running(["products", "shoes"]) as one, control.running(["pictures"]) as other:
        control.cancel(["shoes"])
        assert (one.cancelled, other.cancelled) == (True, False)
        with control.running(["shoes"]) as next_one:
            assert not next_one.ending.is_set()
        control.cancel()
        assert other.cancelled


async def test_a_drain_ends_all_runs_and_those_that_begin_after_it() -> None:
    control = Control()
    with control.running(["products"]) as one:
        control.drain()
        assert one.ending.is_set()
        assert not one.cancelled
    with control.running(["products"]) as late:
        assert late.ending.is_set()
