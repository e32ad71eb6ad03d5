"""The service in this process: as an application that is called, or behind a port of its own."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import numpy as np
import uvicorn

from embedconsole.config.sections.embedders.hashing import HashingConfig
from embedconsole.config.sections.service import ServiceConfig
from embedconsole.embedders.build import build_embedder
from embedconsole.items import Embedded
from embedconsole.service.app import build_app
from embedconsole.service.embedder import ServedEmbedder
from support.loop_thread import loop_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from embedconsole.embedders.base import Embedder
    from embedconsole.items import EmbedInput

SIZE = 16
CONFIG = HashingConfig(type="hashing", size=SIZE)


@dataclass
class Scripted:
    """An embedder that does what a test says before it answers vectors of ones.

    Attributes:
        before: Called with every batch; may wait, and may raise a fault.
        batches: The texts of every call.
    """

    before: Callable[[Sequence[EmbedInput]], object] = lambda _: None
    batch_size: int = 100
    concurrency: int = 1
    name: str = "scripted"
    identity: str = "scripted:1"
    price_per_1000: float | None = None
    batches: list[list[str | None]] = field(default_factory=list)
    ill: Exception | None = None

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        self.batches.append([entry.text for entry in inputs])
        waited = self.before(inputs)
        if asyncio.iscoroutine(waited):
            await waited
        return Embedded(np.ones((len(inputs), SIZE), dtype=np.float32))

    async def health(self) -> None:
        if self.ill is not None:
            raise self.ill

    async def aclose(self) -> None:
        pass


def app_of(embedder: Embedder | None = None, **settings: object) -> FastAPI:
    """The application around an embedder, by default the hashing one; `settings` are those of `service`."""
    served = ServedEmbedder(CONFIG, embedder or build_embedder("words", CONFIG))
    return build_app(served, ServiceConfig.model_validate(settings))


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """A client that calls the application itself; a bug is answered, not raised."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


@contextmanager
def listening(app: ASGIApp) -> Iterator[str]:
    """The application behind a loopback port; its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as door, loop_in_thread() as loop:
        serving = asyncio.run_coroutine_threadsafe(server._serve([door]), loop)
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        server.should_exit = True
        serving.result()


def message_of(reply: httpx.Response) -> str:
    """What an error reply says; it has the form that all have."""
    error = reply.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    message: str = error["message"]
    return message
