"""`embedconsole serve` as an operator runs it: the installed program, and a shop synced through it."""

from __future__ import annotations

import re
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest
from click.testing import CliRunner

from embedconsole.cli.invocation import Invocation
from embedconsole.cli.main import cli
from embedconsole.embedders.hashing import hashed
from embedconsole.faults import ConfigError
from support.embedding_service import Behaviour
from support.installation import Installation
from support.processes import running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.embedding_service import EmbeddingService
    from support.fixtures_shop import Stage
    from support.installation import Json
    from support.processes import Running

TOKEN = "sesame-open-4711"
SIZE = 16
_WORDS: Json = {"words": {"type": "hashing", "size": SIZE}}


@contextmanager
def serving(
    folder: Path, settings: Json, *arguments: str, **environment: str
) -> Iterator[tuple[Running, str]]:
    """The program serving on a port of its own, and its address."""
    installation = Installation(folder, settings, environment)
    with running(installation, "serve", "--port", "0", *arguments) as program:
        (line,) = program.wait_err("^Serving ")
        found = re.search(r" at (\S+);", line)
        assert found is not None
        yield program, found[1]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that a shop is synced through; it asks for a token."""
    folder = tmp_path_factory.mktemp("service")
    settings: Json = {"embedders": _WORDS, "service": {"max_bytes": 20_000, "token": "${TOKEN}"}}
    with serving(folder, settings, TOKEN=TOKEN) as (_, address):
        yield address


def embedder(url: str, shape: str) -> Json:
    if shape == "openai":
        return {"type": "openai", "model": "words", "url": f"{url}/v1", "api_key": TOKEN}
    path = "generate-embeddings" if shape == "items" else "embed"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return {"type": "http", "shape": shape, "url": f"{url}/{path}", "headers": headers, "health": "/health"}


def requests(url: str) -> int:
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    counts = [
        line for line in lines if line.startswith("embedconsole_service_requests_total") and "/me" not in line
    ]
    return sum(int(float(line.rpartition(" ")[2])) for line in counts)


@pytest.mark.parametrize("shape", ["items", "single", "openai"])
def test_a_shop_is_synced_through_it(sqlite_stage: Stage, url: str, shape: str) -> None:
    """A second run asks it nothing; the one product that it can't embed is named, with its words."""
    stage = sqlite_stage
    stage.shop.add(range(1, 26))
    stage.installation.settings["embedders"]["ml"] = embedder(url, shape)
    if shape == "openai":  # a text or a picture; so a text is what can be wrong
        del stage.pipeline["embed"]["image"]
        stage.shop.edit([7], description="x" * 30_000)
        said = "larger than 20,000 bytes"
    else:
        stage.shop.edit([7], image_url="pictures/7.jpg")
        said = "its image is no address that begins with http://"
    assert "ml" in stage.installation.run("test").out

    first = stage.installation.sync()

    assert first.code == 1, first.err
    assert (first.products["embedded"], first.products["failed"]) == (24, 1)
    assert stage.points.ids() == {*range(1, 26)} - {7}
    right = hashed("Product number 3\nWhat can be said of product 3", SIZE)
    np.testing.assert_allclose(stage.points.vectors()[3], right, atol=1e-6)
    (failed,) = stage.installation.run("failures", "--json").products["items"]
    assert failed["key"] == "7"
    assert said in failed["error"]

    asked = requests(url)
    second = stage.installation.sync()
    assert (second.products["embedded"], second.products["embed_requests"]) == (0, 0)
    assert requests(url) == asked

    stage.shop.edit([7], description="short", image_url="https://shop.example/7.jpg")
    assert stage.installation.sync().code == 0
    assert 7 in stage.points.ids()


def proxy(service: EmbeddingService) -> Json:
    return {"embedders": {"ml": {"type": "http", "url": service.url}}}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains(tmp_path: Path, embedding_process: EmbeddingService, number: signal.Signals) -> None:
    """What is inside is answered, nobody else is let in."""
    embedding_process.behave(Behaviour("hold"))
    with serving(tmp_path, proxy(embedding_process)) as (program, url), ThreadPoolExecutor() as threads:
        inside = threads.submit(httpx.post, f"{url}/embed", json={"text": "Mug"}, timeout=60)
        embedding_process.wait_held()
        program.send(number)
        program.wait_err("Finishing what is in flight")
        address = httpx.URL(url)
        wait_until(lambda: not accepts(address.host, address.port), "the port is closed")

        embedding_process.release()

        assert len(inside.result().json()["embedding"]) == 8
        assert program.wait().code == 128 + number


def test_a_second_signal_ends_at_once(tmp_path: Path, embedding_process: EmbeddingService) -> None:
    embedding_process.behave(Behaviour("hold"))
    with serving(tmp_path, proxy(embedding_process)) as (program, url), ThreadPoolExecutor() as threads:
        inside = threads.submit(httpx.post, f"{url}/embed", json={"text": "Mug"}, timeout=60)
        embedding_process.wait_held()
        program.interrupt(signal.SIGTERM)
        program.send(signal.SIGTERM)

        ended = program.wait()

        assert ended.code == 143
        assert "Traceback" not in ended.err
        assert inside.exception() is not None or inside.result().status_code == 500


def accepts(host: str, port: int | None) -> bool:
    try:
        socket.create_connection((host, port or 0), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("settings", "arguments", "said"),
    [
        (
            {"embedders": {**_WORDS, "more": {"type": "hashing"}}},
            (),
            "by --embedder or service.embedder: words, more",
        ),
        ({"embedders": _WORDS, "service": {"embedder": "x"}}, (), "no embedder 'x'; known: words"),
        (
            {"embedders": _WORDS, "service": {"max_item": 1}},
            (),
            "unknown key 'max_item', did you mean 'max_items'?",
        ),
        ({"embedders": _WORDS}, ("--token-env", "NO_SUCH_THING"), "variable NO_SUCH_THING is not set"),
        (
            {"embedders": _WORDS},
            ("--host", "no.such.host.invalid"),
            "can't listen at no.such.host.invalid, port 8000",
        ),
        (
            {"embedders": {"x": {"type": "replicate", "model": "a/b"}}},
            ("--port", "0"),
            "set the environment variable",
        ),
        ({}, (), "embedders: missing"),
    ],
)
def test_what_it_does_not_start_with(
    tmp_path: Path, settings: Json, arguments: tuple[str, ...], said: str
) -> None:
    ended = Installation(tmp_path, settings).run("serve", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = Installation(tmp_path, {"embedders": _WORDS}).run("serve", "--port", port)
    assert ended.code == 2
    assert f"can't listen at 127.0.0.1, port {port}: Address already in use. Choose another" in ended.err


def test_it_warns_when_anybody_may_embed(tmp_path: Path) -> None:
    with serving(tmp_path, {"embedders": _WORDS}, "--host", "0.0.0.0") as (program, _):
        program.wait_err("^Every client that reaches 0.0.0.0 may embed: set a token")
    with serving(tmp_path, {"embedders": _WORDS}, "--host", "0.0.0.0", "--token-env", "T", T="a${b}") as (
        program,
        url,
    ):
        there = url.replace("0.0.0.0", "127.0.0.1")
        allowed = httpx.post(
            f"{there}/embed", json={"text": "Mug"}, headers={"Authorization": "Bearer a${b}"}
        )
        assert allowed.status_code == 200
        assert httpx.post(f"{there}/embed", json={"text": "Mug"}).status_code == 401
        program.send(signal.SIGTERM)
        assert "Whoever" not in program.wait().err


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "embedconsole.service.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    config = tmp_path / "c.yaml"
    config.write_text("embedders: {words: {type: hashing}}\n")
    done = CliRunner().invoke(cli, ["serve", "--config", str(config)], obj=Invocation())
    assert isinstance(done.exception, ConfigError)
    assert "pip install '.[service]' in a checkout" in str(done.exception)
