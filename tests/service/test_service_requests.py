"""What the paths answer, and what they say to requests that are wrong."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from embedconsole.embedders.hashing import hashed
from embedconsole.faults import BadInput, Overloaded, Refused, Throttled, Transient
from service.stage import SIZE, Scripted, app_of, client_of, message_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import httpx

    from embedconsole.items import EmbedInput

pytestmark = pytest.mark.anyio

SHOE = {"product_id": 35, "name": "Red shoe", "description": "Light", "image_url": "https://x/35.jpg"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of()) as made:
        yield made


def right(text: str, size: int = SIZE) -> list[float]:
    vector: list[float] = hashed(text, size).tolist()
    return vector


@pytest.mark.parametrize(
    "wrap", [lambda items: {"items": items}, lambda items: items], ids=["object", "list"]
)
async def test_items_in_order_and_a_bad_one_fails_alone(client: httpx.AsyncClient, wrap: object) -> None:
    items = [SHOE, {"product_id": "x-1", "name": " "}, {"name": "Mug", "brand": "Acme", "price": 3}, {}]
    assert callable(wrap)

    reply = await client.post("/generate-embeddings", json=wrap(items))

    assert reply.status_code == 200
    nothing = "there is nothing to embed: no text and no image"
    assert reply.json()["embeddings"] == [
        pytest.approx(right("Red shoe\nLight")),
        {"product_id": "x-1", "error": nothing},
        pytest.approx(right("Mug\nAcme")),
        {"error": nothing},
    ]


async def test_no_items_are_no_vectors(client: httpx.AsyncClient) -> None:
    assert (await client.post("/generate-embeddings", json=[])).json() == {"embeddings": []}


@pytest.mark.parametrize("image", ["/etc/passwd", "file:///etc/passwd", "../a.jpg", "ftp://x/a.jpg"])
async def test_a_picture_on_this_machine_is_not_looked_at(client: httpx.AsyncClient, image: str) -> None:
    items = [{"name": "Mug"}, {"product_id": 2, "name": "Mug", "image_url": image}, {"name": "Mug"}]

    first, failed, last = (await client.post("/generate-embeddings", json=items)).json()["embeddings"]

    assert first == last == pytest.approx(right("Mug"))
    assert failed["error"].startswith("its image is no address")


async def test_an_id_of_any_size_comes_back(client: httpx.AsyncClient) -> None:
    items = [{"product_id": 2**64 - 1}, {"product_id": 2**64}, {"product_id": -(10**40)}]
    failed = (await client.post("/generate-embeddings", json=items)).json()["embeddings"]
    assert [entry["product_id"] for entry in failed] == [2**64 - 1, str(2**64), str(-(10**40))]


async def test_one_text(client: httpx.AsyncClient) -> None:
    reply = await client.post("/embed", json={"text": "Red shoe", "image_url": None})
    assert reply.json() == {"embedding": pytest.approx(right("Red shoe"))}
    nothing = await client.post("/embed", json={"text": "", "image_url": ""})
    assert (nothing.status_code, message_of(nothing)) == (
        422,
        "there is nothing to embed: no text and no image",
    )


async def test_openai(client: httpx.AsyncClient) -> None:
    reply = (
        await client.post("/v1/embeddings", json={"input": ["Red shoe", "Mug"], "model": "words"})
    ).json()
    assert reply["object"] == "list"
    assert reply["model"] == "words"
    assert reply["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert [entry["index"] for entry in reply["data"]] == [0, 1]
    assert [entry["embedding"] for entry in reply["data"]] == [
        pytest.approx(right("Red shoe")),
        pytest.approx(right("Mug")),
    ]
    packed = (await client.post("/v1/embeddings", json={"input": "Mug", "encoding_format": "base64"})).json()
    numbers = np.frombuffer(base64.b64decode(packed["data"][0]["embedding"]), dtype="<f4")
    np.testing.assert_array_equal(numbers, hashed("Mug", SIZE))
    small = (await client.post("/v1/embeddings", json={"input": "Mug", "dimensions": 8})).json()
    assert small["data"][0]["embedding"] == pytest.approx(right("Mug", 8))
    assert [entry["id"] for entry in (await client.get("/v1/models")).json()["data"]] == ["words"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"input": "Mug", "model": "clip"}, 404, "no such model here; served: words"),
        ({"input": ["Mug", ""]}, 422, r"input\[1\]: there is nothing to embed"),
        ({"input": "Mug", "dimensions": 7}, 422, "dimensions of 7 are not supported"),
        ({"input": "Mug", "dimensions": 17}, 422, "dimensions of 17 are not supported"),
        ({"input": []}, 422, "^input: "),
        ({"input": ["Mug", 7]}, 422, r"^input\[1\]: "),
        ({"input": "Mug", "encoding_format": "int8"}, 422, "^encoding_format: "),
        ({}, 422, "^input: Field required$"),
    ],
)
async def test_what_openai_is_refused(
    client: httpx.AsyncClient, body: object, status: int, said: str
) -> None:
    reply = await client.post("/v1/embeddings", json=body)
    assert reply.status_code == status
    assert re.search(said, message_of(reply))


_DEEP = "[" * 100_000
JSON = {"Content-Type": "application/json"}


_PACKED = gzip.compress(b"[]", mtime=0)
BODIES: list[tuple[dict[str, str], bytes, int]] = [
    (JSON, b"", 422),
    (JSON, b"{", 400),
    (JSON, b"\xff\xfe", 400),
    (JSON, b'[{"product_id": NaN}]', 400),
    (JSON, b'[{"product_id": 1e999}]', 422),
    (JSON, b'[{"name": "\\ud800"}]', 400),
    (JSON, _DEEP.encode(), 400),
    (JSON, f'{{"items": {_DEEP}'.encode(), 400),
    (JSON, b'[{"product_id": ' + b"9" * 5000 + b"}]", 400),
    (JSON, b"null", 422),
    (JSON, b"7", 422),
    (JSON, b'{"items": {"name": "Mug"}}', 422),
    (JSON, b'{"items": [null]}', 422),
    ({"Content-Type": "text/plain"}, b"[]", 415),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"[]", 415),
    ({"Content-Type": "multipart/form-data; boundary=x"}, b"[]", 415),
    ({"Content-Type": "application/jsonlines"}, b"[]", 415),
    ({"Content-Type": "application/vnd.shop+json; charset=utf-8"}, b"[]", 200),
    ({}, b"[]", 415),
    ({**JSON, "Content-Encoding": "br"}, b"[]", 415),
    ({**JSON, "Content-Encoding": "gzip"}, b"[]", 400),
    ({**JSON, "Content-Encoding": "gzip"}, _PACKED[:-9], 400),
    ({**JSON, "Content-Encoding": "gzip"}, _PACKED, 200),
]


@pytest.mark.parametrize(("headers", "content", "status"), BODIES, ids=range(len(BODIES)))
async def test_bodies(
    client: httpx.AsyncClient, headers: dict[str, str], content: bytes, status: int
) -> None:
    reply = await client.post("/generate-embeddings", headers=headers, content=content)
    assert reply.status_code == status, reply.text
    assert status == 200 or len(message_of(reply)) < 300


async def test_a_problem_is_named_by_its_place_and_nothing_sent_is_repeated(
    client: httpx.AsyncClient,
) -> None:
    items: list[object] = [{"name": "Mug"}] * 3 + [{"name": {"secret": 1}}] * 900
    reply = await client.post("/generate-embeddings", json={"items": items})
    assert (reply.status_code, message_of(reply)) == (422, "items[3].name: Input should be a valid string")


async def test_five_million_empty_items_are_counted_before_they_are_made(client: httpx.AsyncClient) -> None:
    body = b"[" + b"{}," * 5_000_000 + b"{}]"
    reply = await client.post("/generate-embeddings", headers=JSON, content=body)
    assert (reply.status_code, message_of(reply)) == (
        413,
        "5,000,001 are too many: at most 1,000 items in one request",
    )


async def test_texts_of_a_megabyte_and_with_nul(client: httpx.AsyncClient) -> None:
    items = [{"name": "shoe " * 200_000}, {"name": "a\x00b"}, {"name": "\U0001f45f" * 250_000}]
    reply = await client.post("/generate-embeddings", json=items)
    assert [len(vector) for vector in reply.json()["embeddings"]] == [SIZE] * 3


async def test_paths_and_methods_that_are_not_there(client: httpx.AsyncClient) -> None:
    missing, wrong = await client.get("/nothing"), await client.get("/embed")
    assert (missing.status_code, message_of(missing)) == (404, "Not Found")
    assert (wrong.status_code, wrong.headers["Allow"], message_of(wrong)) == (
        405,
        "POST",
        "Method Not Allowed",
    )


async def test_a_batch_is_cut_for_the_embedder_and_halved_until_the_bad_item_stands_alone() -> None:
    def refuse(inputs: Sequence[EmbedInput]) -> None:
        if any(entry.text == "6" for entry in inputs):
            raise BadInput("model", "can't read this")

    embedder = Scripted(before=refuse, batch_size=4)
    async with client_of(app_of(embedder)) as client:
        items = [{"product_id": number, "name": str(number)} for number in range(9)]
        entries = (await client.post("/generate-embeddings", json=items)).json()["embeddings"]

    assert entries.pop(6) == {"product_id": 6, "error": "can't read this"}
    assert entries == [[1.0] * SIZE] * 8
    assert embedder.batches == [[*"0123"], [*"4567"], [*"45"], [*"67"], ["6"], ["7"], ["8"]]


@pytest.mark.parametrize(
    ("fault", "status", "wait"),
    [
        (Throttled("upstream", "slow down", retry_after=2.2), 429, "3"),
        (Throttled("upstream", "slow down"), 429, "1"),
        (Overloaded("upstream", "too much"), 503, None),
        (Transient("upstream", "gone"), 502, None),
        (Refused("upstream", "wrong key", remedy="Set embedders.ml.api_key"), 502, None),
    ],
)
async def test_faults_of_the_embedder(
    fault: Exception, status: int, wait: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """What to do about them stands in the service's own log."""

    def fail(_: Sequence[EmbedInput]) -> None:
        raise fault

    async with client_of(app_of(Scripted(before=fail, ill=fault))) as client:
        replies = [
            await client.post("/generate-embeddings", json=[SHOE]),
            await client.post("/embed", json={"text": "Mug"}),
            await client.post("/v1/embeddings", json={"input": "Mug"}),
            await client.get("/health"),
        ]
    for reply in replies:
        assert (reply.status_code, reply.headers.get("Retry-After")) == (status, wait)
        assert message_of(reply).startswith("upstream: ")
        assert "api_key" not in reply.text
    assert caplog.messages == [str(fault)] * 4


async def test_a_bug_is_answered_without_its_text() -> None:
    def fail(_: Sequence[EmbedInput]) -> None:
        raise RuntimeError("the key is sesame")

    async with client_of(app_of(Scripted(before=fail))) as client:
        reply = await client.post("/embed", json={"text": "Mug"})
        figures = (await client.get("/metrics")).text
    assert reply.status_code == 500
    assert "sesame" not in message_of(reply)
    assert 'requests_total{path="/embed",status="500"} 1.0' in figures


async def test_health_and_figures(client: httpx.AsyncClient) -> None:
    before = (await client.get("/health")).json()
    assert before == {"status": "ok", "embedder": "words", "identity": "hashing:1:16", "dimensions": None}
    await client.post("/generate-embeddings", json=[SHOE, SHOE, {}])
    await client.post("/embed", json={"text": ""})
    await client.get("/../../etc/passwd")
    await client.get("/nothing")

    assert (await client.get("/health")).json()["dimensions"] == SIZE
    figures = await client.get("/metrics")

    assert figures.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = figures.text.splitlines()
    for expected in (
        'embedconsole_service_requests_total{path="/generate-embeddings",status="200"} 1.0',
        'embedconsole_service_requests_total{path="/embed",status="422"} 1.0',
        'embedconsole_service_requests_total{path="other",status="404"} 2.0',
        "embedconsole_service_items_total 2.0",
        "embedconsole_service_item_errors_total 2.0",
        'embedconsole_service_request_seconds_count{path="/generate-embeddings"} 1.0',
        "embedconsole_service_in_flight 0.0",
        "embedconsole_service_queue 0.0",
    ):
        assert expected in lines


async def test_its_page_has_examples_and_they_work(client: httpx.AsyncClient) -> None:
    assert "/openapi.json" in (await client.get("/docs")).text
    document = (await client.get("/openapi.json")).json()
    tried = 0
    for path, methods in document["paths"].items():
        for content in methods.get("post", {}).get("requestBody", {}).get("content", {}).values():
            schema = json.loads(json.dumps(content["schema"]))
            named = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
            examples = [
                *named.get("examples", []),
                *(one["value"] for one in content.get("examples", {}).values()),
            ]
            for example in examples:
                assert (await client.post(path, json=example)).status_code == 200
                tried += 1
    assert tried == 4
