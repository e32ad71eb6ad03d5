"""Embedding a batch through the gates: what is paid for is there, and evidence decides who is to blame."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio
import numpy as np
import pytest

from embedconsole.config.settings import RetryConfig
from embedconsole.faults import (
    BadInput,
    Fault,
    FaultClass,
    Refused,
    RefusesEverything,
    Transient,
    Unreachable,
)
from embedconsole.items import Embedded
from embedconsole.sync.resilience.gate import Gate, Interrupted
from embedconsole.sync.shared.report import Progress
from embedconsole.sync.worker.bisect import Rejection
from embedconsole.sync.worker.embed import EmbedderWitness, GatedEmbedder, KnownSize, embed_contents
from sync.dependency import state_of
from sync.makers import make_pipeline, make_recipe, make_row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedconsole.items import EmbedInput
    from embedconsole.sync.content.recipe import Content

pytestmark = pytest.mark.anyio

ONE_VECTOR = make_recipe()
TWO_VECTORS = make_recipe(
    make_pipeline(
        vectors={
            "text": {"embedder": "ml", "text": "{title}"},
            "image": {"embedder": "clip", "image": "{image_url}"},
        }
    )
)


@dataclass
class Scripted:
    """Embeds what `fault` says nothing against; knows what was asked, by the item's title or image."""

    fault: Callable[[str], Fault | str | None] = lambda asked: None
    name: str = "ml"
    identity: str = "test"
    batch_size: int = 2
    concurrency: int = 4
    price_per_1000: float | None = None
    asked: Counter[str] = field(default_factory=Counter)
    passing: frozenset[str] = frozenset()

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        asked = [entry.text.split("\n")[0] if entry.text else str(entry.image) for entry in inputs]
        self.asked.update(asked)
        rejected = {}
        for place, one in enumerate(asked):
            found = self.fault(one)
            if isinstance(found, Fault):
                raise found
            if found is not None:
                rejected[place] = found
        postponed = {place for place, reason in rejected.items() if reason in self.passing}
        vectors = np.ones((len(inputs), 4), dtype=np.float32)
        return Embedded(vectors, rejected, postponed=postponed, refused=rejected.keys() - postponed)

    async def health(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


def gated(embedder: Scripted) -> GatedEmbedder:
    gate = Gate("embedder ml", concurrency=4, patient=True, drained=anyio.Event())
    return GatedEmbedder(embedder, KnownSize(), gate, RetryConfig(call_attempts=1), Progress())


def contents(count: int) -> list[Content]:
    return [ONE_VECTOR.content(make_row(str(number))) for number in range(1, count + 1)]


async def test_a_piece_that_fails_does_not_take_the_others_vectors_along() -> None:
    away = Unreachable("ml", "connection refused")
    service = Scripted(lambda asked: away if asked in ("Product 3", "Product 4") else None)
    one = gated(service)
    items = contents(6)

    result = await embed_contents(items, {"": one}, {})

    assert result.vectors.keys() == {"1", "2", "5", "6"}
    assert result.ended_by is away
    assert result.rejected == {}
    service.fault = lambda asked: None
    again = await embed_contents(items, {"": one}, result.vectors)
    assert again.vectors.keys() == {"1", "2", "3", "4", "5", "6"}
    assert again.ended_by is None
    assert service.asked == Counter({f"Product {n}": 2 if n in (3, 4) else 1 for n in range(1, 7)})


async def test_an_item_whose_picture_is_away_is_tried_again_and_keeps_what_it_has() -> None:
    texts = Scripted()
    pictures = Scripted(
        lambda asked: "its host is away" if asked.endswith("1.jpg") else None,
        passing=frozenset({"its host is away"}),
    )
    both = {"text": gated(texts), "image": gated(pictures)}
    items = [TWO_VECTORS.content(make_row(key, image_url=f"{key}.jpg")) for key in ("1", "2")]

    result = await embed_contents(items, both, {})

    assert result.vectors.keys() == {"2"}
    assert result.rejected == {"1": Rejection(FaultClass.TRANSIENT, "its host is away")}
    assert {key: set(vectors) for key, vectors in result.partial.items()} == {"1": {"text"}}
    good = both["image"].pulse.known_good
    assert good is not None
    assert good.image == "2.jpg", "what speaks for the embedder is what it embedded"


async def test_what_another_worker_has_by_now_is_not_asked_for_again() -> None:
    """As after a sleep that was longer than the lease: the answer has timed out, and the items are taken."""
    service = Scripted(lambda asked: Transient("ml", "timed out"))
    one = replace(gated(service), retry=RetryConfig(call_attempts=3, call_delay=0))
    tries = 0

    async def fence() -> None:
        nonlocal tries
        tries += 1
        if tries > 1:
            raise Interrupted

    result = await embed_contents(contents(2), {"": one}, {}, fence)

    assert isinstance(result.ended_by, Interrupted)
    assert (result.vectors, result.rejected) == ({}, {})
    assert service.asked == {"Product 1": 1, "Product 2": 1}


async def test_what_ends_the_run_comes_before_what_is_tried_again() -> None:
    refused = Refused("ml", "the account is empty")
    service = Scripted(
        lambda asked: (
            refused if asked == "Product 5" else Unreachable("ml", "no") if asked == "Product 1" else None
        )
    )

    result = await embed_contents(contents(6), {"": gated(service)}, {})

    assert result.ended_by is refused
    assert result.vectors.keys() == {"3", "4"}


async def test_half_of_an_items_vectors_is_paid_for_once() -> None:
    text, image = Scripted(), Scripted(lambda asked: Unreachable("clip", "no"), name="clip")
    embedders = {"text": gated(text), "image": gated(image)}
    items = [TWO_VECTORS.content(make_row("1")), TWO_VECTORS.content(make_row("2", image_url=None))]

    result = await embed_contents(items, embedders, {})

    assert result.vectors.keys() == {"2"}, "it has no picture, so it lacks nothing"
    assert {key: list(vectors) for key, vectors in result.partial.items()} == {"1": ["text"]}
    image.fault = lambda asked: None
    again = await embed_contents(items[:1], embedders, result.partial)
    assert list(again.vectors["1"]) == ["text", "image"]
    assert text.asked == {"Product 1": 1, "Product 2": 1}


async def test_vectors_of_an_item_that_is_tried_again_are_kept_those_of_a_bad_one_are_not() -> None:
    kinds: dict[str, Fault] = {"1": Transient("clip", "500"), "2": BadInput("clip", "no picture")}
    image = Scripted(
        lambda asked: next((f for key, f in kinds.items() if f"/{key}." in asked), None), name="clip"
    )
    image.batch_size = 1
    embedders = {"text": gated(Scripted()), "image": gated(image)}
    embedders["image"].pulse.known_good = TWO_VECTORS.content(make_row("9")).inputs["image"]
    items = [TWO_VECTORS.content(make_row(key)) for key in ("1", "2", "3")]

    result = await embed_contents(items, embedders, {})

    assert {key: rejection.error_class for key, rejection in result.rejected.items()} == {
        "1": FaultClass.TRANSIENT,
        "2": FaultClass.ITEM,
    }
    assert result.partial.keys() == {"1"}
    assert result.vectors.keys() == {"3"}


async def test_a_lone_item_against_a_service_that_fails_everything_is_not_charged() -> None:
    service = Scripted(lambda asked: Transient("ml", "answered 503"))
    one = gated(service)

    for item in contents(2):
        result = await embed_contents([item], {"": one}, {})
        assert result.rejected == {}
        assert isinstance(result.ended_by, Transient)

    assert sum(service.asked.values()) == 4, "each asked once, and a sample each"
    assert one.gate.health.state == "ok", "two batches that failed"
    await embed_contents(contents(1), {"": one}, {})
    assert one.gate.health.state == "breaker open"


async def test_a_lone_item_that_a_living_service_stumbles_over_is_charged() -> None:
    service = Scripted(lambda asked: Transient("ml", "answered 500") if asked == "Product 1" else None)

    result = await embed_contents(contents(1), {"": gated(service)}, {})

    assert result.rejected["1"].error_class is FaultClass.TRANSIENT
    assert result.ended_by is None


async def test_a_model_that_answers_nan_to_everything_fails_no_item() -> None:
    service = Scripted(lambda asked: "its vector has NaN or infinity in it")

    result = await embed_contents(contents(4), {"": gated(service)}, {})

    assert result.rejected == {}
    assert isinstance(result.ended_by, Transient)
    assert "NaN" in str(result.ended_by)


async def witnessed(like: str, one: GatedEmbedder, *, since: int = 0) -> bool | None:
    entry = (TWO_VECTORS if like == "image" else ONE_VECTOR).content(make_row("1")).inputs
    witness = EmbedderWitness(one, entry["image" if like == "image" else ""], one.probe)
    return await witness.alive(since, 1)


async def test_the_witness_asks_a_sample_only_when_nothing_has_come_back_since() -> None:
    service = Scripted()
    one = gated(service)

    assert await witnessed("text", one) is True
    assert sum(service.asked.values()) == 1
    assert await witnessed("text", one) is True
    assert sum(service.asked.values()) == 1, "an answer has come since"
    assert await witnessed("text", one, since=one.pulse.sent) is True
    assert sum(service.asked.values()) == 2


@pytest.mark.parametrize(
    ("answer", "alive"),
    [
        (None, True),
        (BadInput("ml", "refused the input (422)"), None),
        ("its vector is null", None),
    ],
)
async def test_what_the_witness_makes_of_an_answer(answer: Fault | str | None, *, alive: bool | None) -> None:
    """The sample has no picture, as the item has: what it is refused for may be that."""
    assert await witnessed("text", gated(Scripted(lambda asked: answer))) is alive


@pytest.mark.parametrize("fault", [Transient("ml", "answered 500"), Unreachable("ml", "gone")])
async def test_a_sample_that_fails_in_passing_is_no_refusal(fault: Fault) -> None:
    with pytest.raises(Transient):
        await witnessed("text", gated(Scripted(lambda asked: fault)))


async def test_a_service_that_fetches_pictures_itself_is_known_by_one_that_it_embedded_before() -> None:
    service = Scripted(lambda asked: BadInput("ml", "no address") if asked.startswith("data:") else None)
    one = gated(service)
    assert await witnessed("image", one) is None
    (sample,) = service.asked

    one.pulse.known_good = TWO_VECTORS.content(make_row("9")).inputs["image"]

    assert await witnessed("image", one) is True
    assert service.asked == {sample: 2, "https://shop.example/9.jpg": 1}


async def test_a_picture_is_known_to_be_good_from_an_earlier_run() -> None:
    service = Scripted(lambda asked: BadInput("ml", "no address") if "/9.jpg" not in asked else None)

    async def remembered() -> EmbedInput:
        return TWO_VECTORS.content(make_row("9")).inputs["image"]

    assert await witnessed("image", replace(gated(service), remembered=remembered)) is True


async def test_what_many_items_have_in_common_a_sample_does_not_speak_for() -> None:
    service = Scripted(lambda asked: None if asked.startswith("embedconsole") else BadInput("ml", "no"))
    one = gated(service)
    like = ONE_VECTOR.content(make_row("1")).inputs[""]
    witness = EmbedderWitness(one, like, one.probe)

    assert await witness.alive(one.pulse.sent, 3) is True
    assert await witness.alive(one.pulse.sent, 50) is None


@pytest.mark.parametrize("answer", [BadInput("ml", "refused the input (400)"), "its vector is null"])
async def test_batches_that_are_refused_together_are_judged_once(answer: Fault | str) -> None:
    service = Scripted(lambda asked: answer, batch_size=8)
    one = gated(service)
    several = [[ONE_VECTOR.content(make_row(f"{batch}{n}")) for n in range(8)] for batch in range(4)]
    results = []

    async def embed(items: list[Content]) -> None:
        results.append(await embed_contents(items, {"": one}, {}))

    async with anyio.create_task_group() as group:
        for items in several:
            group.start_soon(embed, items)

    assert all(result.rejected == {} for result in results)
    assert all(isinstance(result.ended_by, RefusesEverything) for result in results)
    assert str(answer).partition(": ")[2] in str(results[0].ended_by)
    assert one.progress.embed_requests <= 4 + 6, "each once, and one of them looks further"
    assert one.progress.embed_items == 0
    assert state_of(one.gate) == "breaker open"


async def test_one_reply_of_a_wrong_size_costs_no_item() -> None:
    one = gated(Scripted(batch_size=4))
    await embed_contents(contents(1), {"": one}, {})
    one.size.size = 5  # as if this and the next replies had another size than before

    result = await embed_contents(contents(4), {"": one}, {})

    assert result.rejected == {}
    assert isinstance(result.ended_by, RefusesEverything)
    one.size.size = 4
    with anyio.fail_after(30):
        assert (await embed_contents(contents(4), {"": one}, {})).vectors.keys() == {"1", "2", "3", "4"}


async def test_how_much_fits_is_remembered() -> None:
    service = Scripted(batch_size=8)
    plain = service.embed

    async def embed(inputs: Sequence[EmbedInput]) -> Embedded:
        if len(inputs) > 3:
            raise BadInput("ml", "slightly too much for us")
        return await plain(inputs)

    service.embed = embed  # type: ignore[method-assign]
    one = gated(service)

    assert len((await embed_contents(contents(8), {"": one}, {})).vectors) == 8
    assert one.progress.embed_requests == 1 + 2 + 1 + 4, "with a sample"
    assert len((await embed_contents(contents(8), {"": one}, {})).vectors) == 8
    assert one.progress.embed_requests == 8 + 4
