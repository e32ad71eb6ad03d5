"""Every client of ours takes the same proxy and trusts the same certificates, and fails in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import anyio.to_thread
import pytest

from collection.samples import PLAIN, plain_points
from embedconsole.collection.build import build_collection
from embedconsole.collection.qdrant.glance import is_lost
from embedconsole.config.sections.collection import CollectionConfig
from embedconsole.config.sections.embedders.openai import OpenAIConfig
from embedconsole.config.sections.pictures import PicturesConfig
from embedconsole.config.sections.tls import TlsConfig
from embedconsole.embedders.build import build_embedder
from embedconsole.faults import BadInput, Fault, Refused, Transient, Unreachable
from embedconsole.items import UNNAMED, EmbedInput
from embedconsole.pictures.fetch import PictureFetcher
from support.forward_proxy import ForwardProxy, forward_proxy, made_certificate, tls_front
from support.full_collection import full

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from support.embedding_service import EmbeddingService
    from support.gallery import Gallery
    from support.qdrant_server import QdrantServer

    Ask = Callable[[str, dict[str, object]], Awaitable[object]]

pytestmark = pytest.mark.anyio

ML, QDRANT, SHOP = "ml.example.test", "qdrant.example.test", "shop.example.test"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all names, signed by itself."""
    return made_certificate(tmp_path_factory.mktemp("tls"), ML, QDRANT, SHOP, "localhost")


@pytest.fixture
def fronts(
    embedding_service: EmbeddingService, qdrant: QdrantServer, gallery: Gallery, certificate: Path
) -> Iterator[dict[str, int]]:
    """Name of a server to the port where it speaks TLS."""
    gallery.put("/1.png")
    port_of = {ML: embedding_service.url, QDRANT: qdrant.url, SHOP: gallery.url}
    ports = {name: int(url.split(":")[2].split("/")[0]) for name, url in port_of.items()}
    with (
        tls_front(ports[ML], certificate) as ml,
        tls_front(ports[QDRANT], certificate) as vectors,
        tls_front(ports[SHOP], certificate) as shop,
    ):
        yield {ML: ml, QDRANT: vectors, SHOP: shop}


@pytest.fixture
def proxy(fronts: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> Iterator[ForwardProxy]:
    """A proxy that HTTPS_PROXY names, and that alone knows the three names."""
    with forward_proxy(fronts) as found:
        for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", found.url)
        yield found


async def embed(url: str, tls: dict[str, object]) -> None:
    config = OpenAIConfig.model_validate(
        {"type": "openai", "model": "m", "url": url, "api_key": "key-of-the-model", "tls": tls}
    )
    embedder = build_embedder("ml", config)
    try:
        found = await embedder.embed([EmbedInput("1", "a mug", None)])
        assert (len(found.vectors), found.rejected) == (1, {})
    finally:
        await embedder.aclose()


def collection_config(url: str, tls: dict[str, object], name: str = "network") -> CollectionConfig:
    return CollectionConfig.model_validate(
        {"url": url, "name": name, "api_key": "key-of-qdrant", "tls": tls, "timeout": 20}
    )


async def write_and_search(url: str, tls: dict[str, object]) -> CollectionConfig:
    config = collection_config(url, tls, uuid4().hex)
    collection = full(build_collection(config))
    try:
        await collection.create(PLAIN)
        points = plain_points([1])
        await collection.upsert(points)
        hits = await collection.search(points.vectors[UNNAMED][0], using=UNNAMED, limit=1)
        assert [hit.id for hit in hits] == [1]
    finally:
        await collection.aclose()
    return config


async def fetch(url: str, tls: dict[str, object]) -> None:
    # Whoever names no private hosts may still have a proxy at a private address.
    limits = PicturesConfig(tls=TlsConfig.model_validate(tls)).limits
    fetcher = PictureFetcher(limits)
    try:
        assert (await fetcher.fetch(url)).width == 16
    finally:
        await fetcher.aclose()


CLIENTS: dict[str, tuple[Ask, str, str]] = {
    "embedder": (embed, ML, "/v1"),
    "collection": (write_and_search, QDRANT, ""),
    "pictures": (fetch, SHOP, "/1.png"),
}
each_client = pytest.mark.parametrize(("ask", "host", "path"), CLIENTS.values(), ids=CLIENTS.keys())


@each_client
async def test_all_go_through_the_proxy(
    proxy: ForwardProxy,
    certificate: Path,
    ask: Ask,
    host: str,
    path: str,
) -> None:
    """Its own tunnel and the private authority at the other end; the proxy sees no key."""
    await ask(f"https://{host}:8443{path}", {"ca": certificate})
    assert set(proxy.seen) == {f"CONNECT {host}:8443 HTTP/1.1"}
    assert "key-of" not in "".join(proxy.heads)


async def test_the_glance_takes_the_same_way(proxy: ForwardProxy, certificate: Path) -> None:
    config = await write_and_search(f"https://{QDRANT}:8443", {"ca": certificate})
    proxy.seen.clear()
    assert not await anyio.to_thread.run_sync(is_lost, config, config.name)
    assert await anyio.to_thread.run_sync(is_lost, config, "another")
    assert {line.rpartition(" ")[0] for line in proxy.seen} == {f"CONNECT {QDRANT}:8443"}
    assert "key-of" not in "".join(proxy.heads)
    # Not trusted: it can't tell, and does not ask without a certificate.
    assert not await anyio.to_thread.run_sync(
        is_lost, collection_config(f"https://{QDRANT}:8443", {}), "another"
    )


async def test_the_key_for_this_machine_goes_to_no_proxy(
    proxy: ForwardProxy, qdrant: QdrantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    await write_and_search(qdrant.url, {})
    assert await anyio.to_thread.run_sync(is_lost, collection_config(qdrant.url, {}), "another")
    assert proxy.seen == []


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        (b"<h1>Collection `x` doesn't exist</h1>", False),
        (b'{"error": "Collection `x` doesn\'t exist"}', False),
        (b'{"status": {"error": "Not found: Collection `x` doesn\'t exist!"}, "time": 0}', True),
    ],
)
async def test_only_qdrants_own_word_counts(gallery: Gallery, body: bytes, lost: bool) -> None:
    """A proxy's page that says 404 is no collection that is gone."""
    gallery.errors["/collections/x"] = (404, body)
    config = collection_config(gallery.url, {})
    assert await anyio.to_thread.run_sync(is_lost, config, "x") is lost
    collection = build_collection(config.model_copy(update={"name": "x"}))
    try:
        if lost:
            assert await collection.describe() is None
        else:
            with pytest.raises(Refused, match="not an answer from Qdrant"):
                await collection.describe()
    finally:
        await collection.aclose()


async def test_the_glance_takes_the_key_to_no_other_address(gallery: Gallery) -> None:
    gallery.answer("/collections/x", 302, Location=f"{gallery.url}/elsewhere")
    assert not await anyio.to_thread.run_sync(is_lost, collection_config(gallery.url, {}), "x")
    assert [path for _, path, _ in gallery.asked] == ["/collections/x"]


@each_client
async def test_a_certificate_that_is_not_trusted(
    fronts: dict[str, int],
    certificate: Path,
    ask: Ask,
    host: str,
    path: str,
) -> None:
    del certificate
    url = f"https://localhost:{fronts[host]}{path}"
    if ask is fetch:
        url = url.replace("localhost", "127.0.0.1")  # refused before anything is asked, unless allowed
        with pytest.raises(BadInput, match="not on the public internet"):
            await ask(url, {})
        return
    with pytest.raises(Refused, match="certificate that is not trusted") as caught:
        await ask(url, {})
    assert ".tls.ca" in str(caught.value)
    assert "Operation not permitted" not in str(caught.value)


@pytest.mark.parametrize("client", ["embedder", "collection"])
async def test_https_before_a_server_without_tls(client: str, gallery: Gallery) -> None:
    ask, _, path = CLIENTS[client]
    with pytest.raises(Refused, match=r"does not speak TLS.*http://") as caught:
        await ask(gallery.url.replace("http:", "https:") + path, {})
    assert "Operation not permitted" not in str(caught.value)


@each_client
@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [(407, Refused, "user and password"), (403, Refused, "403"), (502, Unreachable, "502")],
)
async def test_a_proxy_that_lets_nobody_through(
    proxy: ForwardProxy,
    ask: Ask,
    host: str,
    path: str,
    status: int,
    kind: type[Fault],
    said: str,
) -> None:
    proxy.status = status
    with pytest.raises(Transient if ask is fetch else kind) as caught:
        await ask(f"https://{host}:8443{path}", {})
    assert "proxy" in str(caught.value)
    if ask is not fetch:
        assert said in str(caught.value)
        assert f"HTTPS_PROXY (127.0.0.1:{proxy.port})" in str(caught.value)


async def test_a_proxy_that_is_not_there(proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@127.0.0.1:9")
    with pytest.raises(Unreachable, match=r"proxy.*HTTPS_PROXY \(127\.0\.0\.1:9\)") as caught:
        await embed(f"https://{ML}/v1", {})
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(Refused, match="HTTPS_PROXY"):
        await embed(f"https://{ML}/v1", {})
    assert proxy.seen == []


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "localhost"])
async def test_a_proxy_is_no_way_to_private_pictures(proxy: ForwardProxy, host: str) -> None:
    with pytest.raises(BadInput, match="not on the public internet"):
        await fetch(f"https://{host}/1.png", {})
    assert proxy.seen == []
