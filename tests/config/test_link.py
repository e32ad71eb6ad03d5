"""The page of an item in the hits of a search: its template names fields of the payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from config.reading import said

if TYPE_CHECKING:
    from config.reading import Load


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("https://shop.example/p/{product_id}", None),
        ("https://shop.example/{metadata.color}?k={_embedconsole.key}", None),
        (
            "https://shop.example/{sku}",
            "names a field that the payload does not have; it has product_id",
        ),
        ("https://shop.example/{product_id:>8}", "write fields of the payload as {product_id}, nothing else"),
        ("https://shop.example/{product_id!r}", "write fields of the payload as {product_id}, nothing else"),
        ("https://shop.example/{product_id", "has a brace without its partner"),
    ],
)
def test_the_link_of_hits(base: str, loaded: Load, link: str, message: str | None) -> None:
    payload = "payload: {product_id: sku, metadata: {color: color}}"
    text = base.replace("name: products}", f'name: products, {payload}, link: "{link}"}}')
    if message is None:
        assert loaded(text).settings.pipelines["products"].collection.link == link
    else:
        (line,) = said(loaded, text)
        assert line.startswith(f"c.yaml:7: pipelines.products.collection.link: {message}")
