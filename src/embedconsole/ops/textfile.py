"""The figures in a file, for the node exporter's textfile collector; a run of cron leaves them behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client import CollectorRegistry, generate_latest, write_to_textfile
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


__all__ = ["CONTENT_TYPE", "exposed", "read_figures", "write_figures"]


class _Exposition(Collector):
    """Families as a registry wants to be given them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        """The families."""
        return iter(self._families)


def exposed(families: Iterable[Metric]) -> bytes:
    """The text that a scrape gets."""
    return generate_latest(_registry(families))


def write_figures(file: Path, families: Iterable[Metric], *, keep: bool) -> None:
    """Write them in one step; counters go on from where the file has them, for each run is a new process.

    Args:
        keep: Leave in it what these families do not say anything about: the ledger was away.

    Raises:
        OSError: the file can't be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(file), _registry(continued(read_figures(file), list(families), keep=keep)))


def read_figures(file: Path) -> list[Metric]:
    """What the file says; nothing where there is none, or one that can't be understood."""
    try:
        return list(text_string_to_metric_families(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []


def continued(before: Iterable[Metric], now: Iterable[Metric], *, keep: bool) -> list[Metric]:
    """Now, with the counters going on from before."""
    known = {family.name: family for family in before}
    families = [_continued(known.pop(family.name, None), family, keep=keep) for family in now]
    return families + (list(known.values()) if keep else [])


def _continued(before: Metric | None, now: Metric, *, keep: bool) -> Metric:
    if before is None:
        return now
    family = Metric(now.name, now.documentation, now.type)
    old = {(sample.name, tuple(sorted(sample.labels.items()))): sample for sample in before.samples}
    for sample in now.samples:
        last = old.pop((sample.name, tuple(sorted(sample.labels.items()))), None)
        counted = now.type == "counter" and last is not None
        family.add_sample(
            sample.name, sample.labels, sample.value + (last.value if counted and last else 0.0)
        )
    # A counter of another pipeline, or of another outcome, has not begun anew.
    for sample in old.values() if keep or now.type == "counter" else ():
        family.add_sample(sample.name, sample.labels, sample.value)
    return family


def _registry(families: Iterable[Metric]) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Exposition(families))
    return registry
