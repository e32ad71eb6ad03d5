"""Replicate's own ways: predictions that take their time, are collected later, or fail."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING

import anyio.to_thread
import numpy as np
import orjson
import pytest

from embedconsole.embedders import replicate
from embedconsole.embedders.tickets import TicketsInMemory
from embedconsole.faults import BadInput, Fault, Refused, Throttled, Transient
from embedconsole.items import EmbedInput
from embedconsole.retry import Pauses
from embedders.backends import REPLICATE, REPLICATE_LINES, SECRET, SIZE
from support.embedding_service import Behaviour, EmbeddingService, expected_vector

if TYPE_CHECKING:
    from embedders.conftest import Make

pytestmark = pytest.mark.anyio

MUG = EmbedInput(1, "Mug", None)
NEVER: dict[str, object] = {"looks": 1_000_000}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicate, "PREDICTION_LOOK", Pauses(first=0.01, longest=0.01))


def assert_mug(vectors: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    np.testing.assert_array_equal(vectors[0], expected_vector({"text": "Mug"}, SIZE))


async def test_an_official_model_to_the_letter(make: Make, embedding_service: EmbeddingService) -> None:
    embedder = make(REPLICATE, concurrency=1, extra={"seed": 7}, timeout=120)
    await embedder.embed(
        [MUG, EmbedInput(2, None, "https://x/y.jpg"), EmbedInput(3, None, "data:image/png,x")]
    )
    stats = embedding_service.stats()
    assert stats.bodies == [
        {"input": {"seed": 7, "text": "Mug"}},
        {"input": {"seed": 7, "image": "https://x/y.jpg"}},
        {"input": {"seed": 7, "image": "data:image/png,x"}},
    ]
    sent = stats.headers[0]
    assert (sent["authorization"], sent["prefer"]) == (f"Bearer {SECRET}", "wait=2")
    assert sent["cancel-after"] == "720s", "Replicate stops what nobody came for"


@pytest.mark.parametrize("wait", [0, 30])
async def test_a_pinned_version_to_the_letter(
    make: Make, embedding_service: EmbeddingService, wait: int
) -> None:
    await make(REPLICATE, model="old/clip:01d0e6f3c1", wait=wait).embed([MUG])
    stats = embedding_service.stats()
    assert stats.bodies == [{"version": "01d0e6f3c1", "input": {"text": "Mug"}}]
    assert stats.headers[0].get("prefer") == (f"wait={wait}" if wait else None)


async def test_many_inputs_are_lines_of_one_prediction(
    make: Make, embedding_service: EmbeddingService
) -> None:
    sent = [
        EmbedInput(1, "two\nlines\r\n and \u2028 more", None),
        EmbedInput(2, None, "https://x/y.jpg"),
        EmbedInput(3, "https://looks.like/an-image.jpg is a text", None),
        EmbedInput(4, None, "data:image/png;base64,AAAA"),
        EmbedInput(5, None, "./local.jpg"),
        EmbedInput(6, "Mug", None),
    ]
    result = await make(REPLICATE_LINES).embed(sent)
    (body,) = embedding_service.stats().bodies
    assert body["input"] == {"inputs": "two lines and more\nhttps://x/y.jpg\nMug"}
    assert {index: why[:8] for index, why in result.rejected.items()} == {
        2: "its text",
        3: "its imag",
        4: "its imag",
    }
    np.testing.assert_array_equal(result.vectors[5], expected_vector({"text": "Mug"}, SIZE))
    assert result.requests == 1


async def test_a_prediction_that_takes_a_while_is_looked_at_again(
    make: Make, embedding_service: EmbeddingService
) -> None:
    embedding_service.behave(Behaviour("prediction", prediction={"looks": 3}))
    tickets = TicketsInMemory()
    assert_mug((await make(REPLICATE, tickets=tickets).embed([MUG])).vectors)
    stats = embedding_service.stats()
    assert (stats.predictions, stats.looks) == (1, 4)
    assert tickets.tickets == [], "what has been collected is forgotten"


async def test_an_output_that_is_there_before_the_status_says_so(
    make: Make, embedding_service: EmbeddingService
) -> None:
    early: dict[str, object] = {"status": "processing", "output": {"embedding": [0.5] * SIZE}}
    embedding_service.behave(Behaviour("prediction", created=early, prediction=NEVER))
    result = await make(REPLICATE).embed([MUG])
    assert result.vectors.tolist() == [[0.5] * SIZE]
    assert embedding_service.stats().looks == 0


async def test_a_part_of_the_output_is_waited_for(make: Make, embedding_service: EmbeddingService) -> None:
    first = {"input": "Mug", "embedding": [0.5] * SIZE}
    part: dict[str, object] = {"status": "processing", "output": [first]}
    embedding_service.behave(Behaviour("prediction", created=part))
    result = await make(REPLICATE_LINES).embed([MUG, EmbedInput(2, "Cup", None)])
    assert result.rejected == {}
    assert_mug(result.vectors)


async def test_a_prediction_that_takes_too_long_is_collected_by_the_next_try(
    make: Make, embedding_service: EmbeddingService
) -> None:
    """Also by another embedder that knows the tickets, as after a restart."""
    embedding_service.behave(Behaviour("prediction", prediction={"looks": 30}, times=1))
    tickets = TicketsInMemory()
    with pytest.raises(Transient, match="no result after"):
        await make(REPLICATE, tickets=tickets, timeout=0.05).embed([MUG])
    assert tickets.tickets == ["p1"]
    assert_mug((await make(REPLICATE, tickets=tickets).embed([MUG])).vectors)
    stats = embedding_service.stats()
    assert (stats.predictions, stats.items, stats.cancelled) == (1, 1, [])
    assert tickets.tickets == []


@pytest.mark.parametrize(
    "left", [None, {"status": "canceled"}, {"status": "succeeded", "output": None}], ids=str
)
async def test_what_can_no_longer_be_collected_is_ordered_again(
    make: Make, embedding_service: EmbeddingService, left: dict[str, object] | None
) -> None:
    """Replicate has forgotten it, has stopped it, or has removed its output."""
    embedding_service.behave(Behaviour("prediction", prediction={"looks": 10, **(left or {})}, times=1))
    tickets = TicketsInMemory()
    with pytest.raises(Transient):
        await make(REPLICATE, tickets=tickets, timeout=0.05).embed([MUG])
    if left is None:
        await anyio.to_thread.run_sync(embedding_service.restart)
    else:
        await anyio.to_thread.run_sync(look_until_ended, embedding_service, left["status"])
    assert_mug((await make(REPLICATE, tickets=tickets).embed([MUG])).vectors)
    assert embedding_service.stats().items == 2
    assert tickets.tickets == []


def look_until_ended(service: EmbeddingService, status: object) -> None:
    while True:
        with urllib.request.urlopen(f"{service.replicate_url}/v1/predictions/p1") as reply:
            if orjson.loads(reply.read())["status"] == status:
                return


async def test_without_a_place_for_tickets_the_end_cancels(
    make: Make, embedding_service: EmbeddingService
) -> None:
    embedding_service.behave(Behaviour("prediction", prediction=NEVER))
    embedder = make(REPLICATE, timeout=0.05)
    with pytest.raises(Transient):
        await embedder.embed([MUG])
    await embedder.aclose()
    assert embedding_service.stats().cancelled == ["p1"]


@pytest.mark.parametrize(
    ("ended", "kind", "said"),
    [
        ({"status": "failed", "error": "Invalid image: not a picture"}, BadInput, "Invalid image"),
        ({"status": "failed", "error": None}, BadInput, "without a reason"),
        ({"status": "failed", "error": {"code": 7, "message": "odd"}}, BadInput, "odd"),
        ({"status": "failed", "error": "CUDA out of memory."}, Transient, "CUDA"),
        ({"status": "failed", "error": "Prediction interrupted; please retry (code: PA)"}, Transient, "PA"),
        ({"status": "failed", "error": "Director: unexpected error handling (E8765)"}, Transient, "E8765"),
        ({"status": "canceled"}, Transient, "cancelled"),
        ({"status": "aborted"}, Transient, "cancelled"),
    ],
    ids=lambda value: str(value.get("error") or value["status"]) if isinstance(value, dict) else "",
)
async def test_a_prediction_that_ends_without_an_output(
    make: Make,
    embedding_service: EmbeddingService,
    ended: dict[str, object],
    kind: type[Fault],
    said: str,
) -> None:
    embedding_service.behave(Behaviour("prediction", prediction={"output": None, **ended}))
    embedder = make(REPLICATE)
    if kind is BadInput:
        assert said in (await embedder.embed([MUG])).rejected[0]
    else:
        with pytest.raises(kind, match=said):
            await embedder.embed([MUG])
    assert embedding_service.stats().predictions == 1


async def test_one_failed_download_fails_the_batch_and_is_isolated_by_the_caller(
    make: Make, embedding_service: EmbeddingService
) -> None:
    failed: dict[str, object] = {"status": "failed", "output": None, "error": "HTTP Error 404: Not Found"}
    embedding_service.behave(Behaviour("prediction", mark="gone.jpg", prediction=failed))
    embedder = make(REPLICATE_LINES)
    with pytest.raises(BadInput, match="404"):
        await embedder.embed([MUG, EmbedInput(2, None, "https://x/gone.jpg")])
    assert (await embedder.embed([MUG])).rejected == {}
    assert list((await embedder.embed([EmbedInput(2, None, "https://x/gone.jpg")])).rejected) == [0]


@pytest.mark.parametrize(
    ("output", "vector"),
    [
        ({"embedding": [1.0] * SIZE}, [1.0] * SIZE),
        ([{"embedding": [1.0] * SIZE}], [1.0] * SIZE),
        ([{"input": "Mug", "embedding": [1.0] * SIZE}], [1.0] * SIZE),
        ({"embeddings": [[1.0] * SIZE]}, [1.0] * SIZE),
        ([1.0] * SIZE, [1.0] * SIZE),
        ([{"input": "Cup", "embedding": [1.0] * SIZE}], None),
        ([{"embedding": None}], None),
    ],
)
async def test_shapes_of_output(
    make: Make, embedding_service: EmbeddingService, output: object, vector: list[float] | None
) -> None:
    embedding_service.behave(Behaviour("prediction", prediction={"output": output}))
    result = await make(REPLICATE).embed([MUG])
    assert list(result.rejected) == ([] if vector else [0])
    if vector:
        assert result.vectors.tolist() == [vector]


async def test_pairs_in_another_order_are_put_right(make: Make, embedding_service: EmbeddingService) -> None:
    pairs = [{"input": word, "embedding": [float(at)] * SIZE} for at, word in enumerate(("b", "a"), 1)]
    embedding_service.behave(Behaviour("prediction", prediction={"output": pairs}))
    result = await make(REPLICATE_LINES).embed([EmbedInput(1, "a", None), EmbedInput(2, "b", None)])
    assert result.vectors[:, 0].tolist() == [2.0, 1.0]


@pytest.mark.parametrize("output", ["a text", {"text": "words"}, [["x"]], "https://replicate.delivery/x.png"])
async def test_a_model_that_answers_no_embeddings(
    make: Make, embedding_service: EmbeddingService, output: object
) -> None:
    embedding_service.behave(Behaviour("prediction", prediction={"output": output}))
    embedder = make(REPLICATE)
    if output == [["x"]]:
        with pytest.raises(Refused):
            await embedder.embed([MUG])
    else:
        with pytest.raises(Refused, match=r"without an embedding.*embedders\.ml\.model"):
            await embedder.embed([MUG])


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (
            401,
            '{"title":"Unauthenticated","detail":"Invalid token.","status":401}',
            Refused,
            "REPLICATE_API_",
        ),
        (402, '{"title":"Insufficient credit","detail":"Out of credit","status":402}', Refused, "credit"),
        (404, '{"detail":"The requested resource could not be found.","status":404}', Refused, "owner/name:"),
        (
            422,
            '{"title":"Invalid version or not permitted","detail":"The specified version does not exist"}',
            Refused,
            "owner/name:version",
        ),
        (
            422,
            '{"title":"Input validation failed","detail":"- input: image is required\\n"}',
            Refused,
            "text_input",
        ),
        (429, '{"detail":"Request was throttled. Your rate limit resets in ~30s."}', Throttled, "throttled"),
        (500, "[]", Transient, "500"),
        (502, "<html><title>Bad Gateway</title></html>", Transient, "Bad Gateway"),
        (500, '"just a text"', Transient, "just a text"),
    ],
)
async def test_errors(
    make: Make,
    embedding_service: EmbeddingService,
    status: int,
    body: str,
    kind: type[Fault],
    said: str,
) -> None:
    embedding_service.behave(Behaviour("status", status=status, body=body))
    with pytest.raises(kind) as caught:
        await make(REPLICATE).embed([MUG])
    assert said in str(caught.value)
    if isinstance(caught.value, Throttled):
        assert caught.value.retry_after == 30.0


async def test_an_input_that_the_model_refuses_is_the_items_fault(
    make: Make, embedding_service: EmbeddingService
) -> None:
    body = '{"title":"Input validation failed","detail":"- input.image: Does not match format \'uri\'\\n"}'
    embedding_service.behave(Behaviour("status", status=422, body=body))
    result = await make(REPLICATE).embed([EmbedInput(1, None, "https://x/ y")])
    assert "Does not match format" in result.rejected[0]


async def test_ratelimit_reset_of_the_header(make: Make, embedding_service: EmbeddingService) -> None:
    embedding_service.behave(Behaviour("status", status=429, headers={"ratelimit-reset": "12"}))
    with pytest.raises(Throttled) as caught:
        await make(REPLICATE).embed([MUG])
    assert caught.value.retry_after == 12.0


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_look_that_fails_is_not_the_last(
    make: Make, embedding_service: EmbeddingService, status: int
) -> None:
    embedding_service.behave(
        Behaviour("status", mark="/look", status=status, times=2, headers={"Retry-After": "0"}),
        Behaviour("prediction"),
    )
    assert_mug((await make(REPLICATE).embed([MUG])).vectors)
    assert embedding_service.stats().predictions == 1
