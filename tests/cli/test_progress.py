"""Progress on stderr, from snapshots made up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from embedconsole.cli import progress as module
from embedconsole.cli.progress import describe, progress_view
from embedconsole.sync.observe.snapshot import EngineState, PipelineView, Snapshot
from embedconsole.sync.resilience.gate import GateHealth, GateState
from embedconsole.sync.shared.report import Progress

if TYPE_CHECKING:
    from typing import Any

AWAY = GateHealth("Qdrant", GateState.OPEN, 0.0, 9.0, "connection refused")
FINE = GateHealth("embedder ml", GateState.CLOSED, 0.0, None, None)


def view(state: EngineState = EngineState.RUNNING, **values: Any) -> PipelineView:
    full: dict[str, Any] = {
        "name": "products",
        "collection": "products",
        "state": state,
        "workers": 8,
        "progress": Progress(scanned=12_000, planned=5_000, embedded=1_000, deleted=200),
        "counts": None,
        "rate": None,
        "eta": None,
        **values,
    }
    return PipelineView(**full)


def snapshot(*views: PipelineView) -> Snapshot:
    return Snapshot(0.0, EngineState.RUNNING, 7, views)


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (view(), "1,200 of 5,000 done"),
        (view(EngineState.PLANNING), "planning, 12,000 scanned, 1,200 of 5,000 done"),
        (view(EngineState.PAUSED), "paused, 1,200 of 5,000 done"),
        (view(rate=512.4, eta=7.4), "1,200 of 5,000 done, 512/s, about 7.4 s to go"),
        (
            view(progress=Progress(planned=10, newly_failed=3)),
            "3 of 10 done, 3 failed",
        ),
        (
            view(EngineState.DRAINING, dependencies=(FINE, AWAY)),
            "draining, 1,200 of 5,000 done, Qdrant breaker open: connection refused",
        ),
    ],
)
def test_a_pipeline_on_one_line(shown: PipelineView, line: str) -> None:
    assert describe(shown) == line


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_without_a_terminal_a_line_comes_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    idle = view(name="pictures", progress=None)
    with progress_view(terminal=False) as shown:
        for now, lines in [(0.0, 0), (14.9, 0), (15.0, 1), (20.0, 0), (30.0, 1), (100.0, 1), (114.0, 0)]:
            clock.now = now
            shown.show(snapshot(view(), idle))
            out, err = capsys.readouterr()
            assert (out, err.splitlines()) == ("", ["products: 1,200 of 5,000 done"] * lines), now


def test_a_line_can_do_nothing_to_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "_LINE_EVERY", 0.0)
    hostile = GateHealth("Qdrant", GateState.OPEN, 0.0, 9.0, "no \x1b[2J")
    with progress_view(terminal=False) as shown:
        shown.show(snapshot(view(dependencies=(hostile,))))

    assert "no \ufffd[2J" in capsys.readouterr().err


def test_a_terminal_gets_a_bar_that_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    hostile = GateHealth("Qdrant", GateState.OPEN, 0.0, 9.0, "[bold]no[/nonsense] \x1b]52;c;aGk=\x07")
    with progress_view(terminal=True) as shown:
        shown.show(snapshot(view(dependencies=(hostile,)), view(name="pictures", progress=None)))
        drawn = capsys.readouterr()
    after = capsys.readouterr()

    assert drawn.out == after.out == ""
    assert "products" in drawn.err
    assert "1200/5000" in drawn.err
    assert "[bold]no[/nonsense]" in drawn.err, "no markup"
    assert "\x1b]52" not in drawn.err
    assert "pictures" not in drawn.err
    assert "\x1b[2K" in after.err, "the line is taken back"


def test_a_bar_of_nothing_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    before = time.monotonic()
    with progress_view(terminal=True) as shown:
        shown.show(snapshot(view(progress=Progress())))
        shown.show(snapshot())
    assert capsys.readouterr().out == ""
    assert time.monotonic() >= before
