"""One call of `embed` as several requests: what was answered before a failure is not asked for again.

Without that a service that allows fewer requests in a row than a batch has items would never finish one.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import anyio

from embedconsole.embedders.limits import TooLarge
from embedconsole.embedders.memo import Memo
from embedconsole.faults import BadInput, Fault, FaultClass, PaidFailure, Refused, Throttled, Transient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

    from embedconsole.items import EmbedInput

_LONGEST_KEY = 2048
_GRAVITY = (Refused, Throttled, Transient, Fault)
_ENOUGH = 3
"""Requests refused in a row, over all calls, after which a call sends no more of its inputs."""


@dataclass(frozen=True, slots=True)
class Row:
    """A vector as a reply held it, unchecked; null is an answer too.

    Attributes:
        error: What the service says of this one input, when it says something.
        passing: The error may be the service's own, so that another try may bring a vector.
        paid: The service charges for it, whatever came of it.
    """

    value: object
    error: str | None = None
    passing: bool = False
    paid: bool = True


Ask: TypeAlias = "Callable[[Sequence[EmbedInput]], Awaitable[Sequence[Row]]]"
"""Sends one request; one row an input."""
Cut: TypeAlias = "Callable[[Sequence[int]], list[list[int]]]"
"""Cuts indices of inputs into requests, by what is known at that moment of how much fits."""


@dataclass(slots=True)
class BatchAnswers:
    """What came of the inputs of a call.

    Attributes:
        rows: Index of an input to its row; one without a value where its request, in which it was alone,
            was refused.
        unsent: Index of an input that was not sent to the refusal that was the last of several in a row.
    """

    rows: dict[int, Row] = field(default_factory=dict)
    unsent: dict[int, str] = field(default_factory=dict)
    requests: int = 0


class Portions:
    """Asks in portions.

    Until something usable has come back they go out one by one, and after some refusals in a row the rest
    of a call is not sent: a service that refuses everything is not asked once for each item.

    Args:
        concurrency: Requests of one call at a time, at most.
        remembered: Rows kept from calls that failed in the middle, at most.
        usable: Whether a row holds a vector that can be used.
    """

    def __init__(self, concurrency: int, remembered: int, usable: Callable[[Row], bool]) -> None:
        self._concurrency = concurrency
        self._memo: Memo[Row] = Memo(remembered)
        self._usable = usable
        self._well = False
        self._in_a_row = 0
        self._last_refusal = ""

    async def answers(
        self, inputs: Sequence[EmbedInput], sent: Sequence[int], cut: Cut, ask: Ask
    ) -> BatchAnswers:
        """Ask for the inputs at the indices `sent`.

        Raises:
            Throttled, Transient, BadInput, Refused: The gravest of what went wrong.
        """
        answers = BatchAnswers()
        unknown = []
        for index in sent:
            known = self._memo.take(_content(inputs[index]))
            if known is None:
                unknown.append(index)
            else:
                answers.rows[index] = known
        waiting = deque(cut(unknown))
        faults: list[Fault] = []

        def more() -> bool:
            enough = answers.requests > 0 and self._in_a_row >= _ENOUGH
            return bool(waiting) and not faults and not enough

        async def ask_next() -> None:
            portion = waiting.popleft()
            answers.requests += 1
            try:
                rows = await ask([inputs[index] for index in portion])
            except TooLarge as fault:
                smaller = cut(portion)
                if len(smaller) > 1:
                    waiting.extendleft(reversed(smaller))
                else:
                    blame(portion, fault)
            except BadInput as fault:
                blame(portion, fault)
            except Fault as fault:
                faults.append(fault)
            else:
                answers.rows.update(zip(portion, rows, strict=True))
                self._heard(rows)

        def blame(portion: Sequence[int], fault: BadInput) -> None:
            if len(portion) > 1:
                faults.append(fault)
                return
            passing = fault.kind is FaultClass.TRANSIENT
            row = Row(None, fault.message, passing=passing, paid=isinstance(fault, PaidFailure))
            answers.rows[portion[0]] = row
            self._heard([row])

        async def ask_in_turn() -> None:
            while more():
                await ask_next()

        finished = False
        try:
            while more() and not self._well:
                await ask_next()
            async with anyio.create_task_group() as group:
                for _ in range(min(self._concurrency, len(waiting))):
                    group.start_soon(ask_in_turn)
            finished = not faults
        finally:
            if not finished:
                self._memo.keep({_content(inputs[index]): row for index, row in answers.rows.items()})
        if faults:
            raise min(faults, key=_gravity)
        answers.unsent = {index: self._last_refusal for portion in waiting for index in portion}
        return answers

    def _heard(self, rows: Sequence[Row]) -> None:
        """Take note of whether an answer has brought anything."""
        self._well = any(map(self._usable, rows))
        self._in_a_row = 0 if self._well else self._in_a_row + 1
        if not self._well and rows:
            self._last_refusal = rows[-1].error or "the service answered nothing that can be used"


def one_each(indices: Sequence[int]) -> list[list[int]]:
    """One request an input."""
    return [[index] for index in indices]


def _content(entry: EmbedInput) -> Hashable:
    image = entry.image
    if image is not None and len(image) > _LONGEST_KEY:
        # A picture itself (`data:`): a hundred of them would lie in memory for as long as their rows.
        return entry.text, hashlib.blake2b(image.encode("utf-8", "replace")).digest()
    return entry.text, image


def _gravity(fault: Fault) -> int:
    """The smaller, the more it matters when several requests failed in different ways."""
    return next(rank for rank, kind in enumerate(_GRAVITY) if isinstance(fault, kind))
