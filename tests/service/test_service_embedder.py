"""The embedder that is served: which, how many at a time, ready before the port is open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from embedconsole.config.sections.embedders.http import HttpConfig
from embedconsole.config.service_settings import ServiceSettings
from embedconsole.faults import BadInput, Refused
from embedconsole.service.embedder import ServedEmbedder, open_embedder, warm_up
from service.stage import CONFIG, SIZE, Scripted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.items import EmbedInput

pytestmark = pytest.mark.anyio


async def test_its_names_and_its_concurrency() -> None:
    tree = {
        "embedders": {"words": {"type": "hashing", "model": "clip-like", "concurrency": 3}},
        "service": {"concurrency": 5},
    }
    served = open_embedder(ServiceSettings.model_validate(tree))
    assert served.models == ("words", "clip-like")
    assert served.embedder.concurrency == 5
    usual = open_embedder(ServiceSettings.model_validate({**tree, "service": {}}))
    assert usual.embedder.concurrency == 3


async def test_a_local_one_is_tried_before_the_port_is_open() -> None:
    def missing(_: Sequence[EmbedInput]) -> None:
        raise Refused("model", "is not there")

    def pictures_only(_: Sequence[EmbedInput]) -> None:
        raise BadInput("model", "takes no text")

    served = ServedEmbedder(CONFIG, Scripted())
    await warm_up(served)
    assert served.dimensions == SIZE
    with pytest.raises(Refused, match="is not there"):
        await warm_up(replace(served, embedder=Scripted(before=missing)))
    await warm_up(replace(served, embedder=Scripted(before=pictures_only)))


async def test_one_behind_a_network_is_not_asked_for_what_nobody_needs() -> None:
    embedder = Scripted()
    await warm_up(ServedEmbedder(HttpConfig(type="http", url="http://ml/embed"), embedder))
    assert embedder.batches == []
