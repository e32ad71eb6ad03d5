"""Text and picture as one vector: how they are joined, and that no part is paid for twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from embedconsole.embedders.vectors import CombinedEmbedder
from embedconsole.faults import Refused, Transient
from embedconsole.items import Embedded, EmbedInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.items import Vectors

pytestmark = pytest.mark.anyio


@dataclass
class Halves:
    """Texts are [3, 0], pictures [0, 5], or of another size; refuses what it is told to."""

    picture_size: int = 2
    away: bool = False
    host_away: bool = False
    name: str = "clip"
    identity: str = "clip:1"
    batch_size: int = 10
    concurrency: int = 2
    price_per_1000: float | None = 0.5
    asked: list[str] = field(default_factory=list)

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        pictures = inputs[0].image is not None
        assert all((one.text is None) == pictures and (one.image is None) != pictures for one in inputs)
        if pictures and self.away:
            raise Transient("clip", "away")
        self.asked += [str(one.image or one.text) for one in inputs]
        vectors = np.zeros((len(inputs), self.picture_size if pictures else 2), dtype=np.float32)
        vectors[:, -1 if pictures else 0] = 5.0 if pictures else 3.0
        if pictures and self.host_away:
            return Embedded(vectors, {0: "no answer"}, postponed={0})
        return Embedded(vectors, {i: "unreadable" for i, one in enumerate(inputs) if one.image == "broken"})

    async def health(self) -> None: ...

    async def aclose(self) -> None: ...


def entry(text: str | None, image: str | None = None) -> EmbedInput:
    return EmbedInput(1, text, image)


def same(vectors: Vectors, rows: list[list[float]]) -> None:
    np.testing.assert_allclose(vectors, np.array(rows), rtol=1e-6)


INPUTS = [
    entry("shoe", "shoe.jpg"),
    entry("mug"),
    entry(" ", "only.jpg"),
    entry("hat", "broken"),
    entry(None),
]
HALF = float(np.sqrt(0.5))


async def test_the_mean_of_what_is_there() -> None:
    embedded = await CombinedEmbedder(Halves(), "mean").embed(INPUTS)
    same(embedded.vectors, [[HALF, HALF], [1, 0], [0, 1], [0, 0], [0, 0]])
    assert embedded.rejected.keys() == {3, 4}
    assert embedded.rejected[3] == "unreadable"
    assert embedded.requests == 2


async def test_one_behind_the_other_with_zeros_for_what_is_missing() -> None:
    embedded = await CombinedEmbedder(Halves(), "concat").embed(INPUTS[:3])
    expected = [[HALF, 0.0, 0.0, HALF], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    same(embedded.vectors, expected)


async def test_texts_are_not_asked_for_again_when_the_pictures_failed() -> None:
    inner = Halves(away=True)
    embedder = CombinedEmbedder(inner, "mean")
    with pytest.raises(Transient):
        await embedder.embed(INPUTS[:2])
    inner.away = False
    embedded = await embedder.embed(INPUTS[:2])
    assert inner.asked == ["shoe", "mug", "shoe.jpg"]
    same(embedded.vectors, [[HALF, HALF], [1.0, 0.0]])


async def test_a_picture_that_is_away_for_now_is_tried_again_without_its_text() -> None:
    inner = Halves(host_away=True)
    embedder = CombinedEmbedder(inner, "mean")
    embedded = await embedder.embed(INPUTS[:2])
    assert set(embedded.rejected) == set(embedded.postponed) == {0}
    inner.host_away = False
    again = await embedder.embed(INPUTS[:1])
    same(again.vectors, [[HALF, HALF]])
    assert inner.asked == ["shoe", "mug", "shoe.jpg", "shoe.jpg"]


async def test_parts_of_different_sizes_are_refused() -> None:
    with pytest.raises(Refused, match="different sizes"):
        await CombinedEmbedder(Halves(picture_size=3), "concat").embed(INPUTS[:1])


async def test_it_is_another_space_and_costs_two_inputs() -> None:
    mean, concat = CombinedEmbedder(Halves(), "mean"), CombinedEmbedder(Halves(), "concat")
    assert len({mean.identity, concat.identity, Halves().identity}) == 3
    assert mean.price_per_1000 == 1.0
    assert CombinedEmbedder(Halves(price_per_1000=None), "mean").price_per_1000 is None
