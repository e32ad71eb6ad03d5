"""What the loopback embedding service does wrong, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Deed: TypeAlias = Literal[
    "ok",  # behave well: a gap in a schedule
    "status",  # answer `status` with `body` and `headers`, embedding nothing
    "hold",  # wait for `release()` before embedding
    "hold_reply",  # embed, then wait for `release()` before replying
    "stall",  # wait `seconds` (None: until the client gives up) before embedding
    "drop",  # embed, send half of the reply, cut the connection
    "hangup",  # cut the connection without a byte
    "count",  # `delta` vectors too many (or, negative, too few)
    "size",  # vectors of `size` dimensions
    "component",  # the first number of a vector is the raw JSON `token`: NaN, Infinity, null, 1e999
    "null",  # a vector is null
    "zeros",  # a vector is all zeros
    "truncate",  # the JSON stops half-way, in a complete HTTP reply
    "html",  # a login page, with status 200
    "body",  # answer `body` as it is, with `status` and `headers`, after embedding
    "huge",  # a body of `megabytes`, with `status`
    "gzip",  # the right reply, gzip-encoded
    "shuffle",  # OpenAI: the embeddings in another order than their `index`
    "prediction",  # Replicate: a prediction that has not ended yet, see `created` and `prediction`
]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One entry of a schedule: the first entry that matches a request decides what happens to it.

    Attributes:
        times: How many matching requests it is for; None for all.
        after: How many matching requests go by (to the next entry) before it starts.
        mark: Only requests with an item whose content contains this; `size`, `component`, `null` and
            `zeros` then spoil just those items.
        more_than: Only requests with more items than this.
        at: Without a mark: the index of the item that `size`, `component`, `null` and `zeros` spoil;
            None spoils all.
        body: What an error says; None for a plain JSON error.
        created: Fields of a prediction as its creation answers it; `output` is null unless given.
        prediction: Fields of it once it has ended; `looks` is how many GETs find it under way before that.
    """

    do: Deed
    times: int | None = None
    after: int = 0
    mark: str | None = None
    more_than: int = 0
    at: int | None = 0
    status: int = 500
    body: str | None = None
    created: dict[str, object] = field(default_factory=lambda: {"status": "starting"})
    prediction: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float | None = None
    delta: int = -1
    size: int = 511
    token: str = "NaN"
    megabytes: int = 100


GOOD = Behaviour("ok")


class Schedule:
    """A list of behaviours and how often each has been met."""

    def __init__(self, entries: Sequence[Behaviour] = ()) -> None:
        self.entries = list(entries)
        self._met = [0] * len(self.entries)

    def next(self, contents: Sequence[str], *, marked: bool = False) -> Behaviour:
        """The behaviour for a request whose items hold `contents`; the good one when none matches.

        Args:
            marked: Only an entry with a mark will do.
        """
        for position, entry in enumerate(self.entries):
            if len(contents) <= entry.more_than or (marked and entry.mark is None):
                continue
            if entry.mark is not None and not any(entry.mark in content for content in contents):
                continue
            met = self._met[position]
            if entry.times is not None and met >= entry.after + entry.times:
                continue
            self._met[position] += 1
            if met >= entry.after:
                return entry
        return GOOD

    def drop_holds(self) -> None:
        """Forget the entries that hold requests, keep the others and their counts."""
        kept = [
            (entry, met)
            for entry, met in zip(self.entries, self._met, strict=True)
            if entry.do not in {"hold", "hold_reply"}
        ]
        self.entries = [entry for entry, _ in kept]
        self._met = [met for _, met in kept]


def spoiled(behaviour: Behaviour, contents: Sequence[str]) -> list[int]:
    """The indices of the items whose vectors the behaviour spoils."""
    if behaviour.mark is not None:
        return [index for index, content in enumerate(contents) if behaviour.mark in content]
    if behaviour.at is None:
        return list(range(len(contents)))
    return [behaviour.at] if behaviour.at < len(contents) else []
