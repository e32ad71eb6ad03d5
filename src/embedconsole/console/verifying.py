"""The action that compares everything: a sheet that shows how far it is, and then what was found."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from embedconsole.console.drifting import drift_lines
from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.screens.sheet import Sheet
from embedconsole.console.text import clean
from embedconsole.console.words import counted, number
from embedconsole.faults import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from embedconsole.console.app import Console
    from embedconsole.console.text import Line, Tone
    from embedconsole.sync.audit.collection import AuditProgress
    from embedconsole.sync.audit.report import Audit

_REDRAW_EVERY = 1.0


async def verify(console: Console) -> None:
    """Compare, and show what was found; goes on when the sheet is closed before."""
    helm, facts = console.ready("verify"), console.bridge.pipeline
    if helm is None:
        return
    # They plan, which nothing does before the first picture.
    from embedconsole.sync.audit.collection import AuditProgress
    from embedconsole.sync.audit.verify import verify as compare

    progress = AuditProgress()
    shown: list[Audit | str] = []

    def lines(cells: int) -> list[Line]:
        return _lines(shown[0], cells) if shown else _so_far(progress, cells)

    sheet = Sheet(f"Verify of {facts.name}", lines, console.glyphs)
    comparing = asyncio.wrap_future(helm.ask(partial(compare, pipeline=facts.name, progress=progress)))
    watching = asyncio.create_task(_watch(comparing, sheet, shown))
    try:
        await console.push_screen_wait(sheet)
        console.say(f"{facts.name}: {_in_short(await watching)}.")
    finally:
        watching.cancel()
    console.lookout.nudge()
    if console.place is not None:
        console.place.look_anew()


async def _watch(comparing: Awaitable[Audit], sheet: Sheet, shown: list[Audit | str]) -> Audit | str:
    """Keep the sheet up to date until there is a result; gives that, or why there is none."""
    waiting = asyncio.ensure_future(comparing)
    try:
        while not waiting.done():
            await asyncio.wait([waiting], timeout=_REDRAW_EVERY)
            if sheet.is_attached:
                sheet.redraw()
        shown.append(waiting.result())
    except (ConfigError, Fault) as fault:
        shown.append(str(fault))
    finally:
        waiting.cancel()
    if sheet.is_attached:
        sheet.redraw()
    return shown[0]


def _lines(found: Audit | str, cells: int) -> list[Line]:
    if isinstance(found, str):
        return wrapped(clean(found), cells, "alert")
    tone: Tone = "alert" if found.known_drift else "wait" if found.failed else "strong"
    return [*wrapped(f"{_in_short(found)}.", cells, tone), *drift_lines(found.as_json(), cells)]


def _in_short(found: Audit | str) -> str:
    if isinstance(found, str):
        return found.rstrip(".")
    drift = found.known_drift
    if found.failed:
        return "Not all could be checked" + (f", and {counted(drift, 'difference')} found" if drift else "")
    return f"{counted(drift, 'difference')}; embedconsole verify --repair mends" if drift else "All agree"


def _so_far(progress: AuditProgress, cells: int) -> list[Line]:
    text = (
        f"Comparing: {number(progress.scan.scanned)} rows, {number(progress.items)} items, "
        f"{number(progress.points)} points so far. It goes on when this is closed."
    )
    return wrapped(text, cells, "work")
