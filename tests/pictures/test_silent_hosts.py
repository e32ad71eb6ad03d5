"""A host that does not answer holds nobody up for long."""

from __future__ import annotations

import pytest

from embedconsole.faults import BadInput, Transient
from embedconsole.pictures.fetch import PictureFetcher
from embedconsole.pictures.policy import PictureLimits
from embedconsole.pictures.silent_hosts import SilentHosts
from support.gallery import Gallery, Names


def test_three_silences_in_a_row_are_enough_and_after_a_rest_one() -> None:
    now = 100.0
    hosts = SilentHosts(now=lambda: now)
    for _ in range(2):
        hosts.silent("away.example")
        hosts.check("away.example")
    hosts.silent("away.example")
    with pytest.raises(Transient, match=r"away\.example did not answer lately"):
        hosts.check("away.example")
    hosts.check("shop.example")
    now += 31
    hosts.check("away.example")
    hosts.silent("away.example")
    with pytest.raises(Transient):
        hosts.check("away.example")
    now += 31
    hosts.answered("away.example")
    hosts.silent("away.example")
    hosts.check("away.example")


@pytest.mark.anyio
async def test_a_silent_host_is_not_asked_for_every_picture(gallery: Gallery) -> None:
    limits = PictureLimits(allow_private=True)
    names = Names(away_example=[["127.0.0.1"]], shop_example=[["127.0.0.1"]])
    fetcher = PictureFetcher(limits, lookup=names)
    closed = "http://away.example:9"
    for number in range(6):
        with pytest.raises(Transient):
            await fetcher.fetch(f"{closed}/{number}.png")
        # An answer is an answer, whatever it says.
        with pytest.raises(BadInput, match="404"):
            await fetcher.fetch(f"http://shop.example:{gallery.port}/{number}.png")
    with pytest.raises(Transient, match="did not answer lately"):
        await fetcher.fetch(f"{closed}/7.png")
    assert len(gallery.asked) == 6
    await fetcher.aclose()
