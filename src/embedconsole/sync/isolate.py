"""Embedding a batch so that one bad item does not take the others with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.faults import BadInput, FaultClass, Transient, Unreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.items import Embedded, EmbedInput

    Vector = NDArray[np.float32]
    EmbedCall = Callable[[Sequence[EmbedInput]], Awaitable[Embedded]]


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one item was not embedded; only a `transient` one is worth another try as it is."""

    error_class: FaultClass
    reason: str


@dataclass(slots=True)
class Isolated:
    """What came of a batch: in the end every index stands in exactly one of the two.

    Attributes:
        vectors: Index of an input to its vector, shape (size,).
        rejected: Index of an input to why it alone was not embedded.
    """

    vectors: dict[int, Vector] = field(default_factory=dict)
    rejected: dict[int, Rejection] = field(default_factory=dict)


async def embed_isolating(inputs: Sequence[EmbedInput], *, call: EmbedCall, probe: EmbedCall) -> Isolated:
    """Embed inputs in one call, halving it where it fails until the bad items stand alone.

    A call that fails in passing may be one bad item that the service stumbles over, or the service itself.
    When neither half goes through and neither the first nor the last item does alone, it is the service, and
    nobody is charged: four requests, however many items.

    Args:
        call: Embeds with the quick retries of the policy.
        probe: Embeds with a single try.

    Raises:
        Transient: the batch failed as a whole.
        Refused, Stop, Interrupted: as `call` raises them.
    """
    isolation = _Isolation(inputs, probe)
    fault = await isolation.attempt(list(range(len(inputs))), call)
    if fault is not None:
        await isolation.split(list(range(len(inputs))), fault)
    return isolation.outcome


class _Isolation:
    def __init__(self, inputs: Sequence[EmbedInput], probe: EmbedCall) -> None:
        self._inputs = inputs
        self._probe = probe
        self.outcome = Isolated()

    async def attempt(self, part: list[int], embed: EmbedCall) -> BadInput | Transient | None:
        """Embed the inputs at these indices; returns what went wrong with all of them, if something did."""
        try:
            embedded = await embed([self._inputs[index] for index in part])
        except Unreachable:
            raise
        except (BadInput, Transient) as fault:
            return fault
        for place, index in enumerate(part):
            reason = embedded.rejected.get(place)
            if reason is None:
                self.outcome.vectors[index] = embedded.vectors[place]
            else:
                self.outcome.rejected[index] = Rejection(FaultClass.ITEM, reason)
        return None

    async def split(self, part: list[int], fault: BadInput | Transient) -> None:
        """Find the bad ones among inputs that failed together."""
        if len(part) == 1:
            self.outcome.rejected[part[0]] = Rejection(fault.kind, fault.message)
            return
        middle = len(part) // 2
        halves = [part[:middle], part[middle:]]
        faults = [await self.attempt(half, self._probe) for half in halves]
        if all(isinstance(half, Transient) for half in faults) and not await self._alive(part):
            raise fault
        for half, half_fault in zip(halves, faults, strict=True):
            left = [index for index in half if index not in self.outcome.vectors]
            if half_fault is not None and left:
                await self.split(left, half_fault)

    async def _alive(self, part: list[int]) -> bool:
        """Whether the service embeds anything at all."""
        if self.outcome.vectors:
            return True
        for index in (part[0], part[-1]):
            if await self.attempt([index], self._probe) is None:
                return True
        return False
