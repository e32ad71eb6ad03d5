"""What every embedder does, over the wire where there is one: right vectors or the right class of fault."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import numpy as np
import pytest

from embedconsole.config.sections.embedders.fastembed import FastembedConfig
from embedconsole.config.sections.embedders.hashing import HashingConfig
from embedconsole.embedders.build import build_embedder
from embedconsole.faults import BadInput, Fault, Refused, Throttled, Transient
from embedconsole.items import EmbedInput
from embedders.backends import SECRET, SINGLE, SIZE, Backend, inputs
from support.embedding_service import Behaviour, EmbeddingService, expected_vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.items import Embedded
    from embedders.conftest import Make
    from support.tiny_models import TinyModels

pytestmark = pytest.mark.anyio


def assert_vectors_of(result: Embedded, sent: Sequence[EmbedInput], backend: Backend) -> None:
    """Every accepted row is the vector of just its input, every rejected row is zero."""
    assert result.vectors.dtype == np.float32
    assert result.vectors.shape == (len(sent), SIZE)
    for index, entry in enumerate(sent):
        right = expected_vector(backend.sent(entry), SIZE)
        if index in result.rejected:
            right = np.zeros(SIZE, dtype=np.float32)
        np.testing.assert_array_equal(result.vectors[index], right)


async def fails_with(kind: type[Fault], make: Make, backend: Backend) -> Fault:
    with pytest.raises(Fault) as caught:
        await make(backend).embed(backend.inputs(4))
    fault = caught.value
    assert isinstance(fault, kind)
    assert fault.source == "embedding service ml"
    assert "\n" not in str(fault)
    assert len(fault.message) < 400
    return fault


async def test_order_is_kept(make: Make, backend: Backend) -> None:
    embedder = make(backend)
    sent = backend.inputs(23)
    result = await embedder.embed(sent)
    assert result.rejected == {}
    assert_vectors_of(result, sent, backend)


async def test_items_request_to_the_letter(make: Make, embedding_service: EmbeddingService) -> None:
    await make().embed(
        [
            EmbedInput(7, "t", "https://x/y.jpg", {"name": "Mug", "description": "Blue"}),
            EmbedInput("sku-8", "only text", None),
        ]
    )
    stats = embedding_service.stats()
    assert stats.bodies == [
        {
            "items": [
                {"product_id": 7, "name": "Mug", "description": "Blue", "image_url": "https://x/y.jpg"},
                {"product_id": "sku-8", "name": "only text", "description": "", "image_url": None},
            ]
        }
    ]
    assert stats.headers[0]["authorization"] == f"Bearer {SECRET}"
    assert stats.headers[0]["content-type"] == "application/json"


async def test_single_request_to_the_letter(make: Make, embedding_service: EmbeddingService) -> None:
    embedder = make(SINGLE, concurrency=1)
    await embedder.embed([EmbedInput(7, "Mug", None, {"name": "x"}), EmbedInput(8, None, "https://x/y.jpg")])
    assert embedding_service.stats().bodies == [
        {"text": "Mug", "image_url": None},
        {"text": None, "image_url": "https://x/y.jpg"},
    ]


async def test_inputs_with_nothing_in_them_are_not_sent(
    make: Make, embedding_service: EmbeddingService, backend: Backend
) -> None:
    embedder = make(backend)
    sent = backend.inputs(3)
    sent[1] = EmbedInput(1, " ", None, {"name": "", "description": "\n"})
    result = await embedder.embed(sent)
    assert list(result.rejected) == [1]
    assert "nothing to embed" in result.rejected[1]
    assert_vectors_of(result, sent, backend)
    assert embedding_service.stats().items == 2
    nothing = await embedder.embed([sent[1]])
    assert list(nothing.rejected) == [0]
    assert (await embedder.embed([])).vectors.shape[0] == 0


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (Behaviour("component", token="NaN", mark="text 2."), "NaN or infinity"),
        (Behaviour("component", token="-Infinity", mark="text 2."), "NaN or infinity"),
        (Behaviour("component", token="1e999", mark="text 2."), "NaN or infinity"),
        (Behaviour("component", token="1e39", mark="text 2."), "beyond float32|infinity"),
        (Behaviour("component", token="null", mark="text 2."), "not a number"),
        (Behaviour("component", token='"0.5"', mark="text 2."), "not a number"),
        (Behaviour("component", token="true", mark="text 2."), "not a number"),
        (Behaviour("null", mark="text 2."), "null"),
        (Behaviour("zeros", mark="text 2."), "all zeros"),
        (Behaviour("size", size=7, mark="text 2."), "7 dimensions, expected 8"),
    ],
    ids=lambda value: f"{value.do}-{value.token}" if isinstance(value, Behaviour) else "",
)
async def test_one_bad_vector_is_rejected_alone(
    make: Make, embedding_service: EmbeddingService, backend: Backend, spoil: Behaviour, reason: str
) -> None:
    embedding_service.behave(spoil)
    sent = backend.inputs(5)
    result = await make(backend).embed(sent)
    assert list(result.rejected) == [2]
    assert re.search(reason, result.rejected[2])
    assert_vectors_of(result, sent, backend)


@pytest.mark.parametrize("status", [400, 415, 422])
async def test_poison_item(
    make: Make, embedding_service: EmbeddingService, backend: Backend, status: int
) -> None:
    embedding_service.behave(Behaviour("status", status=status, mark="text 2."))
    embedder = make(backend)
    sent = backend.inputs(4)
    if backend.batches:
        with pytest.raises(BadInput, match=str(status)):
            await embedder.embed(sent)
    else:
        result = await embedder.embed(sent)
        assert list(result.rejected) == [2]
        assert str(status) in result.rejected[2]
        assert_vectors_of(result, sent, backend)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "7"}, None, 7.0),
        (
            {"Retry-After": "Wed, 01 Jan 2025 00:00:30 GMT", "Date": "Wed, 01 Jan 2025 00:00:00 GMT"},
            None,
            30.0,
        ),
        ({}, None, None),
        ({}, '{"detail": "Your rate limit resets in ~30s."}', 30.0),
    ],
    ids=["seconds", "date", "unsaid", "words"],
)
async def test_throttled(
    make: Make,
    embedding_service: EmbeddingService,
    backend: Backend,
    headers: dict[str, str],
    body: str | None,
    seconds: float | None,
) -> None:
    embedding_service.behave(Behaviour("status", status=429, headers=headers, body=body))
    fault = await fails_with(Throttled, make, backend)
    assert isinstance(fault, Throttled)
    assert fault.retry_after == seconds


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour("status", status=500),
        Behaviour("status", status=503),
        Behaviour("status", status=408),
        Behaviour("drop"),
        Behaviour("hangup"),
        Behaviour("truncate"),
        Behaviour("html"),
        Behaviour("body", status=200, body=""),
        Behaviour("body", status=200, headers={"Content-Encoding": "gzip"}, body="no gzip"),
    ],
    ids=lambda behaviour: f"{behaviour.do}-{behaviour.status}",
)
async def test_transient(
    make: Make, embedding_service: EmbeddingService, backend: Backend, behaviour: Behaviour
) -> None:
    embedding_service.behave(behaviour)
    await fails_with(Transient, make, backend)


@pytest.mark.parametrize(("status", "said"), [(200, "answered more than"), (500, "answered 500: x")])
async def test_an_endless_reply_is_not_read(
    make: Make, embedding_service: EmbeddingService, backend: Backend, status: int, said: str
) -> None:
    embedding_service.behave(Behaviour("huge", status=status, megabytes=1_000_000))
    assert said in (await fails_with(Transient, make, backend)).message


async def test_recovers_on_the_same_connection_pool(
    make: Make, embedding_service: EmbeddingService, backend: Backend
) -> None:
    embedder = make(backend)
    for behaviour in (Behaviour("drop"), Behaviour("huge"), Behaviour("truncate")):
        embedding_service.behave(behaviour)
        with pytest.raises(Transient):
            await embedder.embed(backend.inputs(4))
    await anyio.to_thread.run_sync(embedding_service.restart)
    assert_vectors_of(await embedder.embed(backend.inputs(4)), backend.inputs(4), backend)


async def test_stalled_and_unreachable(
    make: Make, embedding_service: EmbeddingService, backend: Backend
) -> None:
    embedding_service.behave(Behaviour("stall"))
    embedder = make(backend, timeout=0.2)
    with anyio.fail_after(10), pytest.raises(Transient, match=r"0.2 s"):
        await embedder.embed(backend.inputs(2))
    embedding_service.stop()
    with pytest.raises(Transient, match="can't be reached"):
        await embedder.embed(backend.inputs(2))
    embedding_service.start()


@pytest.mark.parametrize("delta", [-1, 1])
async def test_wrong_count(
    make: Make, embedding_service: EmbeddingService, batching: Backend, delta: int
) -> None:
    embedding_service.behave(Behaviour("count", delta=delta))
    fault = await fails_with(BadInput, make, batching)
    assert "for 4 items" in fault.message


async def test_wrong_size_of_all(make: Make, embedding_service: EmbeddingService, backend: Backend) -> None:
    embedding_service.behave(Behaviour("size", size=5, at=None))
    fault = await fails_with(Refused, make, backend)
    assert "answers 5 dimensions, the collection has 8" in fault.message
    assert fault.remedy


async def test_another_size_than_before_may_be_right_the_next_time(
    make: Make, embedding_service: EmbeddingService, backend: Backend
) -> None:
    embedder = make(backend)
    await embedder.embed(backend.inputs(2))
    embedding_service.behave(Behaviour("size", size=5, at=None))
    for count in (1, 2):
        answer = await embedder.embed(backend.inputs(count))
        assert set(answer.rejected) == answer.postponed == answer.refused == set(range(count))


@pytest.mark.parametrize("status", [401, 402, 403, 404, 410, 301, 307, 405])
async def test_refused(
    make: Make, embedding_service: EmbeddingService, backend: Backend, status: int
) -> None:
    embedding_service.behave(Behaviour("status", status=status, body=f'{{"detail": "bad key {SECRET}"}}'))
    fault = await fails_with(Refused, make, backend)
    assert SECRET not in str(fault)
    assert fault.remedy
    assert "embedders.ml" in fault.remedy or status == 402


async def test_missing_token(backend: Backend, make: Make) -> None:
    with EmbeddingService(size=SIZE, token="the right one", in_process=True) as service:
        embedder = make(backend, service=service)
        with pytest.raises(Refused, match="refused the key") as caught:
            await embedder.embed(backend.inputs(2))
        (setting,) = backend.secret
        assert f"Set its token in embedders.ml.{setting}" in str(caught.value)
        right = make(backend, service=service, **backend.with_secret("the right one"))
        assert_vectors_of(await right.embed(backend.inputs(2)), backend.inputs(2), backend)


async def test_another_shape_is_refused_with_what_to_check(
    make: Make, embedding_service: EmbeddingService, backend: Backend
) -> None:
    embedding_service.behave(Behaviour("body", status=200, body='{"result": []}'))
    fault = await fails_with(Refused, make, backend)
    assert fault.remedy is not None
    assert "embedders.ml.url" in fault.remedy


async def test_gzip(make: Make, embedding_service: EmbeddingService, backend: Backend) -> None:
    embedding_service.behave(Behaviour("gzip"))
    assert_vectors_of(await make(backend).embed(backend.inputs(3)), backend.inputs(3), backend)


async def test_strange_texts_and_ids(
    make: Make, embedding_service: EmbeddingService, backend: Backend
) -> None:
    strange = ["\ud800 lone", "nul \x00", "x" * 1_000_000, "قهوة ☕", '"quotes" \\ [brackets] {braces}']
    sent = [EmbedInput(10**30 + at, text, None, {"name": text}) for at, text in enumerate(strange)]
    result = await make(backend).embed(sent)
    assert result.rejected == {}
    assert embedding_service.stats().items == len(strange)


async def test_size_is_learnt_when_none_is_expected(make: Make, backend: Backend) -> None:
    assert (await make(backend, expected_size=None).embed(backend.inputs(3))).vectors.shape == (3, SIZE)


@pytest.mark.parametrize("size", [8, 512])
async def test_hashing_fulfils_the_same(size: int) -> None:
    embedder = build_embedder("demo", HashingConfig(type="hashing", size=size))
    sent = [*inputs(3), EmbedInput(9, "", None), EmbedInput(10, None, "https://x/red-mug.jpg")]
    result = await embedder.embed(sent)
    assert result.vectors.dtype == np.float32
    assert result.vectors.shape == (5, size)
    assert list(result.rejected) == [3]
    alone = await embedder.embed(sent[1:2])
    np.testing.assert_array_equal(alone.vectors[0], result.vectors[1])
    await embedder.aclose()


async def test_fastembed_fulfils_the_same(tiny_models: TinyModels) -> None:
    """Its models are the tests' own; more of it in test_embedders_fastembed.py."""
    config = FastembedConfig(type="fastembed", model="Qdrant/clip-ViT-B-32-text", path=tiny_models.text)
    embedder = build_embedder("ml", config, expected_size=SIZE)
    sent = [replace(entry, image=None) for entry in inputs(100)]
    sent[3] = EmbedInput(3, " ", None)
    sent[7] = EmbedInput(7, "\N{SKULL AND CROSSBONES}", None)  # NaN in its vector
    result = await embedder.embed(sent)
    assert result.vectors.dtype == np.float32
    assert result.vectors.shape == (100, SIZE)
    assert list(result.rejected) == [3, 7]
    assert "nothing to embed" in result.rejected[3]
    assert "NaN" in result.rejected[7]
    assert not result.vectors[[3, 7]].any()
    for index in (0, 2, 31, 32, 99):
        alone = await embedder.embed([sent[index]])
        np.testing.assert_allclose(alone.vectors[0], result.vectors[index], rtol=1e-5)
    strange = ["\ud800 lone", "nul \x00", "x" * 100_000, "قهوة ☕", '"quotes" \\ [brackets] {braces}']
    assert (await embedder.embed([EmbedInput(10**30, text, None) for text in strange])).rejected == {}
    assert (await embedder.embed([])).vectors.shape[0] == 0
    await embedder.aclose()
    with pytest.raises(Refused, match="answers 8 dimensions, the collection has 768"):
        await build_embedder("ml", config, expected_size=768).embed(sent[:2])
