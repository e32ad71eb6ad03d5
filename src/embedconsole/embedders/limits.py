"""How much a service takes in one request, learnt from the words in which it refuses more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.faults import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """What a refusal tells: inputs in one request at most, or the share of it that would have fitted."""

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
    """What goes into one request.

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
