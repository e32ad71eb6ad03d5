"""`/v1/embeddings` with the differences between those who speak it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from embedconsole.embedders.batching import SaidLimit, said_limit
from embedconsole.embedders.openai import address
from embedconsole.faults import Fault, Refused, Throttled, Transient
from embedconsole.items import EmbedInput
from embedders.backends import OPENAI, SECRET, SIZE
from support.embedding_service import Behaviour, EmbeddingService, expected_vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.items import Embedded
    from embedders.conftest import Make

pytestmark = pytest.mark.anyio

TEI_BATCH = '{"error":"batch size 10 > maximum allowed batch size 4","error_type":"Validation"}'
OPENAI_ARRAY = (
    '{"error":{"message":"Invalid \'input\': array too long. Expected an array with maximum length 4, but '
    'got an array with length 10 instead.","type":"invalid_request_error","param":"input","code":"x"}}'
)
OPENAI_TOKENS = (
    '{"error":{"message":"Requested 400000 tokens, max 300000 tokens per request",'
    '"type":"max_tokens_per_request","param":null,"code":"max_tokens_per_request"}}'
)
INFINITY = '{"detail":[{"type":"too_long","msg":"List should have at most 4 items after validation"}]}'
NGINX = "<html><head><title>413 Request Entity Too Large</title></head></html>"
TOO_LONG = '{"error":"`inputs` must have less than 512 tokens. Given: 700","error_type":"Validation"}'


def texts(count: int) -> list[EmbedInput]:
    return [EmbedInput(number, f"text {number}.", None) for number in range(count)]


def assert_right(result: Embedded, sent: Sequence[EmbedInput]) -> None:
    assert result.rejected == {}
    for row, entry in zip(result.vectors, sent, strict=True):
        np.testing.assert_array_equal(row, expected_vector({"text": entry.text}, SIZE))


async def test_request_to_the_letter(make: Make, embedding_service: EmbeddingService) -> None:
    await make(OPENAI, dimensions=8, extra={"user": "shop"}).embed(texts(2))
    stats = embedding_service.stats()
    assert stats.bodies == [
        {
            "user": "shop",
            "model": "text-embedding-3-small",
            "dimensions": 8,
            "input": ["text 0.", "text 1."],
            "encoding_format": "base64",
        }
    ]
    assert stats.headers[0]["authorization"] == f"Bearer {SECRET}"


async def test_an_address_that_names_the_door_itself(make: Make, embedding_service: EmbeddingService) -> None:
    embedder = make(OPENAI, url=f"{embedding_service.openai_url}/embeddings")
    assert_right(await embedder.embed(texts(2)), texts(2))


async def test_order_is_that_of_the_index(make: Make, embedding_service: EmbeddingService) -> None:
    embedding_service.behave(Behaviour("shuffle"))
    assert_right(await make(OPENAI).embed(texts(5)), texts(5))


@pytest.mark.parametrize("indices", [[0, 0], [0, 2], [1, "x"]])
async def test_an_index_that_names_nobody(
    make: Make, embedding_service: EmbeddingService, indices: list[object]
) -> None:
    data = ",".join(f'{{"index":{i!r},"embedding":[1,2,3,4,5,6,7,8]}}'.replace("'", '"') for i in indices)
    embedding_service.behave(Behaviour("body", status=200, body=f'{{"data":[{data}]}}'))
    with pytest.raises(Fault, match="index"):
        await make(OPENAI).embed(texts(2))


async def test_a_server_without_base64_is_asked_for_numbers_from_then_on(
    make: Make, embedding_service: EmbeddingService
) -> None:
    body = '{"error":{"message":"encoding_format: unsupported value base64","type":"invalid_request_error"}}'
    embedding_service.behave(Behaviour("status", status=400, body=body, times=1))
    embedder = make(OPENAI)
    assert_right(await embedder.embed(texts(2)), texts(2))
    assert_right(await embedder.embed(texts(3)), texts(3))
    formats = [body["encoding_format"] for body in embedding_service.stats().bodies]
    assert formats == ["base64", "float", "float"]


_EXTRA = '{"detail":[{"type":"extra_forbidden","loc":["body","encoding_format"],"msg":"Not permitted"}]}'


@pytest.mark.parametrize(
    ("status", "body", "times", "formats"),
    [
        (400, '{"detail":"extra fields not permitted: [\'encoding_format\']"}', 2, [None, None]),
        (422, _EXTRA, 2, [None, None]),
        (500, '{"error":{"message":"no support for parameters: encoding_format"}}', 1, ["float", "float"]),
        (500, "Internal Server Error", 1, ["float", "float"]),
    ],
)
async def test_a_server_that_knows_no_encoding_is_asked_for_none(
    make: Make, embedding_service: EmbeddingService, status: int, body: str, times: int, formats: list[str]
) -> None:
    embedding_service.behave(Behaviour("status", status=status, body=body, times=times))
    embedder = make(OPENAI)
    for _ in range(2):
        assert_right(await embedder.embed(texts(2)), texts(2))
    sent = embedding_service.stats().bodies
    assert [one.get("encoding_format") for one in sent[-2:]] == formats
    assert len(sent) == times + 2


async def test_a_server_that_fails_at_everything_is_no_sign_of_an_encoding(
    make: Make, embedding_service: EmbeddingService
) -> None:
    embedding_service.behave(Behaviour("status", status=500, times=2))
    embedder = make(OPENAI)
    with pytest.raises(Transient):
        await embedder.embed(texts(2))
    await embedder.embed(texts(2))
    assert embedding_service.stats().bodies[-1]["encoding_format"] == "base64"


async def test_an_encoding_that_the_operator_names_is_the_only_one_asked_for(
    make: Make, embedding_service: EmbeddingService
) -> None:
    embedder = make(OPENAI, extra={"encoding_format": "float"})
    assert_right(await embedder.embed(texts(2)), texts(2))
    assert [one["encoding_format"] for one in embedding_service.stats().bodies] == ["float"]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("http://ml/v1", "http://ml/v1/embeddings"),
        ("http://ml/v1/", "http://ml/v1/embeddings"),
        ("http://ml/v1/embeddings/", "http://ml/v1/embeddings"),
        ("http://ml/dep?api-version=2024-02-01", "http://ml/dep/embeddings?api-version=2024-02-01"),
        ("http://ml/dep/embeddings?api-version=1", "http://ml/dep/embeddings?api-version=1"),
    ],
)
def test_the_address_that_is_asked(written: str, asked: str) -> None:
    assert address(written) == asked


_SAID = {
    "Value error, batch size is invalid, it should not be larger than 10.: input.contents": 10,
    "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch": 100,
    "The batch size limit is 1000. Your batch size is 1200.": 1000,
    "Invalid 'input': input array must have 2048 elements or less": 2048,
    "invalid request: total number of texts must be at most 96 - received 100": 96,
}


@pytest.mark.parametrize(("text", "count"), _SAID.items())
def test_limits_of_inputs_in_the_words_of_services(text: str, count: int) -> None:
    assert said_limit(400, text) == SaidLimit(count=count)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (
            "The max allowed tokens per submitted batch is 120000. Your batch has 480000 tokens after "
            "truncation. Please lower the number of tokens in the batch.",
            0.225,
        ),
        ("Too many tokens in batch. Max is 16384 got 32768", 0.45),
        ("Invalid 'input': maximum request size is 300000 tokens per request.", None),
        ("INVALID_ARGUMENT: Request payload size exceeds the limit: 4194304 bytes.", None),
    ],
)
def test_limits_of_tokens_in_the_words_of_services(text: str, share: float | None) -> None:
    assert said_limit(400, text) == SaidLimit(share=share)


@pytest.mark.parametrize(
    ("status", "body"), [(413, TEI_BATCH), (422, TEI_BATCH), (400, OPENAI_ARRAY), (422, INFINITY)]
)
async def test_a_limit_of_inputs_is_learnt_once(
    make: Make, embedding_service: EmbeddingService, status: int, body: str
) -> None:
    embedding_service.behave(Behaviour("status", status=status, body=body, more_than=4))
    embedder = make(OPENAI)
    assert_right(await embedder.embed(texts(10)), texts(10))
    assert embedder.batch_size == 4
    before = embedding_service.stats().requests
    assert before == 4, "one refused, then 4 + 4 + 2"
    assert_right(await embedder.embed(texts(10)), texts(10))
    assert embedding_service.stats().requests == before + 3
    assert embedding_service.stats().items == 20, "none is paid for twice"


@pytest.mark.parametrize(("status", "body"), [(400, OPENAI_TOKENS), (413, NGINX), (413, "")])
async def test_a_limit_of_the_whole_request_is_learnt(
    make: Make, embedding_service: EmbeddingService, status: int, body: str
) -> None:
    embedding_service.behave(Behaviour("status", status=status, body=body, more_than=5))
    embedder = make(OPENAI)
    assert_right(await embedder.embed(texts(10)), texts(10))
    before = embedding_service.stats().requests
    assert_right(await embedder.embed(texts(10)), texts(10))
    refused = embedding_service.stats().statuses[str(status)]
    assert refused == 1, "asked once too much, never again"
    assert embedding_service.stats().requests - before < before


async def test_one_text_that_is_too_long_makes_no_request_smaller(
    make: Make, embedding_service: EmbeddingService
) -> None:
    embedding_service.behave(Behaviour("status", status=413, body=TOO_LONG, mark="text 3."))
    embedder = make(OPENAI)
    with pytest.raises(Fault, match="512 tokens"):
        await embedder.embed(texts(5))
    assert "512 tokens" in (await embedder.embed(texts(4)[3:])).rejected[0]
    assert embedder.batch_size == 100


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error":{"message":"This model does not support specifying dimensions."}}', Refused),
        (400, '{"error":{"message":"Invalid model name passed in model=x"}}', Refused),
        (404, '{"error":{"message":"model \\"x\\" not found, try pulling it first"}}', Refused),
        (429, '{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}', Refused),
        (429, '{"error":{"message":"Rate limit reached. Please try again in 20ms."}}', Throttled),
    ],
)
async def test_errors_that_no_other_input_would_escape(
    make: Make, embedding_service: EmbeddingService, status: int, body: str, kind: type[Fault]
) -> None:
    embedding_service.behave(Behaviour("status", status=status, body=body))
    with pytest.raises(kind) as caught:
        await make(OPENAI).embed(texts(1))
    if isinstance(caught.value, Throttled):
        assert caught.value.retry_after == pytest.approx(0.02)


@pytest.mark.parametrize("images", ["modality", "object"])
async def test_images(make: Make, embedding_service: EmbeddingService, images: str) -> None:
    sent = [EmbedInput(number, None, f"https://x/{number}.jpg") for number in range(40)]
    result = await make(OPENAI, images=images).embed([EmbedInput(99, "Mug", None), *sent])
    np.testing.assert_array_equal(result.vectors[0], expected_vector({"text": "Mug"}, SIZE))
    for row, entry in zip(result.vectors[1:], sent, strict=True):
        np.testing.assert_array_equal(row, expected_vector({"image": entry.image}, SIZE))
    counts = sorted(len(body["input"]) for body in embedding_service.stats().bodies)  # type: ignore[arg-type]
    assert counts == [1, 8, 32], "texts and images apart, no more than 32 images"


async def test_normalized(make: Make) -> None:
    plain = (await make(OPENAI).embed(texts(3))).vectors
    unit = (await make(OPENAI, normalize=True).embed(texts(3))).vectors
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1.0, rtol=1e-6)
    lengths = np.linalg.norm(plain, axis=1, keepdims=True)
    np.testing.assert_allclose(unit * lengths, plain, rtol=1e-5)
