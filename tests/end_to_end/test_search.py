"""`search` as an operator types it: filters, groups and pictures, on a server and on the demo's engine."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.fixtures_shop import Stage

_PNG = b"\x89PNG\r\n\x1a\n" + b"no more than a beginning"


def test_filters_groups_and_pictures_on_a_server(sqlite_stage: Stage) -> None:
    stage, search = sqlite_stage, sqlite_stage.installation.run
    collection = stage.pipeline["collection"]
    collection["payload"] |= {"category": "category"}
    collection["link"] = "https://shop.example.com/p/{product_id}?c={category}"
    collection["indexes"] |= {"category": "keyword"}
    stage.shop.add(range(1, 13))
    stage.shop.edit([5, 6], color="blue", title="A mug & more")
    assert stage.installation.sync().code == 0

    filters = ("--where", "price<15 and in_stock=true", "--where", "metadata.color is not null")
    cheap = search("search", "Product number 3", *filters, "--json")
    assert cheap.code == 0, cheap.err
    assert {hit["key"] for hit in cheap.json["hits"]} == {"1", "2", "3", "5"}
    assert all(hit["payload"]["price"] < 15 for hit in cheap.json["hits"])
    head = {name: value for name, value in cheap.json.items() if name not in ("hits", "seconds")}
    assert head == {
        "pipeline": "products",
        "query": {"text": "Product number 3"},
        "vector": "",
        "where": ["price<15", "in_stock=true", "metadata.color is not null"],
        "group_by": None,
    }
    assert cheap.json["seconds"] > 0

    blue = search("search", "mug", "--where", "metadata.color=blue", "--group-by", "category", "--json").json
    assert {(hit["group"], hit["title"]) for hit in blue["hits"]} == {
        ("Lamps", "A mug & more"),
        ("Shoes", "A mug & more"),
    }
    assert {hit["link"] for hit in blue["hits"]} == {
        "https://shop.example.com/p/SKU-00005?c=Lamps",
        "https://shop.example.com/p/SKU-00006?c=Shoes",
    }
    like = search("search", "--similar-to", "1", "--group-by", "category", "--where", "price<12")
    (line,) = like.out.splitlines()
    assert line.endswith(
        "2  Product number 2  (category Lamps  price 11.95  product_id SKU-00002  in_stock True)"
    )

    picture = stage.installation.folder / "shoe.png"
    picture.write_bytes(_PNG)
    by_picture = search("search", "--image", str(picture), "--limit", "1", "--json")
    assert by_picture.code == 0, by_picture.err
    assert by_picture.json["query"] == {"image": str(picture)}
    sent = stage.service.stats().bodies[-1]
    assert sent == {
        "items": [
            {
                "product_id": 0,
                "name": "",
                "description": "",
                "image_url": f"data:image/png;base64,{base64.b64encode(_PNG).decode()}",
            }
        ]
    }


def test_what_is_refused_and_what_is_not_found(sqlite_stage: Stage) -> None:
    stage, search = sqlite_stage, sqlite_stage.installation.run
    stage.shop.add([1, 2])
    assert stage.installation.sync().code == 0
    asked_before = stage.service.stats().requests

    unread = search("search", "mug", "--where", "price<<5")
    assert (unread.code, unread.out) == (2, "")
    assert "can't be read at '<5': expected a value. Understood: price<50" in unread.err
    missing = search("search", "--image", "no-such-picture.png")
    assert (missing.code, missing.out) == (2, "")
    assert "no-such-picture.png' can't be read: No such file" in missing.err
    two = search("search", "mug", "--image", "https://shop.example/1.jpg")
    assert two.code == 2
    assert "give one of a text" in two.err
    del stage.pipeline["embed"]["image"]
    no_images = search("search", "--image", "https://shop.example/1.jpg")
    assert no_images.code == 2
    assert "pipeline products takes no images" in no_images.err
    assert stage.service.stats().requests == asked_before

    nothing = search("search", "mug", "--where", "price>1000")
    assert (nothing.code, nothing.out) == (0, "")
    assert "No hits where price>1000" in nothing.err
    assert "no payload field" not in nothing.err
    unknown = search("search", "mug", "--where", "prize<10 and metadata.color is not null", "--json")
    assert (unknown.code, unknown.json["hits"]) == (0, [])
    assert "There is no payload field prize in this collection; fields are product_id, title" in unknown.err
    assert "field metadata.color" not in unknown.err
    one_of_two = search("search", "mug", "--where", "product_id in (SKU-00001, SKU-9)")
    assert (one_of_two.code, len(one_of_two.out.splitlines())) == (0, 1)
    assert one_of_two.err.strip() == "No item has product_id=SKU-9."
    no_number = search("search", "mug", "--where", "price=cheap")
    assert no_number.code == 2
    assert "price has a float index, and 'cheap' is not a number" in no_number.err
    no_item = search("search", "--similar-to", "99")
    assert (no_item.code, no_item.out) == (2, "")
    assert "99" in no_item.err
    no_group = search("search", "mug", "--group-by", "brand")
    assert no_group.code == 2
    assert (
        "no hit has a text or a whole number in brand to group by; the nearest one has product_id, title"
        in (no_group.err)
    )


def test_the_demo_finds_one_product_a_category(sqlite_stage: Stage) -> None:
    installation = sqlite_stage.installation
    demo = ("demo", "--dir", str(installation.folder / "demo"))
    installation.bare(*demo, "--products", "300", "--headless", "--once")

    found = installation.bare(
        *demo, "search", "red running shoes", "--where", "price<50", "--group-by", "category"
    )

    assert found.code == 0, found.err
    lines = found.out.splitlines()
    assert 3 < len(lines) <= 10
    categories = [line.partition("(category ")[2].partition("  ")[0] for line in lines]
    assert len(set(categories)) == len(lines)
    assert "" not in categories
    prices = [float(line.partition("  price ")[2].split()[0]) for line in lines]
    assert max(prices) < 50
    hits = json.loads(
        installation.bare(
            *demo, "search", "shoes", "--where", "in_stock!=true", "--where", "title~red", "--json"
        ).out
    )["hits"]
    assert hits
    assert all(hit["payload"]["in_stock"] is False for hit in hits)
    assert all("red" in hit["title"] for hit in hits)
    assert hits[0]["link"].startswith("https://images.example.com/")


def test_a_picture_is_searched_where_pictures_are(sqlite_stage: Stage) -> None:
    """With products by text and their pictures in two pipelines, a picture finds pictures, one a product."""
    stage, search = sqlite_stage, sqlite_stage.installation.run
    settings = stage.installation.settings
    stage.shop.add(range(1, 6))
    settings["embedders"]["clip"] = {"type": "hashing", "size": 64}
    collection = stage.pipeline["collection"]
    settings["pipelines"]["pictures"] = {
        "catalog": {
            "url": stage.pipeline["catalog"]["url"],
            "query": "SELECT id * 10 + n AS id, sku, title, image_url || '?n=' || n AS image_url, updated_at"
            " FROM products, (SELECT 1 AS n UNION SELECT 2) AS pictures WHERE deleted_at IS NULL",
            "key": "id",
        },
        "embed": {"embedder": "clip", "image": "{image_url}"},
        "collection": {
            "url": collection["url"],
            "name": f"{collection['name']}-pictures",
            "payload": {"product_id": "sku", "title": "title", "image_url": "image_url"},
            "indexes": {"product_id": "keyword"},
        },
    }
    del stage.pipeline["embed"]["image"]
    synced = stage.installation.sync()
    assert synced.code == 0, synced.err
    picture = "https://shop.example/images/3.jpg?n=2"

    alone = search("search", "--image", picture, "--limit", "3", "--json").json
    assert alone["pipeline"] == "pictures"
    assert alone["hits"][0]["key"] == "32"
    grouped = search("search", "--image", picture, "--group-by", "product_id", "--json").json["hits"]
    assert grouped[0]["group"] == "SKU-00003"
    assert sorted(hit["group"] for hit in grouped) == [f"SKU-{number:05}" for number in range(1, 6)]
    assert grouped[0]["link"] == picture
