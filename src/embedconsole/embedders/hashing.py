"""Embeddings without a model: words and parts of words hashed into a vector.

Texts that share words, or parts of words, come out near each other; nothing is known of meaning. It is there
for the demo, for tests, and to try a set-up before the real service is paid for.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import anyio.lowlevel
import numpy as np

from embedconsole.faults import ConfigError
from embedconsole.items import Embedded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from embedconsole.config.sections.embedders.hashing import HashingConfig
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets
    from embedconsole.items import EmbedInput

NOTHING_TO_EMBED = "there is nothing to embed: no text and no image"
MAX_CHARACTERS = 32_768
"""Longest text in characters; the rest is ignored, as with any model."""
_TURN = 16_384
"""Characters after which others on the loop have a turn: a tenth of a second, when all words are new."""

_MAX_WORD = 64
_WORD = re.compile(rf"\w{{1,{_MAX_WORD}}}")  # what is longer (base64, text without spaces) is cut in pieces
_GRAMS = (3, 4, 5)
_GRAM_SHARE = 0.6
"""The length of the part of a word's vector that its n-grams make up; the whole word makes up 1."""
_STOP_WORDS = frozenset({"a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "it"}) | {
    *("of", "on", "or", "that", "the", "this", "to", "with", "your")
}
_STOP_WEIGHT = 0.15


class _Features(NamedTuple):
    """The contribution of a word to a vector: `weights` at `places`."""

    places: NDArray[np.int64]
    weights: NDArray[np.float64]


class HashingEmbedder:
    """Deterministic, offline, free. The same text has the same vector in every process and on every version.

    Pictures are not looked at: an input without text counts the words of its image reference.
    """

    def __init__(self, name: str, config: HashingConfig) -> None:
        self.name = name
        self.identity = config.identity
        self.batch_size = config.batch_size
        self.concurrency = config.concurrency
        self.price_per_1000 = config.price_per_1000
        self._size = config.size

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Embed each input; never raises a fault."""
        await anyio.lowlevel.checkpoint()
        vectors = np.zeros((len(inputs), self._size), dtype=np.float32)
        rejected = {}
        characters = 0
        for index, entry in enumerate(inputs):
            text = entry.text if entry.text and entry.text.strip() else entry.image
            if text is None or not text.strip():
                rejected[index] = NOTHING_TO_EMBED
                continue
            vectors[index] = hashed(text, self._size)
            characters += min(len(text), MAX_CHARACTERS)
            if characters >= _TURN:
                characters = 0
                await anyio.lowlevel.checkpoint()
        return Embedded(vectors, rejected)

    async def health(self) -> None:
        """There is no service to ask."""

    async def aclose(self) -> None:
        """Do nothing: there is nothing to release."""


def hashed(text: str, size: int) -> NDArray[np.float32]:
    """The vector of a text that is not blank: float32, shape (size,), of length 1."""
    counts = Counter(_WORD.findall(_folded(text[:MAX_CHARACTERS])))
    # Signs alone are no words, but the text is not blank and deserves a vector of its own.
    features = [_features(word, size) for word in counts] or [_features(text[:_MAX_WORD], size)]
    places = np.concatenate([feature.places for feature in features])
    # A word that is there ten times says little more than one that is there once.
    weights = np.concatenate(
        [
            feature.weights if count == 1 else feature.weights * (1.0 + math.log(count))
            for feature, count in zip(features, counts.values() or (1,), strict=True)
        ]
    )
    vector = np.bincount(places, weights, minlength=size)
    length = math.sqrt(float(vector @ vector))
    if length == 0.0:  # all of it cancelled out
        vector[crc32(text.encode("utf-8", "replace")) % size] = length = 1.0
    return (vector / length).astype(np.float32)


def _folded(text: str) -> str:
    """Lower case without accents."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@lru_cache(maxsize=16_384)
def _features(word: str, size: int) -> _Features:
    """Places and signed weights of a word: its stem, and all runs of 3 to 5 characters of it."""
    stem = _stem(word)
    encoded = f"<{word}>".encode("utf-8", "replace")
    grams = [encoded[at : at + n] for n in _GRAMS for at in range(len(encoded) - n + 1)]
    hashes = _mixed([crc32(stem.encode("utf-8", "replace"), 1), *(crc32(gram, 2) for gram in grams)])
    weights = np.full(len(hashes), _GRAM_SHARE / math.sqrt(max(1, len(grams))))
    weights[0] = 1.0
    if word in _STOP_WORDS:
        weights *= _STOP_WEIGHT
    weights[hashes >> 31 == 0] *= -1.0
    return _Features((hashes & 0x7FFF_FFFF) % size, weights)


def _mixed(checksums: list[int]) -> NDArray[np.int64]:
    """32-bit hashes. CRC is linear, so its bits are stirred before place and sign are taken from them."""
    values = np.array(checksums, dtype=np.int64)
    values = ((values ^ (values >> 16)) * 0x2C1B3C6D) & 0xFFFF_FFFF
    values = ((values ^ (values >> 12)) * 0x297A2D39) & 0xFFFF_FFFF
    return values ^ (values >> 15)


def _stem(word: str) -> str:
    """English plurals and -ing off, so that "shoe" finds "shoes" and "run" finds "running"."""
    if len(word) <= 3 or not word.isascii():
        return word
    if word.endswith("ing") and len(word) > 5 and re.search("[aeiouy]", word[:-3]):
        word = word[:-3]
        if word[-1] == word[-2] and word[-1] not in "lsz":
            word = word[:-1]
    elif word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "zes", "ches", "shes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word


def build(name: str, config: HashingConfig, expected_size: int | None, tickets: Tickets | None) -> Embedder:
    """Build the embedder of these settings."""
    if expected_size not in (None, config.size):
        raise ConfigError(
            f"embedders.{name}.size is {config.size:,}, the collection's size is {expected_size:,}: "
            "make them equal"
        )
    return HashingEmbedder(name, config)
