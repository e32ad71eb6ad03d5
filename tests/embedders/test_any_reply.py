"""Any answer at all, over the wire: vectors of this very answer, or a fault, and nothing else."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedconsole.config.sections.embedders.http import HttpConfig
from embedconsole.config.sections.embedders.openai import OpenAIConfig
from embedconsole.embedders.build import build_embedder
from embedconsole.faults import Fault
from embedders.backends import SIZE, inputs
from support.loop_thread import loop_in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.config.sections.embedder import EmbedderConfig
    from embedconsole.items import Embedded

COUNT = 2
SHAPES = ("items", "single", "openai")

numbers = st.floats(width=32) | st.integers(-(10**40), 10**40)
vectors = st.lists(numbers | st.none() | st.booleans() | st.text(max_size=2), max_size=SIZE + 1) | st.lists(
    st.floats(-1, 1, width=32), min_size=SIZE, max_size=SIZE
)
answers = st.lists(vectors | st.none(), max_size=COUNT + 1)
documents = st.one_of(
    answers.map(lambda rows: {"embeddings": rows}),
    vectors.map(lambda row: {"embedding": row}),
    answers.map(
        lambda rows: {"data": [{"index": index, "embedding": row} for index, row in enumerate(rows)]}
    ),
    st.recursive(st.none() | numbers | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3)),
    st.dictionaries(st.sampled_from(["data", "embeddings", "embedding", "error", "detail"]), answers),
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A JSON document, mostly; cut off, damaged, or something else altogether."""
    data = json.dumps(draw(documents)).encode()
    damage = draw(st.sampled_from(["none", "none", "cut", "insert", "bytes"]))
    if damage == "bytes":
        return draw(st.binary(max_size=200))
    at = draw(st.integers(0, len(data)))
    if damage == "cut":
        return data[:at]
    return data[:at] + draw(st.binary(max_size=3)) + data[at:] if damage == "insert" else data


class AnyServer:
    """Answers every request with the same bytes, well-formed as HTTP or not."""

    answer: bytes = b""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        started = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(started, loop).result()
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Serve no more."""
        self._loop.call_soon_threadsafe(self._server.close)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        await reader.readexactly(length)
        writer.write(self.answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@contextmanager
def any_server() -> Iterator[AnyServer]:
    """The server, in a loop of its own."""
    with loop_in_thread() as loop:
        server = AnyServer(loop)
        try:
            yield server
        finally:
            server.close()


def http(status: int, kind: str, body: bytes, *, missing: int) -> bytes:
    """A reply; `missing` bytes of its body never come."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body) + missing}\r\n\r\n"
    return head.encode() + body


def config(shape: str, url: str) -> EmbedderConfig:
    """An embedder of a shape."""
    if shape == "openai":
        return OpenAIConfig(type="openai", url=url, model="m", timeout=10)
    return HttpConfig.model_validate({"type": "http", "url": url, "shape": shape, "timeout": 10})


def believed(shape: str, body: bytes) -> list[object]:
    """The rows of a body as its shape has them; only asked where they were believed."""
    document = orjson.loads(body) if b"NaN" not in body and b"Infinity" not in body else json.loads(body)
    if shape == "items":
        return list(document["embeddings"])
    if shape == "single":
        return [document["embedding"]] * COUNT
    return [row["embedding"] for row in sorted(document["data"], key=lambda row: row["index"])]


def test_any_answer_is_a_fault_or_its_own_vectors() -> None:
    with any_server() as server, asyncio.Runner() as runner:

        @settings(max_examples=100, suppress_health_check=list(HealthCheck))
        @given(
            shape=st.sampled_from(SHAPES),
            status=st.sampled_from(
                [200, 200, 200, 200, 204, 301, 400, 401, 404, 413, 422, 429, 500, 503, 799]
            ),
            kind=st.sampled_from(["application/json", "text/html", "", "application/json; charset=utf-7"]),
            body=bodies(),
            missing=st.sampled_from([0, 0, 0, 1]),
            raw=st.none() | st.binary(max_size=60),
        )
        def check(shape: str, status: int, kind: str, body: bytes, missing: int, raw: bytes | None) -> None:
            server.answer = http(status, kind, body, missing=missing) if raw is None else raw
            result = runner.run(_embed(shape, server.url))
            if isinstance(result, Fault):
                assert "\n" not in str(result)
                return
            if len(result.rejected) == COUNT:
                assert not result.vectors.any()
                return
            rows = believed(shape, body)
            assert status == 200
            assert not missing
            assert len(result.vectors) == COUNT
            for index, row in enumerate(rows):
                if index not in result.rejected:
                    assert np.array_equal(result.vectors[index], np.array(row, dtype=np.float32))
                    assert np.isfinite(result.vectors[index]).all()

        check()


async def _embed(shape: str, url: str) -> Embedded | Fault:
    embedder = build_embedder("ml", config(shape, url), expected_size=SIZE)
    try:
        return await embedder.embed(inputs(COUNT))
    except Fault as fault:
        return fault
    finally:
        await embedder.aclose()
