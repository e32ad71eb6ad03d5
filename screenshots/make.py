"""Makes the pictures in this folder, the console on the demo shop: `python screenshots/make.py`."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from functools import partial
from pathlib import Path
from unittest.mock import patch

from embedconsole.config.paths import ledger_url
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.console.app import Console
from embedconsole.console.launch import Launch
from embedconsole.console.local_engine import open_local_engine
from embedconsole.console.text import UNICODE
from embedconsole.demo.setup import prepare_demo

_HERE = Path(__file__).parent
_SMALL, _WIDE = (80, 24), (120, 40)
_PATIENCE = 60.0
_PICTURES = {
    _SMALL: {
        "dashboard": "1",
        "failures": "2",
        "item": "enter enter",
        "collection": "escape escape 3",
        "runs": "4",
        "search": "5 r e d space s h o e s enter",
        "log": "escape 6",
        "pipelines": "0",
        "force": "f",
    },
    _WIDE: {"dashboard": "1"},
}
"""Size to name to the keys that lead there from the picture before."""


async def pictures(columns: int, rows: int) -> None:
    """The pictures of a size: a first sync that has just ended, with what needs a look."""
    folder = Path(tempfile.gettempdir()) / "shop"
    shutil.rmtree(folder, ignore_errors=True)
    # The same host and folder in every picture, wherever they are made.
    with patch("socket.gethostname", return_value="web1"):
        settings = prepare_demo(folder, 3000).loaded.settings
        launch = Launch(resolve_pipelines(settings, ()), ledger_url(settings), every=3600.0)
        app = Console(launch, partial(open_local_engine, launch), glyphs=UNICODE)
        async with app.run_test(size=(columns, rows)) as pilot:
            async with asyncio.timeout(_PATIENCE):
                while not _at_rest(app):
                    await pilot.pause(0.5)
            await pilot.pause(3.0)
            for name, keys in _PICTURES[columns, rows].items():
                for key in keys.split():
                    await pilot.press(key)
                    await pilot.pause(0.5)
                app.save_screenshot(f"{name}-{columns}x{rows}.svg", path=str(_HERE))
            await pilot.press("escape", "q")


def _at_rest(app: Console) -> bool:
    snapshot = app.state.snapshot
    if snapshot is None or snapshot.run is not None or not snapshot.runs:
        return False
    counts = snapshot.pipelines[0].counts
    return counts is not None and counts.synced > 0 and counts.pending == 0


if __name__ == "__main__":
    for size in _PICTURES:
        asyncio.run(pictures(*size))
