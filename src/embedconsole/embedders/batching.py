"""One call of `embed` as several requests: what was answered before a failure is not asked for again.

Without that a service that allows fewer requests in a row than a batch has items would never finish one.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import anyio

from embedconsole.faults import (
    BadInput,
    Fault,
    FaultClass,
    Overloaded,
    PaidFailure,
    Refused,
    Throttled,
    Transient,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Mapping, Sequence

    from embedconsole.config.sections.embedders.base import EmbedderSection
    from embedconsole.items import EmbedInput


_NUMBER = r"(\d[\d,_]*)"
_ONE_TEXT = re.compile(
    rf"less than {_NUMBER} tokens|context (?:length|window|size)|sequence length|{_NUMBER} tokens per input",
    re.IGNORECASE,
)
_COUNT = tuple(
    re.compile(pattern.replace("#", _NUMBER), re.IGNORECASE)
    for pattern in (
        r"batch size[^.]{0,40}?>[^.]{0,40}?batch size:? #",  # TEI: 100 > maximum allowed batch size 32
        r"max(?:imum)?(?: allowed| client)* batch size(?: is| of|:)? #",
        r"array with maximum length #",  # OpenAI
        r"must have # (?:elements|items|inputs) or (?:less|fewer)",  # OpenAI, newer
        r"batch size is invalid, it should not be larger than #",  # DashScope
        r"batch size limit(?: is| of|:)? #",  # Voyage
        r"number of (?:texts|inputs|documents)[^.]{0,40}? at most #",  # Cohere
        # pydantic: List should have at most 2048 items; Gemini: at most 100 requests can be in one batch
        r"at most # (?:items|inputs|elements|sentences|requests|texts|documents)",
        r"max(?:imum)?(?: of)? # (?:items|inputs|images|sentences|embeddings)",
    )
)
_ASKED, _ALLOWED = r"(?P<asked>\d[\d,_]*)", r"(?P<allowed>\d[\d,_]*)"
_TOKENS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"requested {_ASKED} tokens,? (?:but )?(?:the )?max(?:imum)?(?: is)? {_ALLOWED} tokens",
        # Voyage, Mistral
        rf"max allowed tokens per submitted batch is {_ALLOWED}.{{0,40}}? has {_ASKED} tokens",
        rf"too many tokens in batch.{{0,20}}? max is {_ALLOWED} got {_ASKED}",
    )
)
_SIZE = re.compile(
    r"maximum request size|request payload size exceeds|too many (?:inputs|tokens) in (?:request|batch)",
    re.IGNORECASE,
)
"""Refusals of a whole request that do not say what it came to."""
_SAFETY = 0.9
"""Characters are no tokens: the share of the computed room that is used."""


@dataclass(frozen=True, slots=True)
class SaidLimit:
    """The limit in a refusal: inputs in one request at most, or the share of it that would have fitted."""

    count: int | None = None
    share: float | None = None


class TooLarge(BadInput):
    """The request as a whole is too large; its inputs may all be fine in smaller ones."""

    def __init__(self, source: str, message: str, limit: SaidLimit) -> None:
        super().__init__(source, message)
        self.limit = limit


def said_limit(status: int, text: str) -> SaidLimit | None:
    """The limit behind a refusal with 400, 413 or 422; None when it is not about the request's size."""
    if _ONE_TEXT.search(text):
        return None
    for pattern in _COUNT:
        if match := pattern.search(text):
            return SaidLimit(count=max(1, _integer(match[1])))
    for pattern in _TOKENS:
        if match := pattern.search(text):
            asked, allowed = _integer(match["asked"]), _integer(match["allowed"])
            return SaidLimit(share=min(0.5, _SAFETY * allowed / asked) if asked else None)
    return SaidLimit() if status == 413 or _SIZE.search(text) else None


def _integer(text: str) -> int:
    return int(re.sub("[,_]", "", text))


class Budget:
    """The inputs of one request.

    Args:
        count: Inputs, at most.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._characters: int | None = None

    def portions(self, indices: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
        """The indices in order, cut into requests; `lengths` are the characters of each."""
        portions: list[list[int]] = []
        room = 0
        for index, length in zip(indices, lengths, strict=True):
            full = not portions or len(portions[-1]) >= self.count
            if full or (self._characters is not None and length > room):
                portions.append([])
                room = self._characters or 0
            portions[-1].append(index)
            room -= length
        return portions

    def learn(self, limit: SaidLimit, count: int, characters: int) -> None:
        """Take less from now on: a request of `count` inputs with `characters` was too large."""
        if limit.count is not None and limit.count < count:
            self.count = min(self.count, limit.count)
            return
        # Without a word about how much is allowed, half of it is the next thing to try.
        allowed = max(1, int(characters * (limit.share or 0.5)))
        self._characters = allowed if self._characters is None else min(self._characters, allowed)


Value = TypeVar("Value")


class Memo(Generic[Value]):
    """A small store, oldest out first; what is taken is gone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, values: Mapping[Hashable, Value]) -> None:
        """Remember these, forgetting the oldest beyond the limit."""
        self._kept.update(values)
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def take(self, key: Hashable) -> Value | None:
        """Remove and return the value kept under a key; None when there is none."""
        return self._kept.pop(key, None)


class Turns:
    """Gives every request of an embedder its turn.

    A service that asks for a pause gets half as many requests at a time from then on, and one more each time
    that as many as are allowed have gone well.
    """

    def __init__(self, config: EmbedderSection) -> None:
        self._most = config.concurrency
        self._slots = anyio.CapacityLimiter(config.concurrency)
        self._requests = Pacer(config.requests_per_minute)
        self._items = Pacer(config.items_per_minute)
        self._halvings = 0
        self._went_well = 0

    @property
    def at_a_time(self) -> int:
        """Requests that may be under way together now."""
        return int(self._slots.total_tokens)

    @asynccontextmanager
    async def turn(self, items: int) -> AsyncIterator[None]:
        """Wait for the turn of a request with so many items; what fails inside is taken note of."""
        async with self._slots:
            await self._requests.turn()
            await self._items.turn(items)
            halvings = self._halvings
            try:
                yield
            except (Throttled, Overloaded):
                # Requests that were under way together are one event.
                if halvings == self._halvings:
                    self._halvings += 1
                    self._went_well = 0
                    self._slots.total_tokens = max(1, self.at_a_time // 2)
                raise
            self._went_well += 1
            if self.at_a_time < self._most and self._went_well >= self.at_a_time:
                self._went_well = 0
                self._slots.total_tokens += 1


class Pacer:
    """Gives every caller its moment, at least a minute / `per_minute` after the one before.

    There is no burst after a quiet time: a service that counts in windows of its own never sees more than the
    limit in any of them.

    Args:
        per_minute: Requests (or items) a minute; None for as many as there are.
        now: A clock in seconds.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self,
        per_minute: int | None,
        *,
        now: Callable[[], float] = anyio.current_time,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
    ) -> None:
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._now = now
        self._sleep = sleep
        self._next = float("-inf")

    async def turn(self, weight: int = 1) -> None:
        """Return when the caller may send; the next one waits `weight` times as long as after a single one.

        A caller that is cancelled meanwhile leaves its moment unused.
        """
        if not self._interval:
            return
        now = self._now()
        mine = max(now, self._next)
        self._next = mine + weight * self._interval
        if mine > now:
            await self._sleep(mine - now)


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
    """The results for the inputs of a call.

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
