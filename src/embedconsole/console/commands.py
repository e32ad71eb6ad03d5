"""The actions that are done as soon as they are wished for; those that ask first are in `flows`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.flows import tell
from embedconsole.sync.daemon.orders import Wish

if TYPE_CHECKING:
    from embedconsole.console.app import Console


async def sync(console: Console) -> None:
    """Run now."""
    if helm := console.ready("sync"):
        await tell(console, helm.controls.sync(Wish()))


async def pause(console: Console) -> None:
    """Pause, or go on."""
    if helm := console.ready("pause"):
        controls = helm.controls
        await tell(console, controls.resume() if console.bridge.paused else controls.pause())


async def change_workers(console: Console, action: str, by: int) -> None:
    """Have more or fewer batches embedding at the same time."""
    view = console.bridge.pipeline_view
    if (helm := console.ready(action)) and view is not None:
        console.bridge.workers = max(1, (console.bridge.workers or view.workers) + by)
        await tell(console, helm.controls.set_workers(console.bridge.workers))


def switch(console: Console, by: int) -> None:
    """Show the next pipeline (1), or the one before (-1)."""
    if len(console.bridge.facts) == 1:
        console.say("There is only one pipeline.")
    console.bridge.switch(by)
    console.draw()
    if console.place is not None:
        console.place.look_anew()
