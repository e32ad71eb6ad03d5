"""The first line: which pipeline, what the engine does, how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.console.text import Span, fit, right
from embedconsole.console.words import counted, rate

if TYPE_CHECKING:
    from embedconsole.console.glyphs import Glyphs
    from embedconsole.console.screens.dashboard_model import StatusView
    from embedconsole.console.text import Line


_RATE = 9


def status_name(view: StatusView, cells: int, glyphs: Glyphs) -> Line:
    """ "products → products  2/3": what seldom changes."""
    start = [
        Span(view.pipeline, "strong"),
        Span(f" {glyphs.arrow} ", "muted"),
        Span(view.collection),
    ]
    if view.position is not None:
        start.append(Span(f"  {view.position}", "muted"))
    return fit(tuple(start), cells)


def status_state(view: StatusView) -> Line:
    """ "running  8 workers  231/s"."""
    end = [Span(view.state, view.tone)]
    if view.workers is not None:
        end.append(Span(f"  {counted(view.workers, 'worker')}", "muted"))
    if view.rate is not None:
        end.append(Span(right(rate(view.rate), _RATE), "plain"))
    if view.next_run is not None:
        end.append(Span(f"  next {view.next_run}", "muted"))
    return tuple(end)
