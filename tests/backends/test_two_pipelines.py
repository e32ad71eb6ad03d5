"""Products by a service of one's own, pictures by Replicate: one configuration, two collections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from backends.line import run
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.settings import Settings
from embedconsole.ledger.ledger import open_ledger
from embedconsole.sync.observe.run_history import past_runs
from embedconsole.sync.shared.report import Outcome
from embedders.backends import ITEMS, REPLICATE, SIZE
from support.embedding_service import Behaviour, EmbeddingService, expected_vector
from support.installation import Points
from support.shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.config.pipeline import Pipeline
    from support.databases import Database
    from support.installation import Json
    from support.qdrant_server import QdrantServer

pytestmark = pytest.mark.anyio

PICTURES = """\
SELECT i.id, i.product_id, i.url, i.position, p.title, p.price
FROM product_images i JOIN products p ON p.id = i.product_id WHERE p.deleted_at IS NULL"""


def both(shop: Shop, service: EmbeddingService, qdrant: QdrantServer, collection: str) -> list[Pipeline]:
    url = shop.database.url
    tree: Json = {
        "embedders": {
            "ml": ITEMS.config(service, price_per_1000=0.5),
            "clip": REPLICATE.config(service, normalize=True),
        },
        "pipelines": {
            "products": {
                "catalog": {"url": url, "table": "products"},
                "embed": {"embedder": "ml", "text": "{title}", "fields": {"name": "title"}},
                "collection": {"url": qdrant.url, "name": collection, "payload": {"title": "title"}},
            },
            "pictures": {
                "catalog": {"url": url, "query": PICTURES, "product": "product_id"},
                "embed": {"embedder": "clip", "image": "{url}"},
                "collection": {"url": qdrant.url, "name": f"{collection}-pictures", "distance": "dot"},
            },
        },
        "retry": {"call_delay": 0.01},
    }
    return resolve_pipelines(Settings.model_validate(tree))


async def test_products_and_pictures(
    sqlite: Database,
    embedding_service: EmbeddingService,
    qdrant: QdrantServer,
    collection_name: str,
    tmp_path: Path,
) -> None:
    shop = Shop(sqlite)
    shop.create()
    shop.add(range(1, 6))
    sqlite.run(
        "CREATE TABLE product_images (id integer PRIMARY KEY, product_id integer, url text, position int)",
        "INSERT INTO product_images SELECT id, id, image_url, 1 FROM products",
        "INSERT INTO product_images SELECT id + 100, id, 'https://x/back/' || id || '.jpg', 2 FROM products",
    )
    pipelines = both(shop, embedding_service, qdrant, collection_name)
    broken: dict[str, object] = {"status": "failed", "output": None, "error": "HTTP Error 404: Not Found"}
    embedding_service.behave(Behaviour("prediction", mark="back/3.jpg", prediction=broken))

    first = await run(pipelines, tmp_path)

    products, pictures = first.pipelines["products"], first.pipelines["pictures"]
    assert (products.outcome, products.embedded, products.embed_requests) == (Outcome.OK, 5, 1)
    assert (pictures.outcome, pictures.embedded, pictures.failed) == (Outcome.PARTIAL, 9, 1)
    assert products.cost == pytest.approx(0.0025)
    assert pictures.cost is None
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        assert past_runs(ledger)[0].cost == products.cost
    found = Points(qdrant.url, f"{collection_name}-pictures")
    assert found.ids() == {1, 2, 3, 4, 5, 101, 102, 104, 105}
    assert found.payload(104)["title"] == "Product number 4"
    right = expected_vector({"image": "https://x/back/4.jpg"}, SIZE)
    np.testing.assert_allclose(found.vectors()[104], right / np.linalg.norm(right), rtol=1e-5)

    # A price in the one table is a payload in the other collection: nothing is embedded, by nobody.
    embedding_service.reset()
    shop.edit([4], price="1.00")
    second = await run(pipelines, tmp_path)
    assert second.pipelines["pictures"].payload_updated == 2
    assert embedding_service.stats().requests == 0
