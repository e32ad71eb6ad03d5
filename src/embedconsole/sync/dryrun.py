"""What a run would do, counted instead of done."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from embedconsole.ledger.schema import State

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping, Sequence

    from embedconsole.ledger.records import Known, Wanted
    from embedconsole.sync.content import Content


class CountingSink:
    """A planner's sink that writes nothing and knows what work there would be.

    Args:
        due: How many items were due before, by state.
    """

    writes = False

    def __init__(self, due: Mapping[State, int]) -> None:
        self.work: Counter[State] = Counter(due)
        self.problems = 0

    def page(self, new: Sequence[Wanted], changes: Sequence[tuple[Known, Content, State]]) -> None:
        """Count the decisions of one page."""
        self.work[State.EMBED] += len(new)
        for known, _, state in changes:
            self._move(known.state, state)

    def forced(self, again: Sequence[tuple[Known, Content]]) -> None:
        """Count items that are to be embedded again."""
        for known, _ in again:
            self._move(known.state, State.EMBED)

    def gone(self, item_ids: array[int]) -> None:
        """Count items that are gone. Those that wanted other work before are few and counted twice."""
        self.work[State.DELETE] += len(item_ids)

    def _move(self, before: State, after: State) -> None:
        self.work[before] -= 1
        self.work[after] += 1
