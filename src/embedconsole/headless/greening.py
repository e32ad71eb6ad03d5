"""After a bulk fill: waiting until Qdrant has built its index, with a line about how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.collection.wait_indexed import until_green
from embedconsole.faults import Fault
from embedconsole.cli.output import say
from embedconsole.headless.waiting import wait_for

if TYPE_CHECKING:
    from embedconsole.headless.session import Session
    from embedconsole.sync.run.engine import Engine


def await_green(session: Session) -> None:
    """Wait for the session's collections; a signal ends the waiting, and Qdrant goes on."""
    told: dict[str, str] = {}

    async def work(engine: Engine) -> None:
        for components in engine.all_components:
            async for line in until_green(components.collection):
                told[components.pipeline.name] = f"{components.pipeline.name}: {line}"
            told.pop(components.pipeline.name, None)

    try:
        wait_for(session, "once", work, lambda: "; ".join(told.values()))
    except Fault as fault:
        say(f"Not waited for the index: {fault}")
