"""What a service of the operator's own may be like: its names, errors, compression, certificates."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import numpy as np
import pytest

from embedconsole.config.sections.embedders.http import HttpConfig
from embedconsole.embedders.batching import Turns
from embedconsole.faults import ConfigError, Overloaded, Refused, Throttled, Transient
from embedconsole.items import EmbedInput
from embedders.backends import ITEMS, SINGLE, SIZE, inputs
from support.embedding_service import Behaviour, EmbeddingService
from support.forward_proxy import made_certificate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from embedders.conftest import Make

pytestmark = pytest.mark.anyio

ONES = "[1,1,1,1,1,1,1,1]"
TWOS = "[2,2,2,2,2,2,2,2]"


def answers(body: str) -> Behaviour:
    return Behaviour("body", status=200, body=body)


async def test_names_of_a_request(make: Make, embedding_service: EmbeddingService) -> None:
    names = {"items": "documents", "product_id": "ref", "image": "picture"}
    embedding_service.behave(answers(f'{{"embeddings":[{ONES}]}}'))
    await make(ITEMS, request=names, extra={"lang": "en"}).embed(
        [EmbedInput(7, "Mug", "https://x/y.jpg", {"title": "Mug"})]
    )
    await make(SINGLE, request={"text": "query", "image": "picture"}).embed([])
    (body,) = embedding_service.stats().bodies
    assert body == {
        "lang": "en",
        "documents": [{"ref": 7, "title": "Mug", "picture": "https://x/y.jpg"}],
    }


@pytest.mark.parametrize("empty", [None, ""])
async def test_what_an_item_lacks_is_sent_as_the_service_takes_it(
    make: Make, embedding_service: EmbeddingService, empty: str | None
) -> None:
    await make(ITEMS, empty=empty).embed([EmbedInput(7, "Mug", None)])
    await make(SINGLE, empty=empty).embed(
        [EmbedInput(7, "Mug", None), EmbedInput(8, None, "https://x/y.jpg")]
    )
    many, *each = embedding_service.stats().bodies
    assert many == {"items": [{"product_id": 7, "name": "Mug", "description": "", "image_url": empty}]}
    assert sorted(each, key=str) == sorted(
        [{"text": "Mug", "image_url": empty}, {"text": empty, "image_url": "https://x/y.jpg"}], key=str
    )


async def test_the_operators_fields_are_sent_as_they_say(
    make: Make, embedding_service: EmbeddingService
) -> None:
    fields = {"product_id": "S-1", "image_url": "https://x/y.jpg"}
    await make(ITEMS).embed([EmbedInput(7, "Mug", None, fields)])
    (body,) = embedding_service.stats().bodies
    assert body == {"items": [fields]}


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        ({"vectors": "data.items"}, f'{{"data":{{"items":[{ONES},{TWOS}]}}}}'),
        ({"vectors": "."}, f"[{ONES},{TWOS}]"),
        (
            {"vectors": "data", "vector": "clip.image"},
            f'{{"data":[{{"clip":{{"image":{ONES}}}}},{{"clip":{{"image":{TWOS}}}}}]}}',
        ),
    ],
)
async def test_ways_into_a_reply(
    make: Make, embedding_service: EmbeddingService, reply: dict[str, str], body: str
) -> None:
    embedding_service.behave(answers(body))
    result = await make(ITEMS, reply=reply).embed(inputs(2))
    assert result.rejected == {}
    assert result.vectors[:, 0].tolist() == [1.0, 2.0]


async def test_the_way_into_the_reply_for_one(make: Make, embedding_service: EmbeddingService) -> None:
    embedding_service.behave(answers(f'{{"result":{{"vector":{ONES}}}}}'))
    embedder = make(SINGLE, reply={"vector": "result.vector"})
    assert (await embedder.embed(inputs(1))).vectors.tolist() == [[1.0] * SIZE]
    with pytest.raises(Refused, match=r"no 'embedding' but 'result'.*shape is single"):
        await make(SINGLE).embed(inputs(1))


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        ({}, f'{{"embeddings":[{ONES},null]}}'),
        ({}, f'{{"embeddings":[{ONES},{{"error":"no picture there"}}]}}'),
        ({}, f'{{"embeddings":[{{"embedding":{ONES}}},{{"error":{{"message":"no picture there"}}}}]}}'),
        ({"error": "why"}, f'{{"embeddings":[{ONES},{{"why":"no picture there"}}]}}'),
        ({"errors": "errors"}, f'{{"embeddings":[{ONES},null],"errors":[null,"no picture there"]}}'),
        (
            {"errors": "meta.errors"},
            f'{{"embeddings":[{ONES},null],"meta":{{"errors":[{{"index":1,"error":"no picture there"}}]}}}}',
        ),
    ],
)
async def test_an_item_that_failed_alone(
    make: Make, embedding_service: EmbeddingService, reply: dict[str, str], body: str
) -> None:
    embedding_service.behave(answers(body))
    result = await make(ITEMS, reply=reply).embed(inputs(2))
    said = "null" if "null]}" in body and not reply else "no picture there"
    assert {index: said in why for index, why in result.rejected.items()} == {1: True}
    assert result.vectors[0].tolist() == [1.0] * SIZE


async def test_one_alone_that_failed(make: Make, embedding_service: EmbeddingService) -> None:
    embedding_service.behave(answers('{"embedding":null,"error":"no picture there"}'))
    assert (await make(SINGLE).embed(inputs(1))).rejected == {0: "no picture there"}


async def test_requests_are_compressed_where_the_service_takes_it(
    make: Make, embedding_service: EmbeddingService
) -> None:
    await make(ITEMS, gzip=True).embed(inputs(50))
    stats = embedding_service.stats()
    assert stats.headers[0]["content-encoding"] == "gzip"
    assert int(stats.headers[0]["content-length"]) < 1000
    assert stats.items == 50


async def test_health(make: Make, embedding_service: EmbeddingService) -> None:
    await make(ITEMS, health="/health").health()
    embedding_service.behave(Behaviour("status", status=500, mark="/health"))
    with pytest.raises(Transient, match="500"):
        await make(ITEMS, health="/health").health()
    await make(ITEMS).health()
    assert embedding_service.stats().items == 0


@pytest.mark.parametrize("fault", [Throttled("ml", "429"), Overloaded("ml", "503")])
async def test_fewer_at_a_time_when_it_is_too_much_and_more_when_it_goes_well(
    fault: Throttled | Overloaded,
) -> None:
    turns = Turns(HttpConfig.model_validate({"type": "http", "url": "http://x", "concurrency": 8}))
    both_inside = anyio.Event()

    async def call(last: bool) -> None:
        async with turns.turn(1):
            if last:
                both_inside.set()
            await both_inside.wait()
            raise fault

    async def refused(last: bool) -> None:
        with pytest.raises(type(fault)):
            await call(last)

    async with anyio.create_task_group() as group:
        group.start_soon(refused, False)
        group.start_soon(refused, True)
    assert turns.at_a_time == 4, "two that were under way together are one event"
    for expected, successes in ((5, 4), (6, 5)):
        for _ in range(successes):
            async with turns.turn(1):
                pass
        assert turns.at_a_time == expected
    for _ in range(50):
        async with turns.turn(1):
            pass
    assert turns.at_a_time == 8, "never more than configured"


async def test_items_per_minute(make: Make) -> None:
    embedder = make(ITEMS, items_per_minute=6000)
    start = anyio.current_time()
    await embedder.embed(inputs(10))
    await embedder.embed(inputs(1))
    assert anyio.current_time() - start >= 0.1 * 0.99


async def test_certificates_that_are_not_there(tmp_path: Path, make: Make) -> None:
    with pytest.raises(ConfigError, match=r"embedders\.ml\.tls.*No such file"):
        make(ITEMS, url="https://ml", tls={"cert": str(tmp_path / "none.pem")})


async def test_a_service_that_asks_for_a_certificate(make: Make, tmp_path: Path) -> None:
    certificate = await anyio.to_thread.run_sync(made_certificate, tmp_path, "localhost")
    async with tls_service(certificate) as port:
        url = f"https://localhost:{port}/embed"
        with pytest.raises(Refused, match="not trusted"):
            await make(ITEMS, url=url).embed(inputs(1))
        with pytest.raises((Refused, Transient)):
            await make(ITEMS, url=url, tls={"ca": certificate}).embed(inputs(1))
        known = make(ITEMS, url=url, tls={"ca": certificate, "cert": certificate})
        np.testing.assert_array_equal((await known.embed(inputs(1))).vectors, [[1.0] * SIZE])
        blind = make(ITEMS, url=url, tls={"verify": False, "cert": certificate})
        assert (await blind.embed(inputs(1))).rejected == {}


@asynccontextmanager
async def tls_service(certificate: Path) -> AsyncIterator[int]:
    """Answers one vector of ones, but only to who has the certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificate)
    context.load_cert_chain(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    body = f'{{"embeddings":[{ONES}]}}'.encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body))
            writer.write(b"Connection: close\r\n\r\n" + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "localhost", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
