"""A part of the report, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Fact: TypeAlias = "str | Sequence[str] | None"
"""A value, or lines."""
Facts: TypeAlias = "Mapping[str, Fact]"


@dataclass(frozen=True, slots=True)
class Section:
    """What is known of one thing.

    Attributes:
        problem: Why there are no facts; None when there are.
    """

    name: str
    facts: Facts
    problem: str | None = None

    def lines(self) -> Iterator[str]:
        """The section as text."""
        yield f"== {self.name}"
        if self.problem is not None:
            yield f"can't be told: {self.problem}"
        for name, fact in self.facts.items():
            if isinstance(fact, (list, tuple)):
                yield f"{name}:" + ("" if fact else " none")
                yield from (f"  {line}" for line in fact)
            else:
                yield f"{name}: {'none' if fact is None else fact}"


def section(name: str, gather: Callable[[], Facts]) -> Section:
    """Gather a section; whatever keeps it from being told is told instead."""
    try:
        return Section(name, gather())
    except Exception as error:  # noqa: BLE001  (whatever it is, the rest of the report is worth having)
        return Section(name, {}, str(error) or type(error).__name__)
