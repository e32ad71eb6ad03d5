"""Decides whether a dependency fails or its input, and which part of the input, in this one place."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

import anyio

from embedconsole.faults import (
    BadAnswer,
    BadInput,
    Fault,
    FaultClass,
    RefusesEverything,
    Transient,
    Unreachable,
)
from embedconsole.sync.resilience.gate import Interrupted, Stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.items import Embedded, EmbedInput

    Vector = NDArray[np.float32]
    EmbedCall = Callable[[Sequence[EmbedInput]], Awaitable[Embedded]]

MANY = 10
"""Items that fail together for which a sample alone does not speak: they have something that it has not."""

_SILENT = 3
"""Requests in a row that bring nothing, after which what came before says nothing of the service any more."""


@dataclass(slots=True)
class ServiceEvidence:
    """The signs of life of a dependency, over all batches.

    Calls are numbered as they are sent. A call that goes through says something of the time after it was sent
    alone: what was sent before a dependency began to refuse everything may be answered after that.

    Attributes:
        sent: Calls so far, and so the number of the latest.
        accepted: The number of the latest call that went through, 0 for none.
        judging: Held by the batch that finds out; what the others met is decided with it.
    """

    sent: int = 0
    accepted: int = 0
    judging: anyio.Lock = field(default_factory=anyio.Lock)
    _condemned_at: int | None = None

    @property
    def condemned(self) -> bool:
        """Whether it has refused everything, and nothing that was sent since has gone through."""
        return self._condemned_at is not None and self.accepted <= self._condemned_at

    def send(self) -> int:
        """A call is sent; returns its number."""
        self.sent += 1
        return self.sent

    def accept(self, call: int) -> None:
        """The call with this number went through."""
        self.accepted = max(self.accepted, call)

    def condemn(self) -> None:
        """It refuses everything."""
        self._condemned_at = self.sent


class Witness(Protocol):
    """Tells whether a dependency works.

    Attributes:
        source: The dependency, in the words of its faults.
        shut: Whether the failures of others have shut its gate, so that there is nothing to find out.
        remedy: What to do when it refuses everything.
    """

    @property
    def source(self) -> str: ...
    @property
    def pulse(self) -> ServiceEvidence: ...
    @property
    def shut(self) -> bool: ...
    @property
    def remedy(self) -> str: ...

    async def alive(self, since: int, failed: int) -> bool | None:
        """Whether the dependency accepts a known good input; None where that is not known.

        Args:
            since: `ServiceEvidence.sent` when the call had failed.
            failed: How many items failed together.

        Raises:
            Transient: It fails in another way.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one item was not embedded; only a `transient` one is worth another try as it is."""

    error_class: FaultClass
    reason: str


def verdict(witness: Witness, fault: Fault) -> Transient:
    """The fault of a dependency for which its witness does not speak: in its own words."""
    if isinstance(fault, Transient):
        return fault
    witness.pulse.condemn()
    message = f"{fault.message.rstrip('.')} (no part of the batch went through)"
    return RefusesEverything(witness.source, message, remedy=fault.remedy or witness.remedy)


class NothingUsable(BadInput):
    """A call that brought no vector at all; `embedded` says why for each input."""

    def __init__(self, source: str, embedded: Embedded) -> None:
        super().__init__(source, next(iter(embedded.rejected.values())))
        self.embedded = embedded


Attempt: TypeAlias = "Callable[[list[int]], Awaitable[BadInput | Transient | None]]"
"""Tries the items at these indices; returns what went wrong with all of them, if something did."""
Alone: TypeAlias = "Callable[[int], Awaitable[bool]]"
"""Tries one item; returns whether it went through, and decides nothing about it when it did not."""


class Bisection:
    """The search for the bad ones among items that failed together, by halving.

    Before an item is blamed without any of its neighbours having gone through, the witness is asked. Where it
    speaks against the dependency no attempts used, and it took a few requests, however many items.

    Attributes:
        rejected: Index of an item to why it alone failed.
    """

    def __init__(self, attempt: Attempt, alone: Alone, witness: Witness) -> None:
        self._do = attempt
        self._alone = alone
        self._witness = witness
        self._pulse = witness.pulse
        self._since = self._pulse.sent
        self._silent = self._allowed = _SILENT  # requests since the last success
        self._judges = False
        self._done: set[int] = set()
        self._unconfirmed: dict[int, int] = {}
        """Blamed items, with the number of the latest call by then."""
        self.rejected: dict[int, Rejection] = {}

    async def attempt(self, part: list[int]) -> BadInput | Transient | None:
        """Try the items at these indices."""
        before = self._pulse.sent
        fault = await self._do(part)
        self._since = self._pulse.sent
        self._silent = 0 if self._pulse.accepted > before else self._silent + 1
        return fault

    async def split(self, part: list[int], fault: BadInput | Transient) -> None:
        """Find the bad ones among items that failed together.

        Raises:
            RefusesEverything, Transient: It is the dependency.
        """
        part = [index for index in part if index not in self._done]
        if not part:
            return
        if len(part) == 1:
            await self.check(fault, failed=1)
            self.blame(part[0], Rejection(fault.kind, fault.message), sent=self._since)
            return
        middle = len(part) // 2
        halves = [part[:middle], part[middle:]]
        if self._proven:
            faults = await self._both(part, halves, fault)
        else:
            async with self._judging(fault):
                faults = await self._both(part, halves, fault)
        for half, half_fault in zip(halves, faults, strict=True):
            if half_fault is not None:
                await self.split(half, half_fault)

    def blame(self, index: int, rejection: Rejection, *, sent: int) -> None:
        """An item was refused alone, when `sent` calls had been sent."""
        self.rejected[index] = rejection
        self._unconfirmed[index] = sent

    async def confirm(self) -> None:
        """See that something was accepted after the last item was blamed; else the dependency may have begun
        to refuse everything just then.

        Raises:
            RefusesEverything, Transient: It has; the items in question are not blamed.
        """
        doubtful = [index for index, sent in self._unconfirmed.items() if sent >= self._pulse.accepted]
        if not doubtful:
            return
        fault = BadInput(self._witness.source, self.rejected[doubtful[-1]].reason)
        since = self._pulse.sent
        try:
            async with self._judging(fault):
                if await self._witness.alive(since, failed=1) is False:
                    raise verdict(self._witness, fault)
        except Fault:
            for index in doubtful:
                del self.rejected[index]
            raise

    async def _both(
        self, part: list[int], halves: Sequence[list[int]], fault: BadInput | Transient
    ) -> list[BadInput | Transient | None]:
        faults = [await self.attempt(half) for half in halves]
        if all(faults):
            others = [index for index in (part[0], halves[1][0], part[-1]) if [index] not in halves]
            await self.check(fault, failed=len(part), others=others)
        return faults

    async def check(self, fault: BadInput | Transient, *, failed: int, others: Sequence[int] = ()) -> None:
        """Return if the dependency works, by what it did lately or else by what the witness says.

        Args:
            failed: How many items failed together.
            others: Items to try alone where the witness cannot tell.

        Raises:
            RefusesEverything, Transient: It does not.
        """
        if self._proven:
            return
        async with self._judging(fault):
            await self._ask(fault, failed, others)

    @property
    def _proven(self) -> bool:
        """Whether so much came back lately that the dependency works."""
        return self._silent < self._allowed or self._pulse.accepted > self._since

    @asynccontextmanager
    async def _judging(self, fault: BadInput | Transient) -> AsyncIterator[None]:
        """Find out while no other batch does; go by what another has found that nothing goes through."""
        if self._judges:
            yield
            return
        async with self._pulse.judging:
            if self._witness.shut or self._pulse.condemned:
                raise verdict(self._witness, fault)
            self._judges = True
            try:
                yield
            finally:
                self._judges = False

    async def _ask(self, fault: BadInput | Transient, failed: int, others: Sequence[int]) -> None:
        if self._proven:
            return
        alive = await self._witness.alive(self._since, failed)
        if alive is None:
            alive = await self._any_alone(others)
        if not alive:
            raise verdict(self._witness, fault)
        # The longer it goes well, the less often the question is asked.
        self._silent, self._allowed = 0, 2 * self._allowed

    async def _any_alone(self, others: Sequence[int]) -> bool:
        for index in dict.fromkeys(others):
            if await self._alone(index):
                self._done.add(index)
                return True
        return False


@dataclass(slots=True)
class Isolated:
    """The results of a batch.

    Attributes:
        vectors: Index of an input to its vector, shape (size,).
        rejected: Index of an input to why it alone was not embedded.
        ended_by: Why indices that are in neither have no answer; None when there are none of those.
        fits: Inputs that the service took in one request, where it refused more of them for that alone.
    """

    vectors: dict[int, Vector] = field(default_factory=dict)
    rejected: dict[int, Rejection] = field(default_factory=dict)
    ended_by: Fault | Stop | Interrupted | None = None
    fits: int | None = None


async def embed_isolating(
    inputs: Sequence[EmbedInput], *, call: EmbedCall, probe: EmbedCall, witness: Witness
) -> Isolated:
    """Embed inputs in one call, halving it where it fails until each bad item is alone.

    Args:
        call: Embeds with the quick retries of the policy.
        probe: Embeds with a single try.
    """
    isolation = _Isolation(inputs, call, probe, witness)
    try:
        await isolation.run()
    except (Fault, Stop, Interrupted) as error:
        # Returned, not raised: what was embedded before is paid for.
        isolation.outcome.ended_by = error
    return isolation.outcome


class _Isolation:
    def __init__(
        self, inputs: Sequence[EmbedInput], call: EmbedCall, probe: EmbedCall, witness: Witness
    ) -> None:
        self._inputs = inputs
        self._embed = call
        self._probe = probe
        self._search = Bisection(self._attempt, self._alone, witness)
        self._pulse = witness.pulse
        self._largest = 0
        self.outcome = Isolated(rejected=self._search.rejected)

    async def run(self) -> None:
        """Give every input its answer."""
        every = list(range(len(self._inputs)))
        fault = await self._search.attempt(every)
        self._embed = self._probe
        if fault is None:
            await self._search.confirm()
            return
        await self._search.split(every, fault)
        await self._search.confirm()
        if fault.kind is FaultClass.ITEM and not self.outcome.rejected:
            self.outcome.fits = self._largest

    async def _attempt(self, part: list[int]) -> BadInput | Transient | None:
        asked = [index for index in part if index not in self.outcome.vectors]
        while asked:
            try:
                embedded = await self._embed([self._inputs[index] for index in asked])
            except (Unreachable, RefusesEverything):
                raise
            except NothingUsable as fault:
                embedded, sent = fault.embedded, self._pulse.sent
                if embedded.refused:
                    await self._refused(embedded, asked)
            except (BadInput, Transient) as fault:
                return fault
            else:
                self._largest, sent = max(self._largest, len(asked)), self._pulse.sent
            # A service works that refuses an input in the reply that brings the vectors of others.
            by_itself = embedded.requests > 1 or not embedded.usable
            for place, index in enumerate(asked):
                if place not in embedded.rejected:
                    self.outcome.vectors[index] = embedded.vectors[place]
                elif place not in embedded.unasked:
                    kind = FaultClass.TRANSIENT if place in embedded.postponed else FaultClass.ITEM
                    rejection = Rejection(kind, embedded.rejected[place])
                    if place in embedded.refused and by_itself:
                        self._search.blame(index, rejection, sent=sent)
                    else:
                        self.outcome.rejected[index] = rejection
            asked = [asked[place] for place in sorted(embedded.unasked)]
        return None

    async def _alone(self, index: int) -> bool:
        try:
            embedded = await self._probe([self._inputs[index]])
        except (Unreachable, RefusesEverything):
            raise
        except (BadInput, Transient):
            return False
        self.outcome.vectors[index] = embedded.vectors[0]
        return True

    async def _refused(self, embedded: Embedded, asked: list[int]) -> None:
        """Whether the service may be believed, which has refused input after input."""
        place = min(embedded.refused)
        kind = BadAnswer if place in embedded.postponed else BadInput
        unasked = [asked[place] for place in sorted(embedded.unasked)]
        others = (unasked[len(unasked) // 2], unasked[-1]) if unasked else ()
        await self._search.check(
            kind("", embedded.rejected[place]), failed=len(embedded.refused), others=others
        )
