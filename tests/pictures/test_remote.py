"""Pictures behind an address: what is fetched, what is refused, and what is worth another try."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING

import anyio
import pytest

from embedconsole.faults import BadInput, Transient
from embedconsole.pictures.fetch import PictureFetcher
from embedconsole.pictures.policy import PictureLimits
from embedconsole.pictures.remote import CheckedResolver, _unpacked
from support.gallery import Gallery, Names, picture, pixel_bomb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from embedconsole.faults import Fault

    Fetch = Callable[..., PictureFetcher]

pytestmark = pytest.mark.anyio

HERE = PictureLimits(allow_private=("127.0.0.1",), max_bytes=200_000, timeout=30)


@pytest.fixture
async def make() -> AsyncIterator[Fetch]:
    """`make(limits, names)`; closed at the end."""
    made = []

    def make_one(limits: PictureLimits = HERE, names: Names | None = None) -> PictureFetcher:
        made.append(PictureFetcher(limits, lookup=names))
        return made[-1]

    yield make_one
    for fetcher in made:
        await fetcher.aclose()


async def fails(fetcher: PictureFetcher, reference: str, kind: type[Fault]) -> str:
    with anyio.fail_after(20), pytest.raises(kind) as caught:
        await fetcher.fetch(reference)
    assert "\n" not in str(caught.value)
    return caught.value.message


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
async def test_a_picture(make: Fetch, gallery: Gallery, kind: str) -> None:
    data = picture(kind=kind)
    found = await make().fetch(gallery.put("/a b.jpg", data))
    assert (found.data, found.media_type, found.width, found.height) == (
        data,
        f"image/{kind.lower()}",
        16,
        12,
    )


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "１２７.0.0.1", "localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_private_hosts_are_not_asked(make: Fetch, gallery: Gallery, host: str) -> None:
    gallery.put("/1.png")
    url = f"http://{host}:{gallery.port}/1.png"
    assert "not on the public internet" in await fails(make(PictureLimits()), url, BadInput)
    assert gallery.asked == []


async def test_the_checked_address_is_the_one_that_is_asked(make: Fetch, gallery: Gallery) -> None:
    """A name that answers otherwise a moment later is not looked up again; the server sees the name."""
    gallery.put("/1.png")
    names = Names(shop_example=[["127.0.0.1"], ["10.0.0.1"]])
    fetcher = make(names=names)
    await fetcher.fetch(f"http://shop.example:{gallery.port}/1.png")
    assert names.asked == ["shop.example"]
    assert gallery.asked == [("GET", "/1.png", f"shop.example:{gallery.port}")]


async def test_an_encrypted_host_is_asked_under_its_name(make: Fetch) -> None:
    """The checked address is connected to, and the certificate has to be the name's."""
    said = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.append(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        fetcher = make(names=Names(shop_example=[["127.0.0.1"]]))
        assert "can't be fetched" in await fails(fetcher, f"https://shop.example:{port}/1.png", Transient)
    assert b"shop.example" in said[0], "the greeting of TLS has the name in it"


async def test_a_name_that_turns_private_is_refused_then(make: Fetch, gallery: Gallery) -> None:
    gallery.put("/1.png")
    names = Names(shop_example=[["127.0.0.1"], ["127.0.0.2"]])
    url = f"http://shop.example:{gallery.port}/1.png"
    await make(names=names).fetch(url)
    assert "shop.example, which is not on the public" in await fails(make(names=names), url, BadInput)


async def test_of_several_addresses_only_the_allowed_are_tried(make: Fetch, gallery: Gallery) -> None:
    gallery.put("/1.png")
    names = Names(shop_example=[["10.0.0.1", "127.0.0.1", "fd00::1"]])
    await make(names=names).fetch(f"http://shop.example:{gallery.port}/1.png")
    found = await CheckedResolver(HERE, names).resolve("shop.example", 80)
    assert [entry["host"] for entry in found] == ["127.0.0.1"]


async def test_redirects_are_followed(make: Fetch, gallery: Gallery) -> None:
    gallery.put("/2.png")
    url = gallery.answer("/1.png", 302, Location="2.png")
    assert (await make().fetch(url)).width == 16


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://127.0.0.2:{port}/2.png", "127.0.0.2, which is not on the public internet"),
        ("http://inside.example:{port}/2.png", "inside.example, which is not on the public internet"),
        ("http://0x7f000001:{port}/2.png", "no name and no address"),
        ("file:///etc/passwd", "not http or https"),
        ("data:image/png;base64,AAAA", "not http or https"),
        ("", "more than 5 redirects"),
        ("/1.png", "more than 5 redirects"),
    ],
)
async def test_redirects_are_checked(make: Fetch, gallery: Gallery, target: str, reason: str) -> None:
    gallery.put("/2.png")
    url = gallery.answer("/1.png", 301, Location=target.format(port=gallery.port))
    names = Names(inside_example=[["127.0.0.2"]])
    assert reason in await fails(make(names=names), url, BadInput)
    assert {path for _, path, _ in gallery.asked} == {"/1.png"}
    assert len(gallery.asked) <= 6


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (404, BadInput, "is not there"),
        (410, BadInput, "is not there"),
        (401, BadInput, "may not be fetched"),
        (403, BadInput, "may not be fetched"),
        (400, BadInput, "was not given out"),
        (429, Transient, "was not given out"),
        (408, Transient, "was not given out"),
        (500, Transient, "was not given out"),
        (503, Transient, "was not given out"),
    ],
)
async def test_statuses(make: Fetch, gallery: Gallery, status: int, kind: type[Fault], reason: str) -> None:
    message = await fails(make(), gallery.answer("/1.png", status), kind)
    assert message.startswith("its picture " + reason)
    assert f"127.0.0.1 answered {status}" in message


@pytest.mark.parametrize(
    ("path", "kind", "reason"),
    [
        ("/endless", BadInput, "larger than 0.2 MB"),
        ("/gzip-bomb", BadInput, "larger than 0.2 MB"),
        ("/broken-gzip", BadInput, "broken compression"),
        ("/brotli", BadInput, "compression that we did not ask for"),
        ("/cut", Transient, "can't be fetched from 127.0.0.1 now"),
    ],
)
async def test_bodies(make: Fetch, gallery: Gallery, path: str, kind: type[Fault], reason: str) -> None:
    assert reason in await fails(make(), gallery.url + path, kind)


def test_a_bomb_is_unpacked_no_further_than_allowed() -> None:
    assert len(_unpacked(gzip.compress(bytes(10_000_000)), "gzip", 1000)) == 1000


async def test_what_comes_compressed_all_the_same_is_read(make: Fetch, gallery: Gallery) -> None:
    assert (await make().fetch(gallery.url + "/gzipped")).data == picture()


async def test_a_body_that_trickles_ends_with_the_time(make: Fetch, gallery: Gallery) -> None:
    limits = PictureLimits(allow_private=True, timeout=0.3)
    assert "did not arrive" in await fails(make(limits), gallery.url + "/slow", Transient)


async def test_waiting_for_a_turn_is_nobodys_time(make: Fetch, gallery: Gallery) -> None:
    fetcher = PictureFetcher(PictureLimits(allow_private=True, timeout=0.3), at_once=1)
    url = gallery.put("/1.png")
    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(fails, fetcher, gallery.url + "/slow", Transient)
        await anyio.wait_all_tasks_blocked()
        assert (await fetcher.fetch(url)).width == 16
    await fetcher.aclose()


@pytest.mark.parametrize("url", ["http://nobody.example/1.png", "http://127.0.0.1:9/1.png"])
async def test_a_host_that_does_not_answer_may_another_time(make: Fetch, url: str) -> None:
    assert "now:" in await fails(make(names=Names()), url, Transient)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"  <!DOCTYPE html><title>Sign in</title>", "web page"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b'<?xml version="1.0"?>\n<svg/>', "SVG"),
        (b"%PDF-1.7", "can't be read"),
        (picture()[:20], "can't be read"),
        (pixel_bomb(8_000, 8_000), "more than 50,000,000 pixels"),
        (pixel_bomb(20_000, 5_000), "more than 50,000,000 pixels"),
        (pixel_bomb(60_000, 60_000), "more than 50,000,000 pixels"),
    ],
    ids=["empty", "page", "svg", "xml", "pdf", "cut", "many", "large", "bomb"],
)
async def test_what_is_no_picture(make: Fetch, gallery: Gallery, data: bytes, reason: str) -> None:
    assert reason in await fails(make(), gallery.put("/1.png", data), BadInput)


async def test_etags(make: Fetch, gallery: Gallery) -> None:
    fetcher = make()
    tagged = gallery.answer("/tagged.png", 200, ETag='"v1"', Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT")
    dated = gallery.answer("/dated.png", 200, Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT")
    moved = gallery.answer("/moved.png", 307, Location="/tagged.png")
    no_head = gallery.answer("/no-head.png", 405, ETag='"v2"')
    assert await fetcher.etag(tagged) == '"v1"'
    assert await fetcher.etag(moved) == '"v1"'
    assert await fetcher.etag(dated) == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert await fetcher.etag(no_head) == '"v2"'
    assert await fetcher.etag(gallery.put("/untagged.png")) is None
    assert {method for method, path, _ in gallery.asked if path == "/tagged.png"} == {"HEAD"}
    with pytest.raises(BadInput, match="is not there"):
        await fetcher.etag(gallery.url + "/nothing.png")
    with pytest.raises(Transient):
        await fetcher.etag(gallery.answer("/broken.png", 502))
    with pytest.raises(BadInput, match="not on the public internet"):
        await make(PictureLimits()).etag(tagged)
    with anyio.fail_after(20):
        assert await fetcher.etag(gallery.url + "/endless") is None
