"""The chart of the last 24 hours."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from console import samples
from embedconsole.console.history import HistoryView, history_view, marked
from embedconsole.console.text import ASCII, UNICODE, Glyphs, plain
from embedconsole.console.views.dashboard_panels import history_lines
from embedconsole.ledger.records.history import Throughput
from embedconsole.sync.observe.past import STEP, PastDay

NOW = samples.WALL
"""09:33:20."""


def drawn(view: HistoryView, cells: int = 60, height: int = 8, glyphs: Glyphs = UNICODE) -> list[str]:
    """The lines as they read."""
    return [plain(line).rstrip() for line in history_lines(view, cells, height, glyphs)]


def day(*steps: tuple[float, int, int]) -> PastDay:
    """So many hours ago so many were done, and so many of them failed."""
    begins = ((NOW - hours * 3600) // STEP * STEP for hours, _, _ in steps)
    return PastDay(
        NOW,
        tuple(Throughput(at, done, failed) for at, (_, done, failed) in zip(begins, steps, strict=True)),
    )


NIGHT = day((20, 9_000, 0), (9, 90_000, 12), (8.75, 180_000, 90), (8.5, 90_000, 0), (0, 300, 0))


def test_it_has_the_rate_the_failures_and_the_hours() -> None:
    assert drawn(history_view(NIGHT, samples.ZONE)) == [
        "                               █",
        "                               █",
        "                               █",
        "                              ▅█",
        " ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁██▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "                              ▁█",
        "     ╵12:00  ╵16:00  ╵20:00  ╵00:00  ╵04:00",
        " last 24 h: 369,300 done, peak 150/s, 102 failed",
    ]


def test_with_room_a_column_is_a_quarter_of_an_hour() -> None:
    axis = drawn(history_view(NIGHT, samples.ZONE), cells=98)[-2]

    assert axis.count("╵") == 12
    # The first of the 96 is the quarter that began at 09:45.
    assert axis.index("╵12:00") == 1 + 1 + 2 * 4


def test_the_axis_is_that_of_the_operator_and_plain_where_it_must_be() -> None:
    view = history_view(NIGHT, timezone(timedelta(hours=5, minutes=30)))

    axis = drawn(view, glyphs=ASCII)[-2]
    assert axis == "  |16:00  |20:00  |00:00  |04:00  |08:00  |12:00"


def test_the_quarter_that_is_not_over_counts_for_what_has_passed_of_it() -> None:
    view = history_view(day((0, 2_000, 0)), samples.ZONE)

    assert view.slots[-1].seconds == pytest.approx(200)
    assert drawn(view, cells=98)[-1] == " last 24 h: 2,000 done, peak 10/s"


@pytest.mark.parametrize(
    ("hours", "axis"),
    [
        (5, "     ╵12:00  ╵16:00  ╵20:00  ╵00:00  ╵^4:00"),
        (0, "     ╵12:00  ╵16:00  ╵20:00  ╵00:00  ╵04:00     ^"),
        (25, "     ╵12:00  ╵16:00  ╵20:00  ╵00:00  ╵04:00"),
        (-1, "     ╵12:00  ╵16:00  ╵20:00  ╵00:00  ╵04:00"),
    ],
)
def test_a_mark_stands_where_the_operator_looks_back_at(hours: float, axis: str) -> None:
    view = marked(history_view(NIGHT, samples.ZONE), NOW - hours * 3600)

    assert drawn(view)[-2] == axis
    assert drawn(marked(view, None)) == drawn(history_view(NIGHT, samples.ZONE))


def test_a_day_without_work_is_a_quiet_line() -> None:
    lines = drawn(history_view(day(), samples.ZONE))

    assert lines[0] == " " + "▁" * 48
    assert lines[-1] == " no activity in the last 24 h"
    assert len(lines) == 3


@pytest.mark.parametrize("cells", range(30))
@pytest.mark.parametrize("height", range(6))
def test_it_never_takes_more_than_its_room(cells: int, height: int) -> None:
    lines = history_lines(history_view(NIGHT, samples.ZONE), cells, height, UNICODE)

    assert len(lines) <= height


def test_before_the_ledger_was_asked_it_says_so() -> None:
    assert drawn(HistoryView()) == [" Asking the ledger."]
