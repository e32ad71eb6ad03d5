"""Two runs side by side: what differs in their figures, and what failed in one and not in the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from embedconsole.sync.observe.run_history import run_in_detail

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.sync.observe.run_history import PastRun, RunInDetail
    from embedconsole.sync.shared.report import PipelineReport

Figure: TypeAlias = "int | float | str | None"


@dataclass(frozen=True, slots=True)
class Differing:
    """A figure of a pipeline that is not the same in both; None where the pipeline took no part."""

    pipeline: str
    figure: str
    first: Figure
    second: Figure


@dataclass(frozen=True, slots=True)
class TwoRuns:
    """Two runs.

    Attributes:
        differing: What differs in their figures, by pipeline.
        only_first, only_second: Pipeline and key of items that failed an attempt in that run alone, as far as
            its events are kept.
    """

    first: PastRun
    second: PastRun
    differing: tuple[Differing, ...]
    only_first: tuple[tuple[str, str], ...]
    only_second: tuple[tuple[str, str], ...]


def two_runs(ledger: Ledger, first: int, second: int) -> TwoRuns | int:
    """Two runs side by side; the number of the first that there is none of, or no longer."""
    one, other = run_in_detail(ledger, first), run_in_detail(ledger, second)
    if one is None:
        return first
    if other is None:
        return second
    failed, failed_too = _failed(one), _failed(other)
    return TwoRuns(
        one.run,
        other.run,
        differing=tuple(_differing(one.run, other.run)),
        only_first=tuple(sorted(failed - failed_too)),
        only_second=tuple(sorted(failed_too - failed)),
    )


def _failed(seen: RunInDetail) -> set[tuple[str, str]]:
    return {(event.pipeline or "", event.key) for event in seen.events if event.key is not None}


def _differing(one: PastRun, other: PastRun) -> list[Differing]:
    left, right = ({part.pipeline: part.report for part in run.parts} for run in (one, other))
    found = []
    for name in dict.fromkeys([*left, *right]):
        before, after = _figures(left.get(name)), _figures(right.get(name))
        found += [
            Differing(name, figure, before.get(figure), after.get(figure))
            for figure in dict.fromkeys([*before, *after])
            if before.get(figure) != after.get(figure)
        ]
    return found


def _figures(report: PipelineReport | None) -> dict[str, Figure]:
    if report is None:
        return {}
    figures: dict[str, Figure] = {
        name: value for name, value in report.as_json().items() if isinstance(value, (int, float))
    }
    return {**figures, "cost": report.cost, "message": report.message}
