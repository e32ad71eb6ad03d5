"""Embedding a batch so that one bad item does not take the others with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from embedconsole.faults import BadInput, Fault, FaultClass, Transient, Unreachable
from embedconsole.sync.flow import Interrupted, Stop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.items import Embedded, EmbedInput

    Vector = NDArray[np.float32]
    EmbedCall = Callable[[Sequence[EmbedInput]], Awaitable[Embedded]]

_SILENT = 3
"""Requests in a row that bring nothing, after which what came before says nothing of the service any more."""


class Witness(Protocol):
    """Who can tell whether it is the service that fails, or what was sent.

    Attributes:
        source: The service, in the words of its faults.
        answers: Good answers so far, to all batches: one more since a call began, and the service is alive.
    """

    @property
    def source(self) -> str: ...

    @property
    def answers(self) -> int: ...

    async def alive(self, since: int, reason: str) -> bool | None:
        """Whether the service embeds what nothing is wrong with; None when there is no telling.

        Args:
            since: `answers` when the call began that failed.
            reason: What it failed of.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one item was not embedded; only a `transient` one is worth another try as it is."""

    error_class: FaultClass
    reason: str


@dataclass(slots=True)
class Isolated:
    """What came of a batch.

    Attributes:
        vectors: Index of an input to its vector, shape (size,).
        rejected: Index of an input to why it alone was not embedded.
        ended_by: Why the indices that stand in neither have no answer; None when there is none of those.
    """

    vectors: dict[int, Vector] = field(default_factory=dict)
    rejected: dict[int, Rejection] = field(default_factory=dict)
    ended_by: Fault | Stop | Interrupted | None = None


async def embed_isolating(
    inputs: Sequence[EmbedInput], *, call: EmbedCall, probe: EmbedCall, witness: Witness
) -> Isolated:
    """Embed inputs in one call, halving it where it fails until the bad items stand alone.

    A call that fails in passing, or brings no vector that can be used, may be about a bad item, or about the
    service. Before an item is blamed without any of its neighbours having gone through, the witness is asked;
    where it speaks against the service nobody is charged, and it took four requests, however many items.

    Args:
        call: Embeds with the quick retries of the policy.
        probe: Embeds with a single try.
    """
    isolation = _Isolation(inputs, probe, witness)
    try:
        await isolation.run(call)
    except (Fault, Stop, Interrupted) as error:
        # Told, not raised: what was embedded before is paid for.
        isolation.outcome.ended_by = error
    return isolation.outcome


class _Isolation:
    def __init__(self, inputs: Sequence[EmbedInput], probe: EmbedCall, witness: Witness) -> None:
        self._inputs = inputs
        self._probe = probe
        self._witness = witness
        self._since = witness.answers
        self._silent: int | None = None  # requests since the last good answer, None before the first one
        self.outcome = Isolated()

    async def run(self, call: EmbedCall) -> None:
        """Give every input its answer."""
        every = list(range(len(self._inputs)))
        fault = await self._attempt(every, call)
        if fault is not None:
            await self._split(every, fault)

    async def _attempt(self, part: list[int], embed: EmbedCall) -> BadInput | Transient | None:
        """Embed the inputs at these indices; returns what went wrong with all of them, if something did."""
        self._since = self._witness.answers
        try:
            embedded = await embed([self._inputs[index] for index in part])
        except Unreachable:
            raise
        except (BadInput, Transient) as fault:
            if self._silent is not None:
                self._silent += 1
            return fault
        if len(embedded.rejected) < len(part):
            self._silent = 0
        elif refused := [place for place in embedded.rejected if place not in embedded.postponed]:
            reason = embedded.rejected[refused[0]]
            if await self._alive(reason) is False:
                source = self._witness.source
                raise Transient(source, f"has no usable vector for anything, plain text included: {reason}")
        for place, index in enumerate(part):
            reason_of_one = embedded.rejected.get(place)
            if reason_of_one is None:
                self.outcome.vectors[index] = embedded.vectors[place]
            else:
                kind = FaultClass.TRANSIENT if place in embedded.postponed else FaultClass.ITEM
                self.outcome.rejected[index] = Rejection(kind, reason_of_one)
        return None

    async def _split(self, part: list[int], fault: BadInput | Transient) -> None:
        """Find the bad ones among inputs that failed together."""
        if len(part) == 1:
            if isinstance(fault, Transient) and await self._alive(fault.message) is False:
                raise fault
            self.outcome.rejected[part[0]] = Rejection(fault.kind, fault.message)
            return
        middle = len(part) // 2
        halves = [part[:middle], part[middle:]]
        faults = [await self._attempt(half, self._probe) for half in halves]
        if all(isinstance(half, Transient) for half in faults) and not await self._worth_it(part, fault):
            raise fault
        for half, half_fault in zip(halves, faults, strict=True):
            left = [index for index in half if index not in self.outcome.vectors]
            if half_fault is not None and left:
                await self._split(left, half_fault)

    async def _worth_it(self, part: list[int], fault: Fault) -> bool:
        """Whether to go on looking for the bad ones, when neither half went through."""
        alive = await self._alive(fault.message)
        if alive is not None:
            return alive
        for index in (part[0], part[-1]):
            if await self._attempt([index], self._probe) is None:
                return True
        return False

    async def _alive(self, reason: str) -> bool | None:
        """Whether the service works, by what came back lately or else by asking the witness."""
        if self._silent is not None and self._silent < _SILENT:
            return True
        alive = await self._witness.alive(self._since, reason)
        if alive:
            self._silent = 0
        return alive
