"""Who is let in: sizes, room, token."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import anyio
import pytest

from embedconsole.service import limits
from service.stage import Scripted, app_of, client_of, message_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

MUG = {"text": "Mug"}

_JSON = (b"content-type", b"application/json")


async def test_too_many_items_in_words_that_clients_learn_from() -> None:
    async with client_of(app_of(max_items=3)) as client:
        fine = await client.post("/generate-embeddings", json=[{"name": "Mug"}] * 3)
        many = await client.post("/generate-embeddings", json=[{"name": "Mug"}] * 4)
        inputs = await client.post("/v1/embeddings", json={"items": [1], "input": ["Mug"] * 4})
        other = await client.post(
            "/generate-embeddings", json={"items": [{"name": "Mug"}], "input": ["Mug"] * 4}
        )
    assert other.status_code == 200, "what the path does not use is not counted"
    assert fine.status_code == 200
    assert (many.status_code, message_of(many)) == (413, "4 are too many: at most 3 items in one request")
    assert (inputs.status_code, message_of(inputs)) == (
        413,
        "4 are too many: at most 3 items in one request",
    )


@pytest.mark.parametrize("packed", [False, True])
async def test_too_many_bytes(packed: bool) -> None:
    headers = {"Content-Type": "application/json", **({"Content-Encoding": "gzip"} if packed else {})}
    async with client_of(app_of(max_bytes=1000)) as client:
        for length, status in ((1000, 200), (1001, 413), (3_000_000, 413)):
            body = b'{"text": "' + b"a" * (length - 12) + b'"}'
            content = gzip.compress(body) if packed else body
            assert (await client.post("/embed", headers=headers, content=content)).status_code == status


async def test_who_sends_too_slowly_does_not_hold_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RECEIVE_SECONDS", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await anyio.sleep_forever()

    async with client_of(app_of(queue=0)) as client:
        typed = {"Content-Type": "application/json"}
        slow = await client.post("/embed", content=trickle(), headers=typed)
        assert (slow.status_code, message_of(slow)) == (408, "did not arrive within 0.05 s")
        assert (await client.post("/embed", json=MUG)).status_code == 200


async def test_one_is_embedded_one_waits_and_the_next_is_sent_away() -> None:
    began, go_on = anyio.Event(), anyio.Event()

    async def hold() -> None:
        began.set()
        await go_on.wait()

    statuses: list[int] = []
    async with client_of(app_of(Scripted(before=lambda _: hold()), queue=1)) as client:

        async def ask() -> None:
            statuses.append((await client.post("/embed", json=MUG)).status_code)

        async def figures() -> str:
            return (await client.get("/metrics")).text

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await began.wait()
            group.start_soon(ask)
            while "embedconsole_service_queue 1.0" not in await figures():
                await anyio.lowlevel.checkpoint()
            assert "embedconsole_service_in_flight 1.0" in await figures()

            with anyio.fail_after(30):
                away = await client.post("/embed", json=MUG)

            assert (away.status_code, away.headers["Retry-After"]) == (429, "1")
            assert "no room" in message_of(away)
            assert (await client.get("/health")).status_code == 200
            go_on.set()
        assert statuses == [200, 200]
        assert (await client.post("/embed", json=MUG)).status_code == 200


async def test_nobody_is_embedded_who_has_stopped_waiting() -> None:
    began, go_on = anyio.Event(), anyio.Event()

    async def hold() -> None:
        began.set()
        await go_on.wait()

    embedder = Scripted(before=lambda _: hold())
    app = app_of(embedder)
    sent: list[int] = []

    async def ask(*, leaves: bool) -> None:
        messages = [{"type": "http.request", "body": b'{"text": "Mug"}', "more_body": False}]

        async def receive() -> dict[str, object]:
            if messages:
                return messages.pop()
            if not leaves:
                await anyio.sleep_forever()
            return {"type": "http.disconnect"}

        async def send(message: object) -> None:
            assert isinstance(message, dict)
            if "status" in message:
                sent.append(message["status"])

        scope = {"type": "http", "method": "POST", "path": "/embed", "query_string": b"", "headers": [_JSON]}
        await app(scope, receive, send)

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: ask(leaves=False))
        await began.wait()
        group.start_soon(lambda: ask(leaves=True))
        await anyio.wait_all_tasks_blocked()
        go_on.set()

    assert sorted(sent) == [200, 503]
    assert embedder.batches == [["Mug"]]


@pytest.mark.parametrize("path", ["/embed", "/generate-embeddings", "/v1/embeddings", "/v1/models"])
@pytest.mark.parametrize(
    ("authorization", "allowed"),
    [
        (None, False),
        ("", False),
        ("Bearer", False),
        ("Bearer wrong", False),
        ("Bearer sesame2", False),
        ("Basic sesame", False),
        ("sesame", False),
        ("Bearer s\u00e9same", False),
        ("Bearer sesame", True),
        ("bearer  sesame ", True),
    ],
)
async def test_the_token(path: str, authorization: str | None, allowed: bool) -> None:
    headers = [_JSON]
    if authorization is not None:
        headers.append((b"authorization", authorization.encode("latin-1")))
    async with client_of(app_of(token="sesame")) as client:
        method = "GET" if path == "/v1/models" else "POST"
        reply = await client.request(method, path, headers=headers, content=b"not even JSON")
    if allowed:
        assert reply.status_code in (200, 400)
    else:
        assert (reply.status_code, reply.headers["WWW-Authenticate"]) == (401, 'Bearer realm="embedconsole"')
        assert "sesame" not in message_of(reply)


async def test_what_watches_needs_no_token() -> None:
    async with client_of(app_of(token="sesame")) as client:
        for path in ("/health", "/metrics", "/openapi.json", "/docs"):
            assert (await client.get(path)).status_code == 200
