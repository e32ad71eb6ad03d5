"""Pictures that we fetch ourselves, for services that can't: every remote backend, through one piece."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from embedconsole.embedders.pictures import data_address
from embedconsole.faults import Throttled, Transient
from embedconsole.items import EmbedInput
from embedconsole.pictures.decode import inspected
from embedders.backends import ITEMS, OPENAI, REPLICATE, SINGLE, SIZE, Backend
from support.embedding_service import Behaviour, expected_vector
from support.gallery import Gallery, picture

if TYPE_CHECKING:
    from pathlib import Path

    from embedders.conftest import Make
    from support.embedding_service import EmbeddingService

pytestmark = pytest.mark.anyio

BY_HAND = {"send": "bytes", "allow_private": ["127.0.0.1"], "timeout": 30}
RED = data_address(inspected(picture("red"), 1000))


@pytest.fixture(
    params=[
        ITEMS,
        SINGLE,
        REPLICATE,
        replace(OPENAI, images=True, settings={**OPENAI.settings, "images": "modality"}),
    ],
    ids=lambda backend: str(backend.name),
)
def sending(request: pytest.FixtureRequest) -> Backend:
    """Those that pictures can be sent to."""
    assert isinstance(request.param, Backend)
    return request.param


async def test_services_get_the_picture_itself(
    make: Make, sending: Backend, gallery: Gallery, tmp_path: Path
) -> None:
    (tmp_path / "red.png").write_bytes(picture("red"))
    sent = [
        EmbedInput(0, "no picture", None, {"name": "no picture"}),
        EmbedInput(1, None, gallery.put("/red.png", picture("red")), {"name": "remote"}),
        EmbedInput(2, None, "red.png", {"name": "local"}),
        EmbedInput(3, None, RED, {"name": "inline"}),
    ]
    result = await make(sending, pictures={**BY_HAND, "folder": tmp_path}).embed(sent)
    assert result.rejected == {}
    for vector, entry in zip(result.vectors, sent, strict=True):
        known = replace(entry, image=RED if entry.image else None)
        np.testing.assert_array_equal(vector, expected_vector(sending.sent(known), SIZE))


async def test_a_picture_that_is_missing_is_its_items_fault_and_nothing_is_sent_for_it(
    make: Make, sending: Backend, gallery: Gallery, embedding_service: EmbeddingService
) -> None:
    good = gallery.put("/red.png", picture("red"))
    images = [
        gallery.url + "/nothing.png",
        good,
        gallery.answer("/busy.png", 503),
        "http://10.0.0.1/1.png",
        gallery.put("/page.png", b"<html>"),
        good,
    ]
    sent = [EmbedInput(at, None, image, {"name": f"{at}"}) for at, image in enumerate(images)]
    result = await make(sending, pictures=BY_HAND).embed(sent)
    assert list(result.rejected) == [0, 2, 3, 4]
    assert result.postponed == {2}
    assert embedding_service.stats().items == 2
    assert sum(path == "/red.png" for _, path, _ in gallery.asked) == 1, "fetched once for both"
    for at in (1, 5):
        right = expected_vector(sending.sent(replace(sent[at], image=RED)), SIZE)
        np.testing.assert_array_equal(result.vectors[at], right)
    assert not result.vectors[[0, 2, 3, 4]].any()


async def test_without_a_single_picture_the_service_is_not_asked(
    make: Make, sending: Backend, embedding_service: EmbeddingService
) -> None:
    result = await make(sending, pictures=BY_HAND).embed([EmbedInput(0, None, "1.png")])
    assert "set pictures.folder" in result.rejected[0]
    assert (result.requests, embedding_service.stats().requests) == (0, 0)


async def test_what_the_service_says_of_an_item_finds_its_item(
    make: Make, gallery: Gallery, embedding_service: EmbeddingService
) -> None:
    embedding_service.behave(Behaviour("null", mark="three"))
    good = gallery.put("/red.png")
    sent = [
        EmbedInput(0, "t", gallery.url + "/nothing.png", {"name": "zero"}),
        EmbedInput(1, "t", good, {"name": "one"}),
        EmbedInput(2, "t", None, {"name": "two"}),
        EmbedInput(3, "t", good, {"name": "three"}),
    ]
    result = await make(ITEMS, pictures=BY_HAND).embed(sent)
    assert sorted(result.rejected) == [0, 3]
    assert "null" in result.rejected[3]


async def test_faults_of_the_service_stay_its_own(
    make: Make, sending: Backend, embedding_service: EmbeddingService
) -> None:
    embedding_service.behave(Behaviour("status", status=429, headers={"Retry-After": "7"}))
    with pytest.raises(Throttled) as caught:
        await make(sending, pictures=BY_HAND).embed([EmbedInput(0, None, RED, {"name": "n"})])
    assert caught.value.retry_after == 7


async def test_pictures_that_were_answered_before_a_failure_are_not_sent_again(
    make: Make, gallery: Gallery, embedding_service: EmbeddingService
) -> None:
    data = [picture(f"rgb({number}, 0, 0)", size=(40, 40), kind="BMP") for number in range(6)]
    sent = [EmbedInput(at, None, gallery.put(f"/{at}.bmp", one), {}) for at, one in enumerate(data)]
    embedding_service.behave(Behaviour("status", status=500, after=3, times=1))
    embedder = make(SINGLE, pictures=BY_HAND, concurrency=1)
    with pytest.raises(Transient):
        await embedder.embed(sent)
    result = await embedder.embed(sent)
    assert embedding_service.stats().items == 6
    for vector, entry, one in zip(result.vectors, sent, data, strict=True):
        known = replace(entry, image=data_address(inspected(one, 10_000)))
        np.testing.assert_array_equal(vector, expected_vector(SINGLE.sent(known), SIZE))
