"""Who may ask the service: programs, and pages of its own or of hosts that are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from embedconsole.faults import Transient
from embedconsole.service.embedder import EmbedderHealth
from service.stage import Scripted, app_of, client_of

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.anyio

PATHS = {
    "/embed": {"text": "Mug"},
    "/generate-embeddings": [{"name": "Mug"}],
    "/v1/embeddings": {"input": "Mug"},
}
NAMED = {"hosts": ["ml.example.com"]}
PUBLIC = {"host": "0.0.0.0"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({}, {}, 200),
        ({}, {"Host": "127.0.0.1:8000"}, 200),
        ({}, {"Host": "[::1]:8000"}, 200),
        ({}, {"Host": "evil.example:8000"}, 403),
        ({}, {"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({}, {"Host": "localhost:8000", "Origin": "http://localhost:8000"}, 200),
        ({}, {"Host": "localhost:8000", "Origin": "http://localhost:3000"}, 403),
        ({}, {"Host": "localhost:8000", "Origin": "https://evil.example"}, 403),
        ({}, {"Host": "localhost:8000", "Origin": "null"}, 403),
        ({}, {"Host": "localhost:8000", "Origin": "http://[evil"}, 403),
        (NAMED, {"Host": "ml.example.com"}, 200),
        (NAMED, {"Host": "localhost", "Origin": "https://ml.example.com"}, 200),
        (PUBLIC, {"Host": "ml.internal.example"}, 200),
        (PUBLIC, {"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        (PUBLIC, {"Host": "10.0.0.5:8000", "Origin": "http://10.0.0.5:8000"}, 200),
    ],
)
async def test_hosts_and_origins(
    path: str, settings: Mapping[str, object], headers: dict[str, str], status: int
) -> None:
    embedder = Scripted()
    async with client_of(app_of(embedder, **settings)) as client:
        reply = await client.post(path, json=PATHS[path], headers=headers)
    assert reply.status_code == status
    assert len(embedder.batches) == (status == 200)


class Counted(Scripted):
    """Counts how often it is asked whether it is well."""

    asked = 0

    async def health(self) -> None:
        self.asked += 1
        await super().health()


async def test_the_embedder_is_asked_once_for_many_probes() -> None:
    embedder, now = Counted(), 0.0
    health = EmbedderHealth(embedder, lambda: now)
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(health.check)
    assert embedder.asked == 1
    embedder.ill = Transient("embedding service ml", "answered 503")
    await health.check()
    now = 30.0
    for _ in range(2):
        with pytest.raises(Transient):
            await health.check()
    assert embedder.asked == 2


async def test_probes_do_not_reach_the_service_behind() -> None:
    embedder = Counted()
    async with client_of(app_of(embedder)) as client:
        assert {(await client.get("/health")).status_code for _ in range(5)} == {200}
    assert embedder.asked == 1
